#!/usr/bin/env python3
"""Many change the shop at once; every few seconds all stop, and the members must be what SQL says.

run.py [--seed N] [--seconds N] [--round N] [--clients N] [--crash COMMAND] ...: connects as libpq's environment says to a server with
max_prepared_transactions, and makes a database concurrent. Each round is another shop, with other segments, by the seed plus the round's number; a difference stops the run at once, with the seed and what the customers'
transactions were. To look closer: --seed as printed, --rounds 1, --clients 1 --interval 0 (a check after each transaction), --only KINDS of
statements.py. Exit status 1 where anything was wrong."""
import argparse
import os
import random
import re
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "random"))

import report
from definer import Definer, Refresher, Ticker
from errors import Errors
from follower import Follower
from libpq import Connection, Error
from oracle import Oracle
from segments import DEFINE, choose
from shop import literal
from statements import Statements
from tables import Tables, Values
from writer import Writer


class Round:
    """One shop, and those who change it."""

    def __init__(self, seed, options, seconds):
        self.seed, self.seconds = seed, seconds
        self.options = argparse.Namespace(**vars(options))
        rng = self.rng = random.Random(seed)
        # What may happen at all in this round: caches live longer where nobody recomputes, deadlocks of ours are mistakes where nobody locks early.
        self.options.statement_mode = rng.random() < 0.5
        self.options.truncate = rng.choice([0, 0.004, 0.01])
        self.options.definer_pause = rng.choice([0.2, 1, 4])
        self.helpers = rng.choice([(), ("definer",), ("definer", "refresher"), ("refresher",), ("definer",)])
        if options.helpers is not None:
            self.helpers = tuple(filter(None, options.helpers.split(",")))
        if options.mode is not None:
            self.options.statement_mode = options.mode == "any"
        self.upkeep = rng.choice(["tick", "tick", "worker", "nobody"])
        self.audited = options.audit or rng.random() < 0.3
        self.tables = Tables(rng, datetime.now(timezone.utc), seconds + 120)
        self.dsn = f"dbname={options.database}"
        self.errors = Errors(self.options)
        self.stopped, self.pausing, self.parked, self.condition = False, False, 0, threading.Condition()
        self.threads, self.follower, self.checked_at, self.oracle = [], None, time.time(), Oracle()

    def prepare(self):
        control = Connection("dbname=postgres")
        control.run(f"DROP DATABASE IF EXISTS {self.options.database} WITH (FORCE)")
        control.run(f"CREATE DATABASE {self.options.database}")
        control.close()
        self.connect()
        c, rng, tables = self.connection, self.rng, self.tables
        c.run("CREATE EXTENSION segmentation")
        c.run(tables.create())
        statements = Statements(rng, tables, tables.values)
        insert = lambda name, lead, rows: c.run(f"INSERT INTO {name} ({statements.names(name, *lead)}) VALUES " + ", ".join(rows))
        insert("customers", ["id"], [statements.row("customers", tables.values.key(tables.key_type, i)) for i in range(1, tables.people + 1)])
        insert("categories", ["id", "parent_id"], [statements.row("categories", str(i), statements.category()) for i in range(1, tables.categories + 1)])
        insert("products", ["id", "category_id"], [statements.row("products", str(i), statements.category()) for i in range(1, tables.products + 1)])
        existing = lambda: tables.values.key(tables.key_type, rng.randint(1, tables.people))
        some = [i for i in range(1, tables.orders + 1) if rng.random() < 0.5]
        insert("orders", ["id", "customer_id"], [statements.row("orders", tables.values.key(tables.order_type, i), existing()) for i in some])
        insert("lines", ["order_id", "product_id"], [statements.row("lines", tables.values.key(tables.order_type, rng.choice(some)), statements.product()) for _ in range(2 * len(some))])
        insert("carts", ["customer_id"], [statements.row("carts", existing()) for _ in range(tables.people)])
        insert("labels", ["customer_id"], [statements.row("labels", existing()) for _ in range(tables.people)])
        if self.audited:
            c.run(tables.audit())
        c.run("ANALYZE")
        c.run(tables.bind())
        c.run(DEFINE)
        c.run("SELECT segmentation.forecast_source('orders', 'total'), segmentation.define_attribute('reckoned', 'forecasts.predicted_spend / forecasts.frequency - forecasts.spend * 2')")
        c.run("INSERT INTO segmentation.forecast_in_force (model) VALUES ('0.24 4.41 0.79 2.43 6.25 3.74 15.4 9000 1 365 8000 8500 9000 9500 1 2 3 5 5 10 20 40 1 30')")
        c.run("SELECT segmentation._move_everyone()") # nothing is stored yet
        c.run("SELECT segmentation.create_segment('group', 'rfm_group IN (''NEW'', ''CHAMPIONS'', ''LOYAL'') OR forecasts.predicted_spend > 30')")
        self.names, self.refused = [], 0
        # What oracle.py does to everybody must be seen by a rule.
        c.run("SELECT segmentation.create_segment('touched', 'customer_labels CONTAINS ''touched''')")
        c.run("SELECT segmentation.create_group('hand gold', family => 'hand'), segmentation.create_group('hand silver', family => 'hand'), "
              "segmentation.create_group('hand tag', kind => 'tag'), segmentation.create_segment('by hand', 'count(orders) >= 3')")
        c.run("SELECT segmentation.remove_members('by hand', (SELECT array_agg(c.id) FROM shop.customers AS c))")
        c.run("SELECT segmentation.create_segment('hands', $$customer_groups CONTAINS 'hand gold' AND orders MATCHES () OR customer_tags CONTAINS 'hand tag'$$), "
              "segmentation.create_segment('no hand', $$customer_groups IS NULL AND NOT segments CONTAINS 'by hand'$$)")
        for name, rule in choose(rng, tables, self.options.fixed, self.options.drawn):
            try:
                c.run(f"SELECT segmentation.create_segment({literal(name)}, {literal(rule)})")
                self.names.append(name)
            except Error as error:
                self.refused += 1
                if self.options.verbose:
                    print(f"refused: {rule}: {error}")
        c.run(f"ALTER DATABASE {self.options.database} SET segmentation.build_batch = {rng.choice([1, 7, 20])}")
        c.run(f"ALTER DATABASE {self.options.database} SET segmentation.maintain = {rng.choice(['commit', 'commit', 'commit', 'background'])}") if self.options.statement_mode else None

    def connect(self):
        self.connection = Connection(self.dsn + " application_name=oracle")
        self.connection.run("SET client_min_messages = error; SET search_path = shop, public; SET segmentation.maintain = commit")
        self.oracle.connection = self.connection

    def describe(self):
        return (f"seed {self.seed}: {self.tables.describe()}; {len(self.names)} segments ({self.refused} rules refused); "
                f"{'any mode' if self.options.statement_mode else 'commit mode'}, truncate {self.options.truncate}, {'audited, ' if self.audited else ''}beside: {', '.join(self.helpers) or 'nobody'}, upkeep by {self.upkeep}")

    # -- turns
    def wait_turn(self):
        """Parks the caller while a check runs; false where the round is over."""
        with self.condition:
            while self.pausing and not self.stopped:
                self.parked += 1
                self.condition.notify_all()
                self.condition.wait()
                self.parked -= 1
            return not self.stopped

    def pause(self):
        """Waits until everybody stands still; false where somebody does not."""
        until = time.time() + 60
        with self.condition:
            self.pausing = True
            while self.parked < sum(t.is_alive() for t in self.threads):
                if time.time() > until:
                    return False
                self.condition.wait(0.2)
        return True

    def resume(self):
        with self.condition:
            self.pausing = False
            self.condition.notify_all()

    def start(self):
        rng, tables = self.rng, self.tables
        for number in range(self.options.clients):
            mine = random.Random(f"{self.seed}/{number}")
            self.threads.append(Writer(self, number, mine, Values(mine, tables.zone, tables.values.began, self.seconds + 120, tables.moving)))
        sides = {"definer": Definer, "refresher": Refresher}
        self.threads += [sides[name](self, random.Random(f"{self.seed}/{name}"), name) for name in self.helpers]
        self.follower = Follower(self, random.Random(f"{self.seed}/follower"))
        self.threads.append(self.follower)
        if self.upkeep == "tick":
            self.threads.append(Ticker(self, random.Random(f"{self.seed}/tick"), "tick"))
        if self.upkeep == "worker":
            self.connection.run("SELECT segmentation.start_worker()")
        for thread in self.threads:
            thread.start()

    def transactions(self):
        return sum(t.count for t in self.threads if isinstance(t, Writer))

    def check(self, last=False):
        """Returns what is wrong; nothing is right."""
        try:
            return self.look(last)
        except Error as error:
            return [("the check itself", [(error.text(),)])]

    def crash(self):
        """Kills the server. Prepared transactions survive it, and their clients do not know them any more."""
        subprocess.run(self.options.crash, shell=True, check=True)
        self.connection.close()
        self.connect()
        self.end_prepared()
        if self.upkeep == "worker":
            self.connection.run("SELECT segmentation.start_worker()")

    def end_prepared(self):
        for (name,) in self.connection.run("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
            try:
                self.connection.run(self.rng.choice(["COMMIT", "ROLLBACK"]) + f" PREPARED '{name}'")
            except Error as error:
                if error.sqlstate != "42704":  # its client was faster
                    raise

    def look(self, last):
        if not self.pause():
            return [("a client does not end", report.activity(self.dsn))]
        self.end_prepared()
        found = self.oracle.differences(writes=last or self.rng.random() < 0.2, moving=self.tables.moving)
        for _ in range(12 if self.tables.moving else 0):  # an edge may have passed between two looks
            if found:
                time.sleep(0.05)
                found = self.oracle.differences(writes=False, moving=True)
        known = self.options.tolerate
        found = [(what, rows) for what, rows in found if not known or not re.search(known, what)]
        if self.follower is not None:
            told = self.follower.differences(self.connection)
            found += [("changes", told)] if told else []
        found += [(why, [(text,)]) for why, text in self.errors.wrong]
        return found

    def go(self):
        """Returns what was found wrong."""
        self.prepare()
        print(self.describe(), flush=True)
        found = self.check()
        self.start()
        began, next_word = time.time(), time.time() + 60
        crash_at = began + self.seconds * 0.5 if self.options.crash else None
        while not found and time.time() < began + self.seconds:
            self.checked_at = time.time()
            self.resume()
            time.sleep(self.options.interval)
            if crash_at and time.time() > crash_at:
                crash_at = None
                self.crash()
                time.sleep(1)
            found = self.check(last=time.time() >= began + self.seconds)
            if time.time() > next_word:
                print(f"  {time.time() - began:.0f} s, {self.transactions()} transactions, {self.oracle.checks} checks", flush=True)
                next_word += 60
        if found:
            report.differences(self, found)
        with self.condition:
            self.stopped = True
            self.condition.notify_all()
        for thread in self.threads:
            thread.join(60)
        self.connection.close()
        return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    number = lambda name, default, text, kind=int: arguments.add_argument(name, type=kind, default=default, help=text)
    number("--seed", int(os.environ.get("SEED", time.time_ns() % 1_000_000_000)), "of the first round")
    number("--seconds", 40, "in all")
    number("--round", 20, "seconds a round")
    number("--rounds", None, "so many rounds, however long they take")
    number("--clients", 4, "that write")
    number("--interval", 2.0, "seconds between checks", float)
    number("--fixed", 36, "segments with fixed rules")
    number("--drawn", 16, "segments with random rules")
    number("--crash", None, "command that kills the server and starts it again; run in the middle of every second round", str)
    number("--only", None, "kinds of statements, with commas", str)
    number("--helpers", None, "definer,refresher: who works beside the writers", str)
    number("--mode", None, "any: statement mode and flush, too; commit: without", str)
    number("--database", "concurrent", "its name", str)
    number("--without", None, "regular expression of definitions that are not to be changed", str)
    number("--tolerate", None, "regular expression of errors and differences that are known", str)
    arguments.add_argument("--audit", action="store_true", help="keep every changed row in shop.audit; some rounds do anyway")
    arguments.add_argument("--verbose", action="store_true")
    a = arguments.parse_args()
    a.only = a.only.split(",") if a.only else None
    crash, began, checks, transactions, failed, number = a.crash, time.time(), 0, 0, 0, 0
    print(f"concurrent clients: seed {a.seed}, {a.clients} clients, rounds of {a.round} s", flush=True)
    while not failed and (number < a.rounds if a.rounds else time.time() < began + a.seconds - 2):
        a.crash = crash if number % 2 == 1 else None
        this = Round(a.seed + number, a, a.round if a.rounds else max(5, min(a.round, began + a.seconds - time.time())))
        found = this.go()
        failed += len(found)
        checks, transactions, number = checks + this.oracle.checks, transactions + this.transactions(), number + 1
        print(f"  {this.transactions()} transactions, {this.oracle.checks} checks, {this.oracle.compared} kept measures, {this.follower.read if this.follower else 0} changes followed; errors that clients got:\n{this.errors.print()}", flush=True)
    print(f"{number} rounds, {transactions} transactions, {time.time() - began:.0f} s" + ("" if not failed else f"; to see it again: --seed {a.seed + number - 1} --rounds 1"))
    print(f"{checks - (1 if failed else 0)} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
