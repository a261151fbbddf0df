#!/usr/bin/env python3
"""The benchmark's second part: what keeping members costs those who write to the shop, against the same shop without the
extension. Run by scripts/bench.sh [--only writes], which makes the server and the shop. Options:
  --phases A,B   only these of: hundred (100 segments, at commit and in the background; one statement; a customer with 50,000
                 orders), thousand (20 and 1,000 thresholds), distinct (1,000 rules that share nothing)
  --seconds S    of each slice of writing (2)      --rounds N   turns of slices (5)
  --quick        one turn of a second each, the thousands as hundreds: to see that it runs; its figures mean nothing
  --no-verify    go on where members are wrong
Slices run in turns, plain and with segments, forwards and backwards; a figure is the median of the turns' ratios. The shops are copied
anew for each phase, alike in layout, vacuumed, read into memory; autovacuum and timed checkpoints are off meanwhile.
Cold is right after the segments were made, warm when every customer has ordered once since.
"""

import argparse
import datetime
import signal
import subprocess
import sys
import time

from customers import long_history
from figures import Figures, ratios, turns
from kept_shop import Shop
from many_segments import distinct, thresholds
from segments import define
from server import environment, pgbench, psql, timed

SCRIPTS = {'order': 'order.sql', 'order and status': 'order_and_status.sql'}


