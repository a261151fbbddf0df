"""A copy of the shop, plain or with segments that are kept, for those who write to it.

All copies that are compared are filled in the same way, so that their tables and indexes look alike: the tables are emptied, segments are
made over nothing (a thousand would else read the orders a thousand times), rows come in, and everyone is computed once.
"""

import random
import subprocess
import sys

from server import environment, literal, prewarm, psql, psql_file, timed

TABLES = ('customers', 'orders', 'lines', 'tags', 'carts', 'social')


class Shop:
    """name: for people; database: where it is; rules: name -> rule, or None for a plain shop; mode: of segmentation.maintain."""

    def __init__(self, name, database, rules=None, mode='commit'):
        self.name, self.database, self.rules, self.mode = name, database, rules, mode
        # Commit is the default; it is the default that is measured.
        self.settings = {'segmentation.maintain': mode} if mode != 'commit' else None

    def psql(self, text):
        return psql(text, self.database, self.settings)

    def has_tick(self):
        return self.psql("SELECT to_regprocedure('segmentation.tick()') IS NOT NULL").strip() == 't'

    def build(self):
        self.drop()
        psql(f'CREATE DATABASE {self.database} TEMPLATE bench_shop STRATEGY file_copy')
        self.psql('TRUNCATE ' + ', '.join(f'shop.{table}' for table in TABLES))
        if self.rules is not None:
            psql_file('bind.sql', self.database)
            self.psql(''.join(f'SELECT segmentation.create_segment({literal(name)}, {literal(rule)});\n' for name, rule in self.rules.items()))
        for table in TABLES:
            self.fill(table)
        if self.rules is not None:
            self.psql('SELECT segmentation.refresh_all()')
            if self.has_tick():
                self.psql('CALL segmentation.tick()')
        self.tidy()
        prewarm(self.database)

    def fill(self, table):
        """Brings a table's rows without triggers, as a restore of data does."""
        out = subprocess.Popen(['psql', '-Xqc', f'COPY shop.{table} TO STDOUT (FORMAT binary)'], stdout=subprocess.PIPE,
                               env=environment('bench_shop', None))
        done = subprocess.run(['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-c', f'ALTER TABLE shop.{table} DISABLE TRIGGER ALL',
                               '-c', f'COPY shop.{table} FROM STDIN (FORMAT binary)', '-c', f'ALTER TABLE shop.{table} ENABLE TRIGGER ALL'],
                              stdin=out.stdout, env=environment(self.database, {'client_min_messages': 'warning'}), check=False)
        if out.wait() or done.returncode:
            sys.exit(f'benchmark: could not fill {self.database}')

    def tidy(self):
        """What autovacuum would do; it is off while slices run, so as not to fall into one of them."""
        self.psql('VACUUM (ANALYZE)')

    def member_rows(self):
        """How many rows of membership have been written and taken out so far; sessions tell when they end."""
        return int(self.psql("SELECT n_tup_ins + n_tup_del FROM pg_stat_user_tables WHERE relid = 'segmentation.membership'::regclass"))

    def drop(self):
        psql(f'DROP DATABASE IF EXISTS {self.database} WITH (FORCE)')

    def drain(self):
        """Applies what is queued; returns the seconds that took."""
        return timed(['CALL segmentation.tick()'], database=self.database) / 1000

    def verify(self, handful=10, stop=True):
        """Holds members of some segments against the independent path; where they differ, says so and ends the program."""
        if self.rules is None:
            return
        chosen = sorted(random.sample(list(self.rules), min(handful, len(self.rules))))
        today = self.psql("SELECT (now() AT TIME ZONE 'UTC')::date = (pg_postmaster_start_time() AT TIME ZONE 'UTC')::date").strip()
        if self.has_tick() and (self.mode == 'background' or today != 't'):  # a new day's windows are time's work, not the writers'
            self.drain()
        wrong = self.psql(''.join('SELECT segment, count(*) AS wrong, count(*) FILTER (WHERE pending) AS pending, min(customer) AS for_example '
                                  f'FROM segmentation.verify({literal(name)}) GROUP BY segment;\n' for name in chosen))
        if not wrong:
            print(f'  {self.name}: verified {len(chosen)} segments', flush=True)
            return
        print(f'  WRONG MEMBERS in {self.name} (segment | customers | of them pending | one of them):')
        print(''.join(f'    {line}\n' for line in wrong.splitlines()), end='', flush=True)
        if stop:
            sys.exit(f'benchmark: members are wrong in database {self.database}, which stays to look into')
