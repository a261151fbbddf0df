#!/usr/bin/env python3
"""The benchmark's third part: writers who get into each other's way. Run by scripts/bench.sh --only contention, which makes the server
and the shop. Three copies of the shop: plain, with the 100 segments kept at commit, and kept in the background. Options:
  --phases A,B   only these of: isolation (which share of transactions the server fails with 40001 at each isolation level, four
                 clients over 1,000 customers), hot (clients that all write orders of one customer, against clients that do not)
  --seconds S    of each slice of writing (3)      --rounds N   turns of slices (5)
  --quick        one turn of a second each: to see that it runs
Slices run in turns, forwards and backwards; a figure is the median of the turns. What was queued is applied between the slices.
"""

import argparse
import datetime
import signal
import sys
import time

from figures import Figures, ratios, turns
from kept_shop import Shop
from segments import define
from server import pgbench, psql

LEVELS = ('read committed', 'repeatable read', 'serializable')
CUSTOMERS = 1000


class Contention:
    """The run's options, figures and shops."""

    def __init__(self, options):
        self.seconds, self.rounds = options.seconds, options.rounds
        self.figures = Figures()
        today = datetime.date.fromisoformat(psql("SELECT (now() AT TIME ZONE 'UTC')::date").strip())
        rules = {s.name: s.rule for s in define(today, 5)[0]}
        self.plain = Shop('plain', 'bench_plain')
        self.kept = [Shop('at commit', 'bench_100', rules), Shop('in the background', 'bench_queue', rules, 'background')]
        self.shops = [self.plain] + self.kept

    def build(self):
        for shop in self.shops:
            shop.build()
        # Every customer who will be written has ordered once, as in a shop that has run for a while.
        for shop in self.shops:
            shop.psql("INSERT INTO shop.orders (customer_id, status, paid, total) SELECT id, 'shipped', true, 10 FROM generate_series"
                      f"(1, {CUSTOMERS}) AS id")
        self.settle()
        psql('CHECKPOINT')

    def slice(self, shop, script, clients, customers, **settings):
        done = pgbench(shop.database, script, clients, self.seconds, {'first': customers[0], 'last': customers[1]},
                       {**(shop.settings or {}), **settings}, may_fail=True)
        if shop.mode == 'background':
            shop.drain()
        return done

    def settle(self):
        for shop in self.shops:
            if shop.mode == 'background':
                shop.drain()
            shop.tidy()

    def finish(self):
        self.settle()
        for shop in self.kept:
            shop.verify()
        for shop in self.shops:
            shop.drop()


def isolation(bench):
    """An order; and an order with a change of another's status, which has conflicts of its own."""
    for title, script in (('order', 'order.sql'), ('order and status', 'order_and_status.sql')):
        jobs = {(level, shop.name): lambda level=level, shop=shop: bench.slice(shop, script, 4, (1, CUSTOMERS), default_transaction_isolation=level)
                for level in LEVELS for shop in bench.shops}
        slices = turns(bench.rounds, jobs)
        for (level, name), done in slices.items():
            bench.figures.add(f'{title}, {level}, {name}: per cent of transactions that fail', [100 * s.failed for s in done])
        for (level, name), done in slices.items():
            if name != bench.plain.name:
                bench.figures.add(f'{title}, {level}, {name}: throughput of plain', ratios([s.rate for s in done],
                                                                                        [s.rate for s in slices[level, bench.plain.name]]))
        bench.settle()


def hot(bench):
    """Clients wait for the disk, as in a shop that must lose nothing: that is how long each holds the customer."""
    psql('ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf(); CHECKPOINT')
    for clients in (4, 16):
        jobs = {(where, shop.name): lambda shop=shop, last=last: bench.slice(shop, 'order.sql', clients, (1, last), synchronous_commit='on')
                for where, last in (('one customer', 1), ('spread', CUSTOMERS)) for shop in bench.shops}
        slices = turns(bench.rounds, jobs)
        rates = {key: [s.rate for s in done] for key, done in slices.items()}
        for shop in bench.shops:
            bench.figures.add(f'{shop.name}: {clients} clients on one customer, of spread', ratios(rates['one customer', shop.name], rates['spread', shop.name]))
        for shop in bench.kept:
            for where in ('one customer', 'spread'):
                bench.figures.add(f'{shop.name}: {clients} clients, {where}, of plain', ratios(rates[where, shop.name], rates[where, bench.plain.name]))
        bench.settle()
    psql('ALTER SYSTEM RESET fsync; SELECT pg_reload_conf(); CHECKPOINT')


PHASES = {'isolation': isolation, 'hot': hot}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument('--rounds', type=int)
    arguments.add_argument('--seconds', type=int)
    arguments.add_argument('--phases', default=','.join(PHASES))
    arguments.add_argument('--quick', action='store_true')
    options = arguments.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 3)
    phases = options.phases.split(',')
    if not set(phases) <= set(PHASES):
        arguments.error(f'phases are {", ".join(PHASES)}')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('benchmark: ended'))

    psql("ALTER SYSTEM SET autovacuum = off; ALTER SYSTEM SET checkpoint_timeout = '1h'; SELECT pg_reload_conf()")
    began = time.monotonic()
    bench = Contention(options)
    try:
        bench.build()
        for phase in phases:
            print(f'\n{phase}', flush=True)
            PHASES[phase](bench)
        bench.finish()
    finally:
        psql('ALTER SYSTEM RESET ALL; SELECT pg_reload_conf()')
        bench.figures.table()
        print(f'{time.monotonic() - began:.0f} s')


if __name__ == '__main__':
    main()
