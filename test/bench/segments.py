"""Twenty segments, each in five variants, in three spellings: a rule, the SQL query that a person would write for it,
and a condition over one wide row per customer, for a query that computes all of them in one pass.

The first variants are the 20; all variants are the 100. Every spelling of one has the same members.
"""

import datetime


class Segment:
    """One segment: its number, name, rule, own query (customer ids), and condition over the wide row."""

    def __init__(self, number, name, rule, query, condition):
        self.number, self.name, self.rule, self.query, self.condition = number, name, rule, query, condition


class Wide:
    """The aggregates that conditions ask for, each computed once: source -> {expression: column}."""

    def __init__(self):
        self.columns = {source: {} for source in ('orders', 'lines', 'tags', 'carts', 'social')}

    def of(self, source, expression):
        """Returns the wide row's name for an aggregate over a source."""
        columns = self.columns[source]
        return columns.setdefault(expression, f'{source}_{len(columns) + 1}')

    def select(self, outputs):
        """Returns one query that reads each source once, joins, and selects the outputs."""
        def list_of(source):
            return ', '.join(f'{expression} AS {name}' for expression, name in self.columns[source].items())
        joins = []
        for source, alias in (('orders', 'o'), ('tags', 't'), ('carts', 'a'), ('social', 's')):
            if self.columns[source]:
                joins.append(f'LEFT JOIN (SELECT customer_id, {list_of(source)} FROM shop.{source} GROUP BY customer_id) '
                             f'AS {alias} ON {alias}.customer_id = c.id')
        if self.columns['lines']:
            joins.append(f'LEFT JOIN (SELECT orders.customer_id, {list_of("lines")} FROM shop.orders JOIN shop.lines '
                         'ON lines.order_id = orders.id GROUP BY orders.customer_id) AS l ON l.customer_id = c.id')
        return f'SELECT {outputs} FROM shop.customers AS c\n' + '\n'.join(joins)


