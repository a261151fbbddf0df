#!/usr/bin/env python3
"""The benchmark's third part: what it costs that time passes. Run by scripts/bench.sh --only time, which makes the server and the shop. Options:
  --rounds N   days that pass (3)      --quick   one day, to see that it runs

A hundred segments, twenty of which depend on time. Days pass by starting the server anew with a later clock (libfaketime's offset, which costs what
looking at the clock costs). One tick brings what the day has brought; against that stand refresh_all, and REFRESH MATERIALIZED VIEW over the same
twenty rules as SQL. Then a longer downtime, with two writers beside the tick. Members are verified after each."""

import argparse
import datetime
import glob
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from kept_shop import Shop
from many_segments import thresholds
from segments import define
from server import HERE, each_time, environment, literal, psql, timed

SCRIPT = os.path.join(HERE, '..', '..', 'scripts', 'private_server.sh')
LIBRARIES = glob.glob('/usr/lib/*/faketime/libfaketime.so.1')
MOVES = re.compile(r'[ (]-\d+d|anniversary|age\(|today')
TABLES = ('membership', 'membership_past', 'due', 'state', 'count_delta')


def set_day(days):
    """Starts the server anew, so many days later than it is."""
    subprocess.run([SCRIPT, 'stop', 'bench'], check=True)
    subprocess.run([SCRIPT, 'start', 'bench'], check=True, env=dict(os.environ, SERVER_ENVIRONMENT=f'LD_PRELOAD={LIBRARIES[0]} FAKETIME=+{days}d FAKETIME_DONT_FAKE_MONOTONIC=1'))
    text = subprocess.run([SCRIPT, 'env', 'bench'], check=True, capture_output=True, text=True).stdout
    os.environ.update({name: value.strip("'") for name, value in re.findall(r"\b(PGHOST|PGPORT)=('[^']*'|\d+)", text)})


