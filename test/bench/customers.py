"""A customer with a long history, who is hard on whoever keeps members."""

import statistics

from figures import ratios, turns
from server import each_time

LONG, SHORT, SHORT_ONES = 50000, 5, 2000

# One order with its line in one statement.
ORDER = ("WITH o AS (INSERT INTO shop.orders (customer_id, status, paid, total, created_at) VALUES ({customer}, 'shipped', true, 30, {at}) "
         "RETURNING id) INSERT INTO shop.lines SELECT id, 7, 'category 8', 'brand 7', 1, 30 FROM o")


def long_history(bench, kept):
    """A customer with 50,000 orders against many with 5, one client: an order, a correction, and the first order after a window's edge."""
    newest = int(kept.psql('SELECT max(id) FROM shop.customers'))
    small = {'first': newest + 1, 'last': newest + SHORT_ONES}
    long = {'first': newest + SHORT_ONES + 1, 'last': newest + SHORT_ONES + 1}
    kept.psql(f"INSERT INTO shop.customers (id, name, country, city, accepts_marketing, channel, registered_at) SELECT id, 'New ' || id, 'BG', "
              f"'city 0', true, 'messenger', now() - interval '1800 days' FROM generate_series({small['first']}, {long['last']}) AS id")
    before = int(kept.psql('SELECT max(id) FROM shop.orders'))
    bring(kept, small, SHORT)
    middle = int(kept.psql('SELECT max(id) FROM shop.orders'))
    bring(kept, long, LONG)
    after = int(kept.psql('SELECT max(id) FROM shop.orders'))
    kept.tidy()

    slices = turns(bench.rounds, {'small': lambda: bench.slice(kept, 'order.sql', 1, small), 'long': lambda: bench.slice(kept, 'order.sql', 1, long)})
    bench.compare(f'{kept.name}: an order of a customer with 5 over with 50,000, in time', slices['small'], slices['long'], 2, 'at most')
    slices = turns(bench.rounds, {
        'small': lambda: bench.slice(kept, 'change.sql', 1, {'first': before + 1, 'last': middle}),
        'long': lambda: bench.slice(kept, 'change.sql', 1, {'first': middle + 1, 'last': after})})
    bench.compare(f'{kept.name}: a correction of an order, 5 orders to 50,000, in time', slices['small'], slices['long'])

    # Hours are the finest window: the first of two orders leaves it a second later, and the next order finds that out.
    kept.psql("SELECT segmentation.create_segment('at the edge', 'orders MATCHES (date >= -36h, count >= 3)')")
    edges = turns(bench.rounds, {'small': lambda: edge(kept, small['first']), 'long': lambda: edge(kept, long['first'])})
    for who, title in (('small', '5'), ('long', '50,000')):
        bench.figures.add(f'{kept.name}: first order after a window\'s edge over the next, {title} orders', ratios(*zip(*edges[who])))
    bench.figures.add(f'{kept.name}: first order after a window\'s edge, 50,000 orders over 5',
                      ratios([first for first, _ in edges['long']], [first for first, _ in edges['small']]))
    kept.psql("SELECT segmentation.drop_segment('at the edge')")


def bring(shop, customers, count):
    """Gives each of the customers so many orders of the last five years, with a line each."""
    shop.psql(f"""WITH o AS (
  INSERT INTO shop.orders (customer_id, status, paid, total, created_at)
  SELECT c, CASE WHEN n % 20 = 0 THEN 'returned' ELSE 'shipped' END, true, 5 + (c * 31 + n * 17) % 200, now() - interval '1 hour' * (48 + (c + n * 7919) % 43000)
  FROM generate_series({customers['first']}, {customers['last']}) AS c, generate_series(1, {count}) AS n RETURNING id)
INSERT INTO shop.lines SELECT id, 1 + id % 5000, 'category ' || (1 + id % 40), 'brand ' || id % 60, 1 + id % 3, 2 + id % 60 FROM o""")


def edge(shop, customer):
    """Returns the milliseconds of the first order after a window's edge, and of a usual one after it."""
    usual = ORDER.format(customer=customer, at='now()')
    shop.psql(ORDER.format(customer=customer, at="now() - interval '36 hours' + interval '1 second'"))
    somebody = ORDER.format(customer=1, at='now()') + ';\n'  # makes the session and the processor warm again after the sleep
    first, *others = each_time([usual] * 4, somebody + 'SELECT pg_sleep(1.2);\n' + somebody * 5, database=shop.database)
    return first, statistics.median(others)
