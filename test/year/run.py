#!/usr/bin/env python3
"""A year in fast motion on a server whose clock the test sets: run.py --clock FILE [--seed N] [--people N] [--hops N] [--data DIR] [--whole].

The generated shop lives a year in each of four zones; Online Retail, where its data is, a year of four quarters, each in another (--whole: a year in each).
Exit status 1 where anything failed."""
import argparse
import os
import random
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

from rules import GENERATED, RETAIL
from year import Year
from session import Session, literal
from shops import Generated, Retail
from upsets import upset

HERE = os.path.dirname(os.path.abspath(__file__))
# The clock changes by an hour on either side of UTC, never, and by half an hour.
ZONES = ["Europe/Sofia", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]


def make_database(name, *files, **variables):
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-c", f"DROP DATABASE IF EXISTS {name}", "-c", f"CREATE DATABASE {name}"], check=True,
                   stderr=subprocess.DEVNULL)
    command = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", name]
    for key, value in variables.items():
        command += ["-v", f"{key}={value}"]
    for file in files:
        command += ["-f", os.path.join(HERE, file)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, PGOPTIONS="-c client_min_messages=warning", PGCLIENTENCODING="UTF8"))


def open_year(a, database, rng, zone, rules, shop):
    session = Session(a.clock, database)
    session.must(f"SET timezone = {literal(rng.choice(ZONES))}; CREATE TABLE seen (at timestamptz, name text, customers integer[])")
    names = list(rules)
    for name in names:
        session.must(f"SELECT segmentation.create_segment({literal(name)}, {literal(rules[name])})")
    return session, Year(session, rng, zone, rules, shop, f"seed {a.seed}, {database}, {zone}")


def generated(a, database, zone):
    rng = random.Random(f"{a.seed}/{database}")
    start = datetime(rng.choice([2019, 2023, 2024, 2025]), rng.randint(1, 12), 1, 12, tzinfo=timezone.utc)
    with open(a.clock, "w") as file:
        file.write(start.strftime("%Y-%m-%d %H:%M:%S.%f\n"))
    make_database(database, "shop.sql", people=a.people, start=start.isoformat(), zone=zone, seed=rng.random())
    session, year = open_year(a, database, rng, zone, GENERATED, Generated(a.people, zone))
    return year, start


def retail(a, zones):
    rng = random.Random(f"{a.seed}/retail/{zones[0]}")
    begin = start = datetime(2010, 12, 10, tzinfo=timezone.utc)
    with open(a.clock, "w") as file:
        file.write(start.strftime("%Y-%m-%d %H:%M:%S.%f\n"))
    load = "../data/online_retail/load.sql"
    make_database("year_retail", load, "retail.sql", data=a.data, slice=a.slice)
    session, year = open_year(a, "year_retail", rng, "Europe/London", RETAIL, Retail())
    for number, zone in enumerate(zones):
        start += timedelta(seconds=1)  # so that what the zone changes is not at the instant of what was there before
        session.set_clock(start)
        session.must(f"SELECT segmentation.bind_customers('shop.customers', timezone => {literal(zone)}, replace => true)")
        year = Year(session, rng, zone, RETAIL, Retail(), f"seed {a.seed}, year_retail, {zone}")
        yield year, start, begin + timedelta(days=366 / len(zones)) * (number + 1), max(2, a.hops // len(zones))
        start = year.now
    session.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clock", required=True)
    arguments.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000_000)
    arguments.add_argument("--people", type=int, default=400)
    arguments.add_argument("--hops", type=int, default=6)
    arguments.add_argument("--slice", type=int, default=6, help="Online Retail's customers: one in so many")
    arguments.add_argument("--data", help="folder with online_retail.csv.xz")
    arguments.add_argument("--whole", action="store_true", help="a year of Online Retail in each zone")
    arguments.add_argument("--only", help="one zone's name, retail or upsets")
    a = arguments.parse_args()
    passed = failed = 0
    print(f"seed {a.seed}", flush=True)

    def told(year, began):
        nonlocal passed, failed
        for failure in year.failures:
            print(f"not ok: {failure}")
        passed, failed = passed + year.checks - len(year.failures), failed + len(year.failures)
        print(f"{'not ok' if year.failures else 'ok'}: {year.where}: {year.checks} checks, {year.moved} instants of history between stops, "
              f"{time.monotonic() - began:.1f} s", flush=True)

    for number, zone in enumerate(ZONES):
        if a.only in (None, zone):
            began = time.monotonic()
            year, start = generated(a, f"year_{number}", zone)
            year.go(start, start + timedelta(days=366), a.hops)
            year.session.close()
            told(year, began)
    if a.only in (None, "upsets"):
        began = time.monotonic()
        year, start = generated(a, "upsets", ZONES[0])
        upset(year, start)
        year.session.close()
        told(year, began)
    if a.data and a.only in (None, "retail"):
        for zones in [[zone] for zone in ZONES] if a.whole else [ZONES]:
            began = time.monotonic()
            for year, start, end, hops in retail(a, zones):
                year.go(start, end, hops)
                told(year, began)
                began = time.monotonic()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
