#!/usr/bin/env python3
"""Time where it hurts: rules on a server whose clock the test sets, to the microsecond.

run.py --clock FILE [--seed N] [--instants N]: connects as libpq's environment says to a server that takes its clock from FILE. First
the named cases of cases.py and of docs/language.md, then random instants, zones and date tests with events at their edges, for which PostgreSQL running
to_sql is the judge; last, that no answer changes before explain says so. Exit status 1 where anything failed."""
import argparse
import os
import subprocess
import sys
import time

import docs
from cases import CASES, Edge, Horizon
from session import Session, instant, literal, verdict
from sweep import sweep

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = {"instant": "instants", "local": "locals", "day": "days"}
SOURCE = {"instant": "instants", "local": "locals", "day": "day_rows"}


def place(session, kind, rows):
    """Makes customers with these rows; the first is the customer's own value too."""
    session.must("DELETE FROM instants; DELETE FROM locals; DELETE FROM days; DELETE FROM customers")
    values = [(customer, value) for customer, given in rows.items() for value in given]
    session.must(f"INSERT INTO customers (id, {kind}) VALUES " + ", ".join(f"({c}, {literal(given[0])})" for c, given in rows.items()))
    session.must(f"INSERT INTO {TABLE[kind]} (customer_id, at) VALUES " + ", ".join(f"({c}, {literal(v)})" for c, v in values))


def spellings(case):
    """Yields every rule of a case with its members."""
    if not isinstance(case, Edge):
        yield from case.tests.items()
        return
    for test, members in case.tests.items():
        source = SOURCE[case.kind]
        yield f"{case.kind} {test}", members
        yield f"{source} MATCHES (date {test})", members
        yield f"last({source}.at) {test}", members
        yield f"count({source} MATCHES (at {test})) = 0", sorted(set(range(1, len(case.values) + 1)) - set(members))


def run_case(session, case, failures):
    """Returns how many checks there were."""
    session.set_zone(case.zone)
    session.set_clock(instant(case.now))
    if isinstance(case, Horizon):
        place(session, case.kind, {1: case.rows})
        for rule, expected in case.tests.items():
            found = session.must(f"SELECT coalesce(to_char(changes_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), 'never') "
                                 f"FROM segmentation.explain({literal(rule)}::segmentation.rule, 1) WHERE depth = 0")
            wanted = instant(expected).strftime("%Y-%m-%d %H:%M:%S.%f") if expected else "never"
            if found != [wanted]:
                failures.append((case.name, rule, f"changes {found}, not at {wanted}"))
        return len(case.tests)
    place(session, case.kind, {i + 1: [v] for i, v in enumerate(case.values)} if isinstance(case, Edge) else case.rows)
    rules = list(spellings(case))
    for (rule, expected), answer in zip(rules, session.judge([rule for rule, _ in rules])):
        members, difference = verdict(answer)
        if difference is None and members != expected:
            difference = f"members {members}, not {expected}"
        if difference is not None:
            failures.append((case.name, rule, difference))
    return len(rules)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clock", required=True)
    arguments.add_argument("--seed", type=int, default=int(os.environ.get("SEED", time.time_ns() % 1_000_000_000)))
    arguments.add_argument("--instants", type=int, default=80, help="random instants")
    a = arguments.parse_args()
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-c", "DROP DATABASE IF EXISTS time", "-c", "CREATE DATABASE time"], check=True)
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", "time", "-f", HERE + "/shop.sql"], check=True, stdout=subprocess.DEVNULL)
    session = Session(a.clock, "time")
    passed = failed = 0
    began = time.monotonic()
    for case in CASES + docs.cases():
        failures = []
        try:
            checks = run_case(session, case, failures)
        except RuntimeError as error:
            failures.append((case.name, "", str(error)))
            checks = 1
        print(("not ok: " if failures else "ok: ") + f"{case.name} ({checks})")
        for _, rule, difference in failures:
            print(f"    {rule}\n      {difference}")
        passed, failed = passed + checks - len(failures), failed + len(failures)
    print(f"named cases: {passed + failed} checks, {time.monotonic() - began:.1f} s", flush=True)
    began = time.monotonic()
    print(f"random times: seed {a.seed}, {a.instants} instants", flush=True)
    checks, failures = sweep(session, a.seed, a.instants)
    for where, rule, difference in failures:
        print(f"not ok: {where}\n    {rule}\n      {difference}")
    print(f"random times: {checks} checks, {time.monotonic() - began:.1f} s")
    session.close()
    passed, failed = passed + checks - len(failures), failed + len(failures)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
