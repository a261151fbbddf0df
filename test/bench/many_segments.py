"""A thousand segments in two manners, as rules only; what rules mean is compared with SQL by segments.py's hundred.

thresholds(50): fifty thresholds of each of the twenty segments, so that many rules share their measures or nearly do.
distinct(1000): rules of many shapes, hardly any two of which ask for the same measure.

Both are the same every time. Thresholds are chosen so that segments are mostly small, as those of a shop are that has a thousand.
"""

import itertools
import random


def thresholds(count):
    """Returns name -> rule: the first `count` (50 at most) thresholds of each of the twenty."""
    def grid(*axes):
        """All combinations, in an order in which the first few differ in everything."""
        cells = list(itertools.product(*axes))
        random.Random(len(cells)).shuffle(cells)
        return cells

    days = [7, 14, 30, 45, 60, 90, 120, 180, 270, 365]
    cities = [f"city = 'city {i}'" for i in range(40)]
    countries = 'BG RO PL GR HU CZ SK HR RS DE'.split()
    tags = ['vip', 'staff', 'wholesale', 'newsletter', 'complaint'] + [f'tag{i}' for i in range(6, 31)]
    statuses = ['returned', 'cancelled', 'pending', 'shipped']
    accounts = ['facebook', 'google', 'apple', 'viber']
    pets = ['cat', 'dog', 'bird', 'fish', 'none']
    rules = [
        [f'count(orders) >= {n}' for n in range(12, 112, 2)],
        [f'sum(orders.total MATCHES (paid)) BETWEEN {a} AND {a + b}' for a, b in
         grid((100, 200, 300, 400, 500, 700, 1000, 1500, 2000, 3000), (50, 100, 150, 200, 250))],
        [f'max(orders.created_at) < -{d}d AND sum(orders.total MATCHES (paid)) > {m}' for d, m in
         grid(days, (500, 800, 1000, 1500, 2000))],
        [f'registered_at >= -{d}d' for d in range(1, 51)],
        [f'avg(orders.total) > {x}' for x in range(70, 120)],
        [f"lines MATCHES (category = 'category {a}') AND lines MATCHES (category = 'category {b}')" for a, b in
         grid(range(16, 26), range(31, 36))],
        [f"tags CONTAINS '{tag}'" for tag in tags] +
        [f"tags CONTAINS ANY ('{a}', '{b}')" for a, b in zip(tags[5:], tags[6:])],
        cities + [f"country = '{c}' AND city STARTS WITH 'city 1'" for c in countries],
        [f'accepts_marketing AND count(orders) > {n}' for n in range(15, 65)],
        [f'carts MATCHES (date >= -{d}d)' for d in range(1, 51)],
        [f'anniversary(birth_date) BETWEEN tomorrow AND +{d}d' for d in range(1, 51)],
        # Its kind has large members by nature; a country keeps them smaller.
        [f"country = '{c}' AND orders MATCHES (date >= -{d}d, count < {n})" for c, (d, n) in
         zip(countries * 5, grid(days, (1, 2, 3, 4, 5)))],
        [f"orders MATCHES (status = '{s}', total > {m})" for s, m in grid(statuses, range(60, 190, 10))],
        [f"social MATCHES (provider = '{a}') AND count(orders) >= {n}" for a, n in grid(accounts, range(1, 14))],
        [f"extra.pet = '{p}' AND country = '{c}'" for p, c in grid(pets, countries)],
        [f"channel = 'messenger' AND count(orders) > {n} AND sum(orders.total MATCHES (paid)) > {m}" for n, m in
         grid(range(5, 15), (100, 200, 300, 400, 500))],
        [f"lines MATCHES (brand = 'brand {b}', date >= -{d}d, sum_quantity >= {n})" for b, d, n in
         grid(range(0, 60, 6), (90, 365), (2, 3, 4))],
        [f'orders MATCHES (paid = true, date >= -{d}d, sum_total > {m})' for d, m in grid(days, (200, 300, 400, 500, 700))],
        [f"organization IS NOT NULL AND orders MATCHES (date >= -{d}d)" for d in range(2, 102, 2)],
        [f"gender = '{g}' AND age(birth_date) BETWEEN {a} AND {a + 1} AND NOT tags CONTAINS 'staff'" for g, a in
         grid('fm', range(18, 68, 2))],
    ]
    return {f'threshold {base:02}.{i + 1:02}': rule for base, of_base in enumerate(rules, 1) for i, rule in enumerate(of_base[:count])}


