"""The segments of a run: one of each kind that upkeep may get wrong, and random ones by test/random's generator."""
import re

from rules import Rules

FIXED = [
    "count(orders) >= 3",
    "orders MATCHES (count >= 2, status = 'paid')",
    "count(orders MATCHES (status = 'vip')) = 0",
    "sum(orders.total) > 20",
    "sum(orders.total MATCHES (status IN ('paid', 'a'))) BETWEEN 0 AND 40",
    "avg(orders.total) < 9.5",
    "min(orders.total) < 0",
    "max(orders.total) > 20",
    "min(orders.created_at) < -60d",
    "max(orders.created_at) >= -30d",
    "first(orders.status) = 'paid'",
    "last(orders.status) IN ('paid', 'sofia')",
    "last(orders.total) > first(orders.total)",
    "mode(orders.status) = 'paid'",
    "count(DISTINCT orders.status) >= 3",
    "count(DISTINCT orders.qty MATCHES (paid)) >= 2",
    "orders MATCHES (date > -90d, count >= 2)",
    "orders MATCHES (date BETWEEN -90d AND -30d, sum_total > 5)",
    "orders MATCHES (date BETWEEN 2024-01-01 AND 2026-12-31, months >= 3)",
    "orders MATCHES (days >= 4)",
    "orders NOT MATCHES (date > -60d)",
    "orders MATCHES (date >= -36h)",
    "sum(orders.total MATCHES (date > -48h)) > 3",
    "orders NOT MATCHES (paid = true, qty > 1)",
    "orders MATCHES (extra.num > 1)",
    "items MATCHES (count >= 5)",
    "sum(items.quantity) > 8",
    "sum(items.cost) > 30",
    "max(items.price) > 10",
    "items MATCHES (product.name = 'a')",
    "items MATCHES (category.title = 'b', orders.status = 'paid')",
    "items NOT MATCHES (above.title = 'a')",
    "items MATCHES (category.path CONTAINS 'a', count >= 2)",
    "items NOT MATCHES (category.path = 'b', quantity > 0)",
    "count(DISTINCT items.category.title) >= 2",
    "count(DISTINCT items.product_id) >= 3",
    "sum(items.quantity MATCHES (category.level > 1)) > 2",
    "items MATCHES (product_labels CONTAINS 'vip')",
    "items MATCHES (product_labels != 'b', date > -90d)",
    "items MATCHES (product.price > 5, distinct_product_id >= 2)",
    "min(items.product.price) < 3",
    "last(items.colour) = 'a'",
    "first(items.product.name) != 'b'",
    "mode(items.category.title) = 'a'",
    "list(items.category.title) CONTAINS ALL ('a', 'B')",
    "list(items.product_labels MATCHES (date > -90d)) NOT CONTAINS 'vip'",
    "list(orders.status MATCHES (paid)) IS NULL AND orders MATCHES ()",
    "carts MATCHES (date > -7d) AND orders NOT MATCHES (date > -7d)",
    "sum(carts.amount) > 5",
    "avg(carts.amount MATCHES (state = 'a')) > 1",
    "last(carts.at) > -2h",
    "customer_labels CONTAINS 'vip'",
    "customer_labels NOT CONTAINS 'a' AND scores CONTAINS ANY (1, 2)",
    "customer_labels CONTAINS ALL ('a', 'vip')",
    "extra.num > 1 OR extra.flag = true",
    "extra.txt IS NULL",
    "points > 1",
    "vip AND words CONTAINS 'a'",
    "meta.num >= 1 AND name != 'a'",
    "age(born) >= 1",
    "points > count(orders)",
    "spent > 15 AND is_regular",
    "average < 12",
    "placed MATCHES (sum_value > 10)",
]
FIXED_RETURNS = ["returns MATCHES (count >= 2)", "sum(returns.cost) > 3", "returns MATCHES (category.title = 'a')", "items NOT MATCHES (price > 100) AND count(returns) = 0"]
DEFINE = """
SELECT segmentation.define_attribute('spent', 'sum(orders.total) - sum(orders.total MATCHES (status = ''cart''))');
SELECT segmentation.define_attribute('average', 'spent / count(orders MATCHES (paid = true))');
SELECT segmentation.define_attribute('is_regular', 'orders MATCHES (status != ''a'', count >= 2)');
SELECT segmentation.define_source('placed', 'orders', '{"value": "total"}', 'status != ''sofia''');
"""


UNKEPT = re.compile(r"DISTINCT|distinct_|\bmode\(|\b(days|weeks|months) ")
SHARED = re.compile(r"\b(product|category|above|product_labels)\b(?!_id)")


def allowed(tables, rule):
    """Tells whether a rule may be used in this shop: some go without what keeps measures from being kept, without lookups or computed columns."""
    names = {"orders": r"\borders\b|\bplaced\b|\bspent\b|\baverage\b", "items": r"\bitems\b", "carts": r"\bcarts\b", "returns": r"\breturns\b"}
    if UNKEPT.search(rule) and any(re.search(names[name], rule) for name in tables.simple):
        return False
    return (tables.shared or not SHARED.search(rule)) and (tables.computed or "items.cost" not in rule)


def random_rule(rng, tables):
    while True:
        rule = Rules(rng, tables).rule().print()
        if allowed(tables, rule):
            return rule


def fixed_rule(rng, tables):
    return rng.choice([rule for rule in FIXED if allowed(tables, rule)])


def nested_rules(rng, names):
    """Rules that name other segments."""
    quote = lambda name: "'" + name.replace("'", "''") + "'"
    a, b, c = (quote(n) for n in rng.sample(names, 3))
    return [f"segments CONTAINS {a}", f"segments NOT CONTAINS {b} AND orders MATCHES ()", f"segments CONTAINS ANY ({a}, {c}) OR NOT segments CONTAINS ALL ({b}, {c})"]


def choose(rng, tables, fixed, drawn):
    """Returns names and rules."""
    good = [rule for rule in FIXED + (FIXED_RETURNS if tables.third_level else []) if allowed(tables, rule)]
    rules = rng.sample(good, min(fixed, len(good)))
    rules += [random_rule(rng, tables) for _ in range(drawn)]
    named = [(f"s{i}", rule) for i, rule in enumerate(rules)]
    nested = nested_rules(rng, [n for n, _ in named])
    return named + [(f"n{i}", rule) for i, rule in enumerate(nested)]
