#!/usr/bin/env python3
"""Two paths, one meaning: random shops, data and rules; the evaluator against to_sql run by PostgreSQL.

run.py [--seed N] [--shops N] [--rules N]: connects as libpq's environment says, makes databases random_<n>, prints the seed, and
shrinks a rule on which the paths differ. Exit status 1 when any did. To see one again: the same seed, shops and rules."""
import argparse
import os
import random
import subprocess
import sys
import time

from rules import Rules
from shop import WORDS, Shop, literal

HERE = os.path.dirname(os.path.abspath(__file__))


def psql(database, text, check=True):
    p = subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", database], input=text, text=True, capture_output=True,
                       env=dict(os.environ, PGOPTIONS="-c client_min_messages=error"))
    if check and p.returncode:
        raise RuntimeError(p.stderr[-3000:])
    return p.stdout


def compare(database, texts):
    """Returns what differs, by rule; None where the paths agree."""
    rows = ", ".join(f"({i}, {literal(t)})" for i, t in enumerate(texts))
    out = psql(database, f"SELECT n || ':' || coalesce(replace(public.compare(t), E'\\n', ' '), '') FROM (VALUES {rows}) AS v(n, t) ORDER BY n;")
    found = {}
    for line in out.splitlines():
        number, _, difference = line.partition(":")
        found[int(number)] = difference or None
    return [found[i] for i in range(len(texts))]


def compare_lists(database, lists):
    """Returns those lists that SHOW and their tests differ on, and how."""
    words = ", ".join(literal(word) for word in WORDS)
    found = [psql(database, f"SELECT public.compare_list({literal(text)}, ARRAY[{words}]);").strip() for text in lists]
    return [(text, difference) for text, difference in zip(lists, found) if difference]


def shrink(database, node):
    """Returns the smallest tree found on which the paths still differ, and how."""
    kind = lambda d: d is not None and (d[:11] if d.startswith("error") else "differ")
    difference = compare(database, [node.print()])[0]
    for _ in range(40):
        candidates = sorted({n.print(): n for n in node.smaller()}.values(), key=lambda n: len(n.print()))[:150]
        results = compare(database, [c.print() for c in candidates]) if candidates else []
        better = next(((c, d) for c, d in zip(candidates, results) if kind(d) == kind(difference)), None)
        if better is None:
            break
        node, difference = better
    return node, difference


def one_shop(seed, number, count, failures):
    rng = random.Random(f"{seed}/{number}")
    shop = Shop(rng, f"shop {number}" if number % 3 == 0 else f"shop{number}")
    database = f"random_{number}"
    psql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE);")
    psql("postgres", f"CREATE DATABASE {database};")
    setup = "CREATE EXTENSION segmentation;\n" + open(HERE + "/compare.sql").read() + shop.create() + "\n" + shop.bind()
    psql(database, setup)
    rules = Rules(rng, shop)
    trees = [rules.rule() for _ in range(count)]
    texts = [t.print() for t in trees]
    differences = compare(database, texts)
    for tree, difference in zip(trees, differences):
        if difference is not None:
            small, difference = shrink(database, tree)
            failures.append((number, small.print(), difference))
            if len(failures) >= 10:
                break
    # Many rules as one program, stored, and judged by verify().
    good = [t for t, d in zip(texts, differences) if d is None][:25]
    create = "".join(f"SELECT segmentation.create_segment('r{i}', {literal(t)});" for i, t in enumerate(good))
    psql(database, create + "SELECT segmentation.refresh_all();")
    wrong = psql(database, "SELECT segment || ' ' || customer FROM segmentation.verify() LIMIT 5;").splitlines()
    for line in wrong:
        failures.append((number, line + ": " + good[int(line.split()[0][1:])], "verify() after refresh_all()"))
    lists = [text for text in (rules.some_list() for _ in range(12 if shop.sources else 0)) if text]
    failures.extend((number, text, difference) for text, difference in compare_lists(database, lists))
    psql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE);") if not failures else None
    return len(texts) + len(good) + len(lists)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=int(os.environ.get("SEED", time.time_ns() % 1_000_000_000)))
    arguments.add_argument("--shops", type=int, default=12)
    arguments.add_argument("--rules", type=int, default=250, help="rules a shop")
    arguments.add_argument("--only", type=int, help="this shop alone")
    a = arguments.parse_args()
    print(f"random rules: seed {a.seed}, {a.shops} shops, {a.rules} rules each", flush=True)
    failures, checked = [], 0
    for number in range(a.shops) if a.only is None else [a.only]:
        checked += one_shop(a.seed, number, a.rules, failures)
        if len(failures) >= 10:
            break
    for number, rule, difference in failures:
        print(f"--seed {a.seed} --only {number}\n  rule: {rule}\n  {difference}", flush=True)
    print(f"{checked - len(failures)} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