def define(today, variants):
    """Returns the segments as of a day (in UTC, the shop's zone), `variants` of each, and their Wide."""
    wide = Wide()
    segments = []

    def day(days):
        return f"timestamptz '{today - datetime.timedelta(days=days)} 00:00+00'"

    def years_ago(years):
        year = today.year - years
        try:
            return f"date '{today.replace(year=year)}'"
        except ValueError:  # 29 February
            return f"date '{today.replace(year=year, day=28)}'"

    def add(base, variant, rule, query, condition):
        segments.append(Segment(base * 10 + variant, f'segment {base:02}.{variant + 1}', rule, query, condition))

    def orders(expression):
        return wide.of('orders', expression)

    def lines(expression):
        return wide.of('lines', expression)

    paid = 'sum(total) FILTER (WHERE paid)'
    by_customer = 'SELECT customer_id FROM shop.orders'
    line_query = 'SELECT o.customer_id FROM shop.orders AS o JOIN shop.lines AS l ON l.order_id = o.id'
    for v in range(variants):
        n = (5, 10, 20, 50, 100)[v]
        add(1, v, f'count(orders) >= {n}',
            f'{by_customer} GROUP BY customer_id HAVING count(*) >= {n}', f'{orders("count(*)")} >= {n}')

        a, b = ((100, 500), (500, 2000), (50, 200), (1000, 5000), (200, 1000))[v]
        add(2, v, f'sum(orders.total MATCHES (paid)) BETWEEN {a} AND {b}',
            f'{by_customer} WHERE paid GROUP BY customer_id HAVING sum(total) BETWEEN {a} AND {b}',
            f'{orders(paid)} BETWEEN {a} AND {b}')

        d, m = ((60, 100), (90, 200), (30, 50), (180, 100), (120, 300))[v]
        add(3, v, f'max(orders.created_at) < -{d}d AND sum(orders.total MATCHES (paid)) > {m}',
            f'{by_customer} GROUP BY customer_id HAVING max(created_at) < {day(d)} AND {paid} > {m}',
            f'{orders("max(created_at)")} < {day(d)} AND {orders(paid)} > {m}')

        d = (30, 7, 14, 60, 90)[v]
        add(4, v, f'registered_at >= -{d}d', f'SELECT id FROM shop.customers WHERE registered_at >= {day(d)}',
            f'c.registered_at >= {day(d)}')

        x = (50, 40, 60, 80, 35)[v]
        add(5, v, f'avg(orders.total) > {x}', f'{by_customer} GROUP BY customer_id HAVING avg(total) > {x}',
            f'{orders("avg(total)")} > {x}')

        x, y = (f"'category {c}'" for c in ((3, 7), (1, 12), (20, 21), (5, 33), (8, 40))[v])
        add(6, v, f'lines MATCHES (category = {x}) AND lines MATCHES (category = {y})',
            f'{line_query} WHERE l.category IN ({x}, {y}) GROUP BY o.customer_id HAVING count(DISTINCT l.category) = 2',
            ' AND '.join(lines(f'bool_or(lines.category = {c})') for c in (x, y)))

        tag = ('vip', 'wholesale', 'newsletter', 'complaint', 'tag10')[v]
        add(7, v, f"tags CONTAINS '{tag}'", f"SELECT customer_id FROM shop.tags WHERE tag = '{tag}'",
            wide.of('tags', f"bool_or(tag = '{tag}')"))

        place = ("country = 'BG' AND city = 'city 0'", "country = 'BG'", "country = 'RO'", "city IN ('city 1', 'city 11')",
                 "city STARTS WITH 'city 4'")[v]
        sql_place = place.replace("STARTS WITH 'city 4'", "LIKE 'city 4%'")
        add(8, v, place, f'SELECT id FROM shop.customers WHERE {sql_place}', sql_place)

        n = (0, 1, 2, 4, 9)[v]
        add(9, v, f'accepts_marketing AND count(orders) > {n}',
            'SELECT c.id FROM shop.customers AS c JOIN shop.orders AS o ON o.customer_id = c.id WHERE c.accepts_marketing '
            f'GROUP BY c.id HAVING count(*) > {n}', f'c.accepts_marketing AND {orders("count(*)")} > {n}')

        d = (7, 3, 14, 30, 1)[v]
        add(10, v, f'carts MATCHES (date >= -{d}d)',
            f'SELECT DISTINCT customer_id FROM shop.carts WHERE abandoned_at >= {day(d)}',
            f'{wide.of("carts", "max(abandoned_at)")} >= {day(d)}')

        d = (7, 1, 3, 14, 30)[v]
        near = sorted({(today + datetime.timedelta(days=i)).strftime('%m%d') for i in range(1, d + 1)})
        if '0228' in near and '0229' not in near and today.year % 4:
            near.append('0229')  # counts as the 28th in other years
        birthday = "to_char(birth_date, 'MMDD') IN (" + ', '.join(f"'{x}'" for x in near) + ')'
        add(11, v, f'anniversary(birth_date) BETWEEN tomorrow AND +{d}d',
            f'SELECT id FROM shop.customers WHERE {birthday}', birthday)

        n, d = ((2, 180), (2, 365), (3, 365), (1, 90), (5, 365))[v]
        recent = orders(f'count(*) FILTER (WHERE created_at >= {day(d)})')
        add(12, v, f'orders MATCHES (date >= -{d}d, count < {n})',
            'SELECT c.id FROM shop.customers AS c LEFT JOIN shop.orders AS o ON o.customer_id = c.id '
            f'AND o.created_at >= {day(d)} GROUP BY c.id HAVING count(o.id) < {n}', f'coalesce({recent}, 0) < {n}')

        of_order = ("status = 'returned'", "status = 'cancelled'", "status = 'pending'", "status = 'returned' AND total > 50",
                    "status = 'cancelled' AND total > 50")[v]
        add(13, v, f'orders MATCHES ({of_order})', f'SELECT DISTINCT customer_id FROM shop.orders WHERE {of_order}',
            orders(f'bool_or({of_order})'))

        account = ('', "provider = 'facebook'", "provider = 'google'", "provider = 'apple'", "provider = 'viber'")[v]
        add(14, v, f'social MATCHES ({account})',
            f'SELECT DISTINCT customer_id FROM shop.social WHERE {account or "true"}',
            wide.of('social', f'bool_or({account or "true"})'))

        pet = ('cat', 'dog', 'bird', 'fish', 'none')[v]
        add(15, v, f"extra.pet = '{pet}'", f"SELECT id FROM shop.customers WHERE extra->>'pet' = '{pet}'",
            f"extra->>'pet' = '{pet}'")

        n, m = ((0, 10), (1, 50), (2, 100), (4, 200), (9, 500))[v]
        add(16, v, f"channel = 'messenger' AND count(orders) > {n} AND sum(orders.total MATCHES (paid)) > {m}",
            f"SELECT c.id FROM shop.customers AS c JOIN (SELECT customer_id FROM shop.orders GROUP BY customer_id "
            f"HAVING count(*) > {n} AND {paid} > {m}) AS o ON o.customer_id = c.id WHERE c.channel = 'messenger'",
            f"c.channel = 'messenger' AND {orders('count(*)')} > {n} AND {orders(paid)} > {m}")

        b, n, d = ((5, 2, 365), (7, 3, 365), (11, 1, 180), (13, 1, 90), (30, 5, 365))[v]
        units = lines(f"sum(lines.quantity) FILTER (WHERE lines.brand = 'brand {b}' AND orders.created_at >= {day(d)})")
        add(17, v, f"lines MATCHES (brand = 'brand {b}', date >= -{d}d, sum_quantity >= {n})",
            f"{line_query} WHERE l.brand = 'brand {b}' AND o.created_at >= {day(d)} GROUP BY o.customer_id "
            f'HAVING sum(l.quantity) >= {n}', f'{units} >= {n}')

        m, d = ((300, 365), (100, 90), (500, 365), (50, 30), (1000, 365))[v]
        recent = orders(f'sum(total) FILTER (WHERE paid AND created_at >= {day(d)})')
        add(18, v, f'orders MATCHES (paid = true, date >= -{d}d, sum_total > {m})',
            f'{by_customer} WHERE paid AND created_at >= {day(d)} GROUP BY customer_id HAVING sum(total) > {m}', f'{recent} > {m}')

        d = (90, 30, 60, 180, 365)[v]
        add(19, v, f'organization IS NOT NULL AND orders MATCHES (date >= -{d}d)',
            'SELECT c.id FROM shop.customers AS c WHERE c.organization IS NOT NULL AND EXISTS '
            f'(SELECT FROM shop.orders AS o WHERE o.customer_id = c.id AND o.created_at >= {day(d)})',
            f'c.organization IS NOT NULL AND {orders("max(created_at)")} >= {day(d)}')

        a, b = ((25, 34), (18, 24), (35, 44), (45, 59), (60, 79))[v]
        woman = f"c.gender = 'f' AND c.birth_date > {years_ago(b + 1)} AND c.birth_date <= {years_ago(a)}"
        staff = wide.of('tags', "bool_or(tag = 'staff')")
        add(20, v, f"gender = 'f' AND age(birth_date) BETWEEN {a} AND {b} AND NOT tags CONTAINS 'staff'",
            f"SELECT c.id FROM shop.customers AS c WHERE {woman} AND NOT EXISTS "
            "(SELECT FROM shop.tags AS t WHERE t.customer_id = c.id AND t.tag = 'staff')",
            f'{woman} AND NOT coalesce({staff}, false)')
    segments.sort(key=lambda segment: segment.number)
    return segments, wide