class Bench:
    """The run's options and figures, and what every phase does with its shops."""

    def __init__(self, options):
        self.seconds, self.rounds, self.stop = options.seconds, options.rounds, not options.no_verify
        self.figures = Figures()
        self.customers = int(psql('SELECT count(*) FROM shop.customers', 'bench_shop'))
        self.everyone = {'first': 1, 'last': self.customers}
        self.chunk = min(10000, self.customers)

    def slice(self, shop, script, clients, variables=None):
        return pgbench(shop.database, script, clients, self.seconds, variables or self.everyone, shop.settings)

    def one_statement(self, shop, number):
        """Returns the milliseconds of one statement with an order of each of 10,000 customers; all numbers together meet everyone."""
        step = self.customers // self.chunk
        return timed([f"INSERT INTO shop.orders (customer_id, status, paid, total) SELECT 1 + g * {step} + {number % step}, 'shipped', "
                      f'g % 3 > 0, 5 + g % 200 FROM generate_series(0, {self.chunk - 1}) AS g'],
                     "INSERT INTO shop.orders (customer_id, status, paid, total) VALUES (1, 'shipped', true, 10);",
                     database=shop.database, settings=shop.settings)

    def build(self, shops):
        for shop in shops:
            began = time.monotonic()
            shop.build()
            print(f'  {shop.name}: made in {time.monotonic() - began:.0f} s', flush=True)
        psql('CHECKPOINT')

    def warm_up(self, plain, others, wanted=None):
        """Measures cold shops, then has every customer order once."""
        numbers = iter(range(1000))
        cold = turns(1, {shop.name: lambda shop=shop: self.one_statement(shop, 0) for shop in [plain] + others})
        for shop in others:
            self.figures.add(f'{shop.name}: {self.chunk} orders in one statement, times plain, cold', ratios(cold[shop.name], cold[plain.name]))
        cold = turns(min(2, self.rounds), {shop.name: lambda shop=shop: self.slice(shop, 'order.sql', 4) for shop in [plain] + others})
        for shop in others:
            self.compare(f'{shop.name}: order, 4 clients, of plain, cold', cold[shop.name], cold[plain.name])
            starts = [a.first_ms / b.first_ms for a, b in zip(cold[shop.name], cold[plain.name])]
            self.figures.add(f'{shop.name}: first order of a session, times plain', starts)
        for number in range(1, self.customers // self.chunk):
            for shop in [plain] + others:
                self.one_statement(shop, number)
        self.settle([plain] + others)
        warm = turns(self.rounds, {shop.name: lambda shop=shop: self.one_statement(shop, next(numbers)) for shop in [plain] + others})
        for shop in others:
            self.figures.add(f'{shop.name}: {self.chunk} orders in one statement, times plain', ratios(warm[shop.name], warm[plain.name]),
                             wanted if shop.mode == 'commit' else None, 'at most')
        self.settle([plain] + others)

    def settle(self, shops):
        """Between measurements: nothing queued, nothing to vacuum."""
        for shop in shops:
            if shop.mode == 'background':
                shop.drain()
            shop.tidy()

    def compare(self, name, of, to, wanted=None, better='at least'):
        self.figures.add(name, ratios([s.rate for s in of], [s.rate for s in to]), wanted, better)

    def write(self, plain, others, wanted):
        """Both transactions with 1 and 4 clients; wanted(shop, clients) is the throughput wanted of the plain one's. Returns the slices."""
        all_slices = {}
        for title, script in SCRIPTS.items():
            for clients in (1, 4):
                before = {shop.name: shop.member_rows() for shop in others}
                slices = turns(self.rounds, {shop.name: lambda shop=shop: self.slice_and_drain(shop, script, clients) for shop in [plain] + others})
                for shop in others:
                    self.compare(f'{shop.name}: {title}, {clients} client{"s" * (clients > 1)}, of plain', slices[shop.name],
                                 slices[plain.name], wanted(shop, clients))
                    self.figures.add(f'{shop.name}: {title}, {clients} client{"s" * (clients > 1)}, server\'s processor time, times plain',
                                     ratios([s.cpu for s in slices[shop.name]], [s.cpu for s in slices[plain.name]]))
                    moved = (shop.member_rows() - before[shop.name]) / sum(s.transactions for s in slices[shop.name])
                    self.figures.add(f'{shop.name}: {title}, {clients} client{"s" * (clients > 1)}, member rows a transaction', [moved])
                all_slices[title, clients] = slices
                for shop in [plain] + others:
                    shop.tidy()
        return all_slices

    def slice_and_drain(self, shop, script, clients):
        done = self.slice(shop, script, clients)
        if shop.mode == 'background':
            done.drained = done.transactions / shop.drain()
        return done

    def finish(self, shops):
        for shop in shops:
            shop.verify(stop=self.stop)
            shop.drop()


def queue_beside_worker(bench, plain, queued):
    """Writes while another session applies the queue over and over, as the background worker does."""
    def job():
        worker = subprocess.Popen(['psql', '-Xq'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  env=environment(queued.database, None), text=True)
        worker.stdin.write('CALL segmentation.tick()\n\\watch 0.1\n')
        worker.stdin.close()
        try:
            return bench.slice(queued, 'order.sql', 4)
        finally:
            worker.terminate()
            worker.wait()
    slices = turns(bench.rounds, {'plain': lambda: bench.slice(plain, 'order.sql', 4), 'queued': job})
    bench.compare(f'{queued.name}: order, 4 clients, of plain, while tick() runs', slices['queued'], slices['plain'])


def hundred(bench, today, _quick):
    rules = {s.name: s.rule for s in define(today, 5)[0]}
    plain = Shop('plain', 'bench_plain')
    kept = Shop('100 segments', 'bench_100', rules)
    queued = Shop('100 in the background', 'bench_queue', rules, 'background')
    bench.build([plain, kept])
    others = [kept]
    if kept.has_tick():
        bench.build([queued])
        others.append(queued)
    else:
        print('  skipped: background mode: there is no segmentation.tick()')
    bench.warm_up(plain, others, wanted=5)
    slices = bench.write(plain, others, lambda shop, clients: 0.75 if shop is queued or clients == 1 else 0.55)
    if queued in others:
        writing = slices['order', 4]
        bench.figures.add(f'{queued.name}: orders drained a second, of those that plain places',
                          [a.drained / b.rate for a, b in zip(writing[queued.name], writing[plain.name])])
        queue_beside_worker(bench, plain, queued)
    long_history(bench, kept)
    bench.finish(others)
    plain.drop()


def thousand(bench, today, quick):
    plain = Shop('plain', 'bench_plain')
    few = Shop('20 segments', 'bench_20', {s.name: s.rule for s in define(today, 1)[0]})
    rules = thresholds(5 if quick else 50)
    many = Shop(f'{len(rules):,} thresholds', 'bench_1000', rules)
    bench.build([plain, few, many])
    bench.warm_up(plain, [few, many])
    slices = bench.write(plain, [few, many], lambda shop, clients: None)
    for (title, clients), of_shops in slices.items():
        bench.compare(f'{many.name}: {title}, {clients} client{"s" * (clients > 1)}, of 20 segments', of_shops[many.name], of_shops[few.name], 0.85)
    bench.finish([few, many])
    plain.drop()


def without_sharing(bench, _today, quick):
    plain = Shop('plain', 'bench_plain')
    rules = distinct(100 if quick else 1000)
    many = Shop(f'{len(rules):,} distinct rules', 'bench_distinct', rules)
    bench.build([plain, many])
    bench.warm_up(plain, [many])
    bench.write(plain, [many], lambda shop, clients: None)
    bench.finish([many])
    plain.drop()


PHASES = {'hundred': hundred, 'thousand': thousand, 'distinct': without_sharing}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument('--rounds', type=int)
    arguments.add_argument('--seconds', type=int)
    arguments.add_argument('--phases', default=','.join(PHASES))
    arguments.add_argument('--quick', action='store_true')
    arguments.add_argument('--no-verify', action='store_true')
    options = arguments.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 2)
    phases = options.phases.split(',')
    if not set(phases) <= set(PHASES):
        arguments.error(f'phases are {", ".join(PHASES)}')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('benchmark: ended'))

    bench = Bench(options)
    today = datetime.date.fromisoformat(psql("SELECT (now() AT TIME ZONE 'UTC')::date").strip())
    psql("ALTER SYSTEM SET autovacuum = off; ALTER SYSTEM SET checkpoint_timeout = '1h'; SELECT pg_reload_conf()")
    began = time.monotonic()
    try:
        for phase in phases:
            print(f'\n{phase}', flush=True)
            PHASES[phase](bench, today, options.quick)
    finally:
        psql('ALTER SYSTEM RESET ALL; SELECT pg_reload_conf()')
        bench.figures.table()
        print(f'{time.monotonic() - began:.0f} s')


if __name__ == '__main__':
    main()
