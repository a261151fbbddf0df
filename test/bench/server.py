"""What the benchmark asks of the server: SQL, times of statements, slices of pgbench. The server is the one that PGHOST, PGPORT and
PGUSER name; a database is PGDATABASE's where none is given.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def environment(database, settings):
    more = {'PGDATABASE': database} if database else {}
    if settings:
        more['PGOPTIONS'] = ' '.join(f'-c {name}=' + str(value).replace(' ', '\\ ') for name, value in settings.items())
    return dict(os.environ, **more)


def psql(text, database=None, settings=None):
    """Runs SQL and returns what it prints; ends the program where it fails."""
    done = subprocess.run(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1'], input=text, text=True, capture_output=True,
                          env=environment(database, settings))
    if done.returncode:
        sys.exit(f'benchmark: {done.stderr[-3000:]}')
    return done.stdout


def psql_file(name, database=None):
    """Runs a file of this folder."""
    with open(os.path.join(HERE, name), encoding='utf-8') as file:
        return psql(file.read(), database)


def each_time(statements, before='', after='', database=None, settings=None):
    """Returns the milliseconds of each statement, as psql sees them."""
    text = '\\o /dev/null\n' + before + '\n\\timing on\n' + ''.join(f'{s};\n' for s in statements) + '\\timing off\n\\o\n' + after
    times = [float(ms) for ms in re.findall(r'^Time: ([\d.]+) ms', psql(text, database, settings), re.M)]
    if len(times) != len(statements):
        sys.exit(f'benchmark: {len(statements)} statements gave {len(times)} times')
    return times


def timed(statements, before='', after='', database=None, settings=None):
    """Returns the milliseconds of the statements together."""
    return sum(each_time(statements, before, after, database, settings))


def prewarm(database=None):
    """Reads the shop's tables, and where they are the extension's, into memory."""
    psql("CREATE EXTENSION IF NOT EXISTS pg_prewarm; SELECT sum(pg_prewarm(c.oid::regclass)) FROM pg_class AS c "
         "WHERE relnamespace IN (to_regnamespace('shop'), to_regnamespace('segmentation')) AND relkind IN ('r', 'i')", database)


class Slice:
    """What pgbench did: its throughput, the transactions that counted, what the first one of a session took, the share that failed, and
    the server's processor time of each, in microseconds."""

    def __init__(self, rate, transactions, first_ms, failed, cpu):
        self.rate, self.transactions, self.first_ms, self.failed, self.cpu = rate, transactions, first_ms, failed, cpu


def spent(database):
    """Returns the seconds of processor time of the server's sessions that have ended; waits a moment for the end of those in a database."""
    with open(os.path.join(os.environ['SERVER_DATA'], 'postmaster.pid'), encoding='utf-8') as file:
        server = f'/proc/{file.readline().strip()}'

    def goes_on(child):
        try:
            with open(f'/proc/{child}/cmdline', encoding='utf-8') as file:
                title = file.read()
        except OSError:
            return False
        return title == '' or f' {database} [local]' in title  # one that has ended has none until the server has seen that
    for _ in range(50):
        with open(f'{server}/task/{server[6:]}/children', encoding='ascii') as file:
            if not any(map(goes_on, file.read().split())):
                break
        time.sleep(0.02)
    with open(f'{server}/stat', encoding='utf-8') as file:
        fields = file.read().rpartition(')')[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf('SC_CLK_TCK')


# A session's first transactions load the module and plan statements; a shop keeps its connections, so they do not count.
SETTLING = 10


def pgbench(database, script, clients, seconds, variables=None, settings=None, may_fail=False):
    """Runs a script of transactions/ for so long and returns its Slice. Ends the program where a transaction fails, unless it may,
    as a conflict with another (40001); those are not tried again."""
    with tempfile.TemporaryDirectory() as folder:
        command = ['pgbench', '-n', '-M', 'prepared', '-c', str(clients), '-j', str(min(clients, 2)), '-T', str(seconds), '-l',
                   '--failures-detailed', '--log-prefix', os.path.join(folder, 'log'), '-f', os.path.join(HERE, 'transactions', script)]
        for name, value in (variables or {}).items():
            command += ['-D', f'{name}={value}']
        before = spent(database)
        done = subprocess.run(command, text=True, capture_output=True, env=environment(database, settings))
        cpu = spent(database) - before
        conflicts = re.search(r'serialization failures: (\d+)', done.stdout)
        conflicts = int(conflicts[1]) if conflicts else 0
        others = re.search(r'deadlock failures: [1-9]', done.stdout)
        if done.returncode or 'ERROR' in done.stderr or others or conflicts and not may_fail:
            sys.exit(f'benchmark: {script} in {database}: {done.stderr[-3000:]}')
        ends = {}
        first = []
        for name in glob.glob(os.path.join(folder, 'log*')):
            with open(name, encoding='ascii') as file:
                for line in file:
                    client, number, microseconds, _, second, fraction = line.split()[:6]
                    if not microseconds.isdigit():
                        continue
                    ends.setdefault(client, []).append(int(second) + int(fraction) / 1e6)
                    if number == '1':
                        first.append(int(microseconds) / 1000)
    if len(ends) < clients or min(map(len, ends.values())) < 3:
        sys.exit(f'benchmark: {script} in {database}: too few transactions in {seconds} s')
    settled = max(of_client[min(SETTLING, len(of_client) // 2) - 1] for of_client in ends.values())
    counted = [end for of_client in ends.values() for end in of_client if end > settled]
    done_count = sum(map(len, ends.values()))
    return Slice(len(counted) / (max(counted) - settled), done_count, max(first, default=0), conflicts / (conflicts + done_count),
                 cpu / (conflicts + done_count) * 1e6)
