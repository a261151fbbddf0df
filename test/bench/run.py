#!/usr/bin/env python3
"""The benchmark: rules evaluated together against SQL that says the same. Run by scripts/bench.sh, which makes the server
and the shop. What is compared is run in turns, round by round, so that a machine that slows down slows both; a figure is
the median of the rounds' ratios. Members are compared before anything is timed.
"""

import argparse
import datetime
import statistics
import sys

from segments import define
from server import literal, prewarm, psql, psql_file, timed

PASSES = [
    'SELECT count(*), max(n), max(s), max(m) FROM (SELECT customer_id, count(*) AS n, sum(total) AS s, max(created_at) AS m '
    'FROM shop.orders GROUP BY customer_id) AS q',
    'SELECT count(*), max(n), max(s), max(m) FROM (SELECT o.customer_id, count(*) AS n, sum(l.quantity) AS s, max(l.price) AS m '
    'FROM shop.orders AS o JOIN shop.lines AS l ON l.order_id = o.id GROUP BY o.customer_id) AS q',
]


# A session's first call loads the module and the catalogs; no query of a running shop pays that.
WARM = "SELECT segmentation.count_matching('id < 0'); SELECT count(*) FROM shop.customers WHERE id < 0;"


def rules_array(segments):
    return 'ARRAY[' + ', '.join(literal(s.rule) for s in segments) + ']::segmentation.rule[]'


def compare_members(segments, wide):
    """Checks that rule, query and condition agree on every segment's members."""
    psql(''.join(f'SELECT segmentation.create_segment({literal(s.name)}, {literal(s.rule)});\n' for s in segments))
    outputs = 'c.id, ' + ', '.join(f'coalesce({s.condition}, false) AS b{s.number}' for s in segments)
    text = f'CREATE TEMPORARY TABLE wide AS {wide.select(outputs)};\n'
    for s in segments:
        stored = f'SELECT customer_id FROM segmentation.membership AS m JOIN segmentation.segments AS s ON s.id = m.segment_id WHERE s.name = {literal(s.name)}'
        for other in (s.query, f'SELECT id FROM wide WHERE b{s.number}'):
            text += (f'SELECT {literal(s.name)}, count(*) FROM (({stored} EXCEPT {other}) UNION ALL ({other} EXCEPT {stored})) AS d '
                     'HAVING count(*) > 0;\n')
    wrong = psql(text)
    if wrong:
        sys.exit(f'benchmark: members differ between a rule and its SQL:\n{wrong}')
    members = int(psql('SELECT count(*) FROM segmentation.membership'))
    print(f'{len(segments)} segments, {members} members; every rule agrees with both spellings in SQL.\n')


def rounds(count, jobs):
    """Runs the jobs in turns; returns name -> times."""
    times = {name: [] for name in jobs}
    for turn in range(count + 1):
        for name, job in jobs.items():
            ms = job()
            if turn:  # the first turn warms caches
                times[name].append(ms)
    return times


def ratio(times, of, to):
    """Returns the median over the rounds of one job's time over another's."""
    return statistics.median(a / b for a, b in zip(times[of], times[to]))


def show(figure, value, wanted, better):
    met = value >= wanted if better == 'at least' else value <= wanted
    print(f'{figure:58} {value:8.2f}   {better} {wanted:<5} {"" if met else "  missed"}')


def evaluation(segments, wide, turns):
    count = len(segments)
    outputs = ', '.join(f'count(*) FILTER (WHERE b{s.number})' for s in segments)
    inner = wide.select('c.id, ' + ', '.join(f'({s.condition}) AS b{s.number}' for s in segments))
    times = rounds(turns, {
        'rules together': lambda: timed([f'SELECT segmentation.count_matching({rules_array(segments)})'], WARM),
        'separate queries': lambda: timed([f'SELECT count(*) FROM ({s.query}) AS q' for s in segments], WARM),
        'one shared query': lambda: timed([f'SELECT {outputs} FROM ({inner}) AS q'], WARM),
        'bare aggregates': lambda: timed(PASSES, WARM),
    })
    for name, values in times.items():
        print(f'{count:4} {name:53} {statistics.median(values):8.0f} ms')
    return times


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument('--rounds', type=int, default=3)
    turns = arguments.parse_args().rounds

    prewarm()
    today = datetime.date.fromisoformat(psql("SELECT (now() AT TIME ZONE 'UTC')::date").strip())
    psql_file('bind.sql')
    all_segments, all_wide = define(today, 5)
    twenty, twenty_wide = define(today, 1)
    compare_members(all_segments, all_wide)

    print('Evaluating, nothing stored (medians)')
    few = evaluation(twenty, twenty_wide, turns)
    many = evaluation(all_segments, all_wide, turns)

    print('\nOne new rule against its own query (medians)')
    single = []
    for s in twenty:
        times = rounds(turns, {
            'rule': lambda s=s: timed([f'SELECT segmentation.count_matching({literal(s.rule)})'], WARM),
            'query': lambda s=s: timed([f'SELECT count(*) FROM ({s.query}) AS q'], WARM)})
        single.append(ratio(times, 'rule', 'query'))
        print(f'     {s.rule[:75]:75} {statistics.median(times["rule"]):6.0f} ms {statistics.median(times["query"]):6.0f} ms {single[-1]:6.2f}')

    print('\nStoring 100 segments\' members (medians)')
    psql('DROP TABLE IF EXISTS shop.stored; CREATE TABLE shop.stored (segment_id integer NOT NULL, customer_id bigint NOT NULL, '
         'entered_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (segment_id, customer_id)); '
         'CREATE INDEX ON shop.stored (customer_id)')
    stored = rounds(turns, {
        'refresh_all': lambda: timed(['SELECT segmentation.refresh_all()'],
                                     WARM + 'TRUNCATE segmentation.membership, segmentation.count_delta;'),
        'inserts': lambda: timed([f'INSERT INTO shop.stored (segment_id, customer_id) SELECT {s.number}, q.* FROM ({s.query}) AS q'
                                  for s in all_segments], 'TRUNCATE shop.stored;')})
    same = psql('SELECT (SELECT count(*) FROM segmentation.membership) = (SELECT count(*) FROM shop.stored)').strip()
    if same != 't':
        sys.exit('benchmark: the stored members differ in number')
    for name, values in stored.items():
        print(f'     {name:53} {statistics.median(values):8.0f} ms')

    print('\nFigures, as ratios within a round (medians)                                  wanted')
    for times, count in ((few, 20), (many, 100)):
        wanted = count == 100
        for other, at_least in (('separate queries', 12), ('one shared query', 2)):
            value = ratio(times, other, 'rules together')
            if wanted:
                show(f'{count} rules: times faster than {other}', value, at_least, 'at least')
            else:
                print(f'{count} rules: times faster than {other:33} {value:8.2f}')
        value = ratio(times, 'rules together', 'bare aggregates')
        if wanted:
            show(f'{count} rules: time over bare aggregates', value, 1.2, 'at most')
        else:
            print(f'{f"{count} rules: time over bare aggregates":58} {value:8.2f}')
    show('one rule over its query, median of 20', statistics.median(single), 1, 'at most')
    show('one rule over its query, worst of 20', max(single), 3, 'at most')
    show('storing over 100 INSERT ... SELECT', ratio(stored, 'refresh_all', 'inserts'), 0.25, 'at most')


if __name__ == '__main__':
    main()