def choose_rules():
    """Returns name -> rule: twenty that depend on time and eighty that do not, and the names of the twenty."""
    today = datetime.date.today()
    hundred = {s.name: s.rule for s in define(today, 5)[0]}
    moving = [name for name, rule in hundred.items() if MOVES.search(rule)]
    moving = moving[::max(1, len(moving) // 20)][:20]
    still = [name for name, rule in hundred.items() if not MOVES.search(rule)]
    more = {name: rule for name, rule in thresholds(20).items() if not MOVES.search(rule)}
    rules = {name: hundred[name] for name in moving + still}
    for name in list(more)[:100 - len(rules)]:
        rules[name] = more[name]
    return rules, moving


def touched(shop):
    """How many rows of each of the extension's tables were written so far; sessions tell when they end."""
    time.sleep(1.2)
    lines = shop.psql("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'segmentation' AND relname IN "
                      f"({', '.join(map(literal, TABLES))})").split()
    return {name: int(count) for name, count in (line.split('|') for line in lines)}


def due(shop):
    return int(shop.psql('SELECT count(DISTINCT customer_id) FROM segmentation.due WHERE due_at <= now()'))


class Tick:
    """A tick in a session of its own: its seconds, and the most memory that its process had."""

    def __init__(self, shop):
        psql = subprocess.Popen(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(shop.database, None))
        psql.stdin.write('SELECT pg_backend_pid(); SELECT count(*) FROM segmentation.segments;\n')
        psql.stdin.flush()
        pid = psql.stdout.readline().strip()
        psql.stdout.readline()
        with open(f'/proc/{pid}/clear_refs', 'w') as file:
            file.write('5')  # VmHWM begins anew
        before = self.memory(pid)
        began = time.monotonic()
        psql.stdin.write("CALL segmentation.tick(); SELECT 'done';\n")
        psql.stdin.flush()
        if psql.stdout.readline().strip() != 'done':
            sys.exit('benchmark: the tick failed')
        self.seconds = time.monotonic() - began
        self.grown = self.memory(pid) - before
        psql.stdin.close()
        psql.wait()

    @staticmethod
    def memory(pid):
        with open(f'/proc/{pid}/status') as file:
            status = dict(line.split(':', 1) for line in file)
        return (int(status['VmHWM'].split()[0]) - int(status['RssShmem'].split()[0])) / 1024


def verify(shop):
    wrong = shop.psql('SELECT segment, count(*), min(customer) FROM segmentation.verify() GROUP BY 1')
    if wrong:
        sys.exit(f'benchmark: members are wrong:\n{wrong}')


def make_views(shop, names):
    for number, name in enumerate(names):
        query = shop.psql(f'SELECT segmentation.to_sql(rule) FROM segmentation.segments WHERE name = {literal(name)}').strip()
        shop.psql(f'CREATE MATERIALIZED VIEW shop.rule_{number} AS SELECT q.k FROM ({query}) AS q (k)')


def writers(shop, customers, seconds):
    """Two clients that order; returns the slowest transaction and the median, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(['pgbench', '-n', '-M', 'prepared', '-c', '2', '-j', '2', '-T', str(seconds), '-l', '--log-prefix', os.path.join(folder, 'log'), '-f',
                        os.path.join(HERE, 'transactions', 'order.sql'), '-D', 'first=1', '-D', f'last={customers}'], check=True, capture_output=True,
                       env=environment(shop.database, None))
        took = []
        for name in glob.glob(os.path.join(folder, 'log*')):
            with open(name, encoding='ascii') as file:
                took += [int(line.split()[2]) / 1000 for line in file][10:]  # settled
    return max(took), statistics.median(took)


def one_day(shop, day, views):
    set_day(day)
    shop.psql('VACUUM (ANALYZE)')
    visited, before = due(shop), touched(shop)
    tick = Tick(shop)
    rows = {name: count - before[name] for name, count in touched(shop).items()}
    verify(shop)
    steady = statistics.median(each_time(['CALL segmentation.tick()'] * 30, 'CALL segmentation.tick();', database=shop.database))
    refresh = timed([f'REFRESH MATERIALIZED VIEW shop.rule_{n}' for n in range(views)], database=shop.database) / 1000
    everyone = timed(['SELECT segmentation.refresh_all()'], 'BEGIN;', 'ROLLBACK;', database=shop.database) / 1000  # it would forget what is kept of measures
    print(f'day {day}: {visited} customers due, rows written {rows}; tick {tick.seconds:.2f} s, refresh_all {everyone:.2f} s, materialized views {refresh:.2f} s; '
          f'memory of the tick +{tick.grown:.0f} MB; a tick with nothing due {steady:.2f} ms', flush=True)
    return tick.seconds, everyone, refresh


def downtime(shop, customers, day):
    set_day(day)
    waiting = due(shop)
    alone = writers(shop, customers, 5)
    found = {}

    def tick():
        found['tick'] = Tick(shop)
    thread = threading.Thread(target=tick)
    thread.start()
    beside = [writers(shop, customers, 3)]
    while thread.is_alive():
        beside.append(writers(shop, customers, 3))
    thread.join()
    verify(shop)
    print(f'downtime until day {day}: {waiting} customers due; tick {found["tick"].seconds:.1f} s beside two writers, +{found["tick"].grown:.0f} MB; their slowest commit '
          f'{max(b[0] for b in beside):.1f} ms (before the tick {alone[0]:.1f}), median {statistics.median(b[1] for b in beside):.2f} ms (before {alone[1]:.2f})', flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument('--rounds', type=int, default=3)
    arguments.add_argument('--quick', action='store_true')
    options = arguments.parse_args()
    if not LIBRARIES:
        sys.exit('benchmark: no libfaketime to set the clock with')
    rules, moving = choose_rules()
    customers = int(psql('SELECT count(*) FROM shop.customers', 'bench_shop'))
    shop = Shop('days', 'bench_days', rules)
    began = time.monotonic()
    shop.build()
    make_views(shop, moving)
    print(f'{customers} customers, {len(rules)} segments, {len(moving)} of them depend on time: made in {time.monotonic() - began:.0f} s', flush=True)
    days = range(1, 2 if options.quick else options.rounds + 1)
    times = [one_day(shop, day, len(moving)) for day in days]
    for name, index in (('recomputing everyone', 1), ('the materialized views', 2)):
        ratios = sorted(t[index] / t[0] for t in times)
        print(f'{name}: {statistics.median(ratios):.1f} times a tick ({ratios[0]:.1f} to {ratios[-1]:.1f})')
    downtime(shop, customers, days[-1] + 4)
    shop.drop()


main()