def distinct(count):
    """Returns name -> rule: as many rules that differ in what they measure, not in their thresholds alone."""
    dice = random.Random(20)

    def pick(*choices):
        return dice.choice(choices)

    def days():
        return f'-{dice.randint(5, 400)}d'

    def period():
        start = dice.randint(30, 500)
        return pick(f'date >= {days()}', f'date BETWEEN -{start}d AND -{dice.randint(1, start - 10)}d', f'date < {days()}')

    def status():
        return pick("status = 'shipped'", "status = 'returned'", "status != 'cancelled'", "status IN ('pending', 'shipped')", 'paid = true')

    def price():
        return f'price {pick(">", "<=")} {dice.randint(5, 60)}'

    def goods():
        return pick(f"category = 'category {dice.randint(1, 40)}'", f"brand = 'brand {dice.randrange(60)}'",
                    f'product_id BETWEEN {dice.randint(1, 2000)} AND {dice.randint(2001, 5000)}')

    shapes = [
        lambda: f'sum(orders.total MATCHES ({status()}, {period()})) > {dice.randint(100, 900)}',
        lambda: f'count(orders MATCHES (total > {dice.randint(20, 200)}, {period()})) >= {dice.randint(2, 6)}',
        lambda: f'avg(orders.total MATCHES ({status()}, {period()})) > {dice.randint(40, 90)}',
        lambda: f'max(orders.total MATCHES ({period()})) > {dice.randint(100, 400)}',
        lambda: f'min(orders.total MATCHES ({status()}, {period()})) > {dice.randint(30, 80)}',
        lambda: f'orders MATCHES ({status()}, {period()}, total > {dice.randint(10, 150)}, count >= {dice.randint(2, 5)})',
        lambda: f'orders MATCHES ({period()}, months >= {dice.randint(3, 8)}, sum_total BETWEEN 300 AND {dice.randint(400, 2000)})',
        lambda: f'orders NOT MATCHES ({status()}, {period()}) AND count(orders) >= {dice.randint(8, 20)}',
        lambda: f'max(orders.created_at MATCHES (total > {dice.randint(20, 150)})) < {days()} AND accepts_marketing',
        lambda: f'lines MATCHES ({goods()}, {period()}, {price()})',
        lambda: f'lines MATCHES ({goods()}, {period()}, sum_quantity >= {dice.randint(2, 6)})',
        lambda: f'sum(lines.price MATCHES ({goods()}, {period()})) > {dice.randint(50, 200)}',
        lambda: f'count(DISTINCT lines.brand MATCHES ({price()}, {period()})) >= {dice.randint(4, 9)}',
        lambda: f'count(lines MATCHES ({goods()}, {price()})) >= {dice.randint(2, 6)}',
        lambda: f'lines MATCHES ({goods()}, orders.{status()}) AND lines NOT MATCHES ({goods()}, {price()})',
        lambda: f"last(orders.status MATCHES (total > {dice.randint(10, 200)})) = '{pick('returned', 'cancelled', 'pending')}'",
        lambda: f"first(lines.category MATCHES ({price()}, {period()})) = 'category {dice.randint(1, 40)}'",
        lambda: f"mode(lines.brand MATCHES ({price()}, {period()})) = 'brand {dice.randrange(60)}'",
        lambda: f'sum(carts.total MATCHES (total > {dice.randint(10, 150)}, date >= -{dice.randint(3, 90)}d)) > {dice.randint(50, 250)}',
        lambda: f"country = '{pick('BG', 'RO', 'PL', 'GR')}' AND sum(orders.total MATCHES ({period()})) > sum(orders.total MATCHES ({period()}))",
    ]
    rules = {}
    for shape in itertools.cycle(shapes):
        rules.setdefault(shape(), f'distinct {len(rules) + 1:04}')
        if len(rules) == count:
            return {name: rule for rule, name in rules.items()}
