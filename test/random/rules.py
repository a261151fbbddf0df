"""Random rules over a random shop: trees that can be printed and shrunk."""
import math
from decimal import Decimal

from shop import MOODS, PLACES, WORDS, name_in_rule

DATE_FORMS = ["today", "yesterday", "tomorrow", "-1d", "-7d", "-30d", "-90d", "+3d", "-60d", "-1w", "+4w", "-1m", "-12m", "-3m", "-1y", "-36h",
              "-1h", "+24h", "7_days_ago", "30_days_ago", "90_days_ago", "12_months_ago", "2025-03-30", "2026-02-28", "2024-02-29",
              "'2025-10-26'", "2025-03-30T02:30:00", "2026-01-01T00:00:00", "this_week", "last_week", "this_month", "last_month",
              "this_quarter", "last_quarter", "this_year", "last_year", "0001-01-01", "9999-12-31", "-5000y", "+90000m"]
DAY_FORMS = [f for f in DATE_FORMS if "T" not in f and not f.endswith("h")]
COMPARE = ["=", "!=", "<", "<=", ">", ">=", "<>"]


def distance_km(a, b):
    """As the formula is computed, in the same order: a distance that lies exactly on the circle."""
    degree = 0.0174532925199432957692
    u = math.sin((a[0] - b[0]) * degree / 2)
    v = math.sin((a[1] - b[1]) * degree / 2)
    h = u * u + math.cos(b[0] * degree) * math.cos(a[0] * degree) * (v * v)
    return 12742.0176 * math.asin(min(1.0, math.sqrt(h)))


class Node:
    def __init__(self, form, children=(), text=""):
        self.form, self.children, self.text = form, list(children), text

    def print(self):
        if self.form == "leaf":
            return self.text
        if self.form == "not":
            return f"NOT ({self.children[0].print()})"
        if self.form == "matches":
            return self.text + " (" + ", ".join(c.print() if c.form != "any" else f"({c.print()})" for c in self.children) + ")"
        return (" AND " if self.form == "all" else " OR ").join("(" + c.print() + ")" for c in self.children)

    def smaller(self):
        """Trees one step smaller."""
        if self.form in ("all", "any", "not"):
            yield from self.children
        if self.form in ("all", "any", "matches"):
            for i in range(len(self.children)):
                rest = self.children[:i] + self.children[i + 1:]
                if self.form == "matches" or len(rest) > 1:
                    yield Node(self.form, rest, self.text)
        for i, child in enumerate(self.children):
            for small in child.smaller():
                yield Node(self.form, self.children[:i] + [small] + self.children[i + 1:], self.text)


def quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


class Rules:
    def __init__(self, rng, shop):
        self.rng, self.shop = rng, shop

    def rule(self, depth=3):
        rng = self.rng
        roll = rng.random()
        if depth and roll < 0.25:
            return Node("all", [self.rule(depth - 1) for _ in range(rng.randint(2, 3))])
        if depth and roll < 0.45:
            return Node("any", [self.rule(depth - 1) for _ in range(rng.randint(2, 3))])
        if depth and roll < 0.55:
            return Node("not", [self.rule(depth - 1)])
        if roll < 0.8 and self.shop.sources:
            return self.source_test()
        return self.customer_test()

    # -- tests on a named value of some kind
    def number(self):
        return self.rng.choice(["0", "1", "2", "-1", "2.5", "12.40", "5", "9999999999.99", "1.000", "-0.5", "100", "0.1", "1.1", "0.30000000000000004",
                                "12345678901234567890.0123456789", "9223372036854775807", "9223372036854775808", "32767"])

    def word(self, column=None):
        return quote(self.rng.choice(MOODS if column and column.sql_type == "mood" else WORDS))

    def date_test(self, name):
        rng = self.rng
        roll = rng.random()
        if roll < 0.7:
            return f"{name} {rng.choice(COMPARE)} {rng.choice(DATE_FORMS)}"
        if roll < 0.9:
            return f"{name} {rng.choice(['', 'NOT '])}BETWEEN {rng.choice(DATE_FORMS)} AND {rng.choice(DATE_FORMS)}"
        if roll < 0.95:
            return f"age({name}) {rng.choice(COMPARE)} {rng.randint(-1, 4)}"
        return f"anniversary({name}) {rng.choice(['', 'NOT '])}BETWEEN {rng.choice(DAY_FORMS)} AND {rng.choice(DAY_FORMS)}"

    def number_test(self, name, whole=False):
        rng = self.rng
        n = (lambda: str(rng.choice([0, 0, 1, 1, 2, 3, 5]))) if whole else self.number
        roll = rng.random()
        if roll < 0.65:
            return f"{name} {rng.choice(COMPARE)} {n()}"
        if roll < 0.82:
            return f"{name} {rng.choice(['', 'NOT '])}BETWEEN {n()} AND {n()}"
        return f"{name} {rng.choice(['', 'NOT '])}IN ({', '.join(n() for _ in range(rng.randint(1, 4)))})"

    def text_test(self, name, column=None):
        rng = self.rng
        roll = rng.random()
        if roll < 0.4:
            return f"{name} {rng.choice(['=', '!='])} {self.word(column)}"
        if roll < 0.65:
            return f"{name} {rng.choice(['', 'NOT '])}IN ({', '.join(self.word(column) for _ in range(rng.randint(1, 4)))})"
        op = rng.choice(["STARTS WITH", "ENDS WITH", "CONTAINS"])
        part = rng.choice(WORDS)
        cut = rng.randint(0, len(part))
        return f"{name} {rng.choice(['', 'NOT '])}{op} {quote(rng.choice([part[:cut], part[cut:], part]))}"

    def list_test(self, name, numbers=False):
        rng = self.rng
        value = (lambda: str(rng.randint(0, 4))) if numbers else self.word
        roll = rng.random()
        negated = rng.choice(["", "NOT "])
        if roll < 0.5:
            return f"{name} {negated}CONTAINS {value()}"
        if roll < 0.9:
            return f"{name} {negated}CONTAINS {rng.choice(['ANY', 'ALL'])} ({', '.join(value() for _ in range(rng.randint(1, 3)))})"
        return f"{name} IS {negated}NULL"

    def json_test(self, name):
        rng = self.rng
        return rng.choice([
            lambda: self.number_test(name + rng.choice([".num", ".deep.num", ".txt"])),
            lambda: self.text_test(name + rng.choice([".txt", '.deep."Odd Key"', ".num", ".day"])),
            lambda: f"{name}.{rng.choice(['flag', 'num'])} {rng.choice(['=', '!='])} {rng.choice(['true', 'false'])}",
            lambda: f"{name}.{rng.choice(['day', 'txt'])} {rng.choice(['<', '<=', '>', '>='])} {rng.choice([f for f in DATE_FORMS if not f.startswith(chr(39))])}",
            lambda: f"{name}.{rng.choice(['num', 'txt', 'absent'])} IS {rng.choice(['', 'NOT '])}NULL"])()

    def field_test(self, name):
        rng = self.rng
        return rng.choice([
            lambda: self.number_test(name), lambda: self.text_test(name), lambda: f"{name} {rng.choice(['', 'NOT '])}CONTAINS {self.word()}",
            lambda: f"{name} {rng.choice(['=', '!='])} {rng.choice(['true', 'false'])}", lambda: name,
            lambda: f"{name} {rng.choice(['<', '<=', '>', '>='])} {rng.choice([f for f in DATE_FORMS if not f.startswith(chr(39))])}",
            lambda: f"age({name}) {rng.choice(COMPARE)} {rng.randint(-1, 4)}", lambda: f"{name} IS {rng.choice(['', 'NOT '])}NULL"])()

    def column_test(self, column, prefix=""):
        rng, name = self.rng, prefix + name_in_rule(column.name)
        if column.kind != "json" and rng.random() < 0.08:
            return f"{name} IS {rng.choice(['', 'NOT '])}NULL"
        if column.kind == "number":
            return self.number_test(name)
        if column.kind == "text":
            return self.text_test(name, column)
        if column.kind == "boolean":
            return rng.choice([name, f"{name} = true", f"{name} = false", f"{name} != true", f"{name} != false"])
        if column.kind in ("day", "instant", "local"):
            return self.date_test(name)
        if column.kind == "json":
            return self.json_test(name)
        return self.list_test(name, column.kind == "number_list")

    def customer_test(self):
        rng, table = self.rng, self.shop.customers
        if self.shop.placed and rng.random() < 0.15:
            return Node("leaf", text=self.distance_test())
        if self.shop.forecasts and rng.random() < 0.2:
            return Node("leaf", text=self.forecast_test())
        if rng.random() < 0.1:
            return Node("leaf", text=self.list_test("region.path"))
        if rng.random() < 0.2:
            st = rng.choice(table.sets)
            return Node("leaf", text=self.list_test(st.binding, st.columns[0].kind == "number"))
        if self.shop.fields and rng.random() < 0.3:
            return Node("leaf", text=self.field_test("extra." + rng.choice(["num", "txt", "flag", "day", '"Odd Field"', "a.b", "absent"])))
        columns = [c for c in table.columns if c.kind != "key"]
        a = rng.choice(columns)
        if rng.random() < 0.08 and a.kind in ("number", "day", "instant", "local"):
            group = ("number",) if a.kind == "number" else ("day", "instant", "local")
            return Node("leaf", text=f"{name_in_rule(a.name)} {rng.choice(COMPARE)} {name_in_rule(rng.choice(table.of_kind(*group)).name)}")
        return Node("leaf", text=self.column_test(a))

    def forecast_test(self):
        rng = self.rng
        number = rng.choice(["frequency", "recency", "age", "monetary", "probability_alive", "predicted_purchases", "predicted_spend",
                             "recency_score", "frequency_score", "monetary_score", "orders", "spend"])
        word = rng.choice(["rfm_group", "predicted_spend_tier"])
        groups = [quote(g) for g in ("PROSPECTS", "NEW", "CHAMPIONS", "DORMANT", "AT_RISK", "LOW", "MEDIUM", "HIGH")]
        return rng.choice([
            lambda: self.number_test(f"forecasts.{number}", whole=rng.random() < 0.5),
            lambda: f"forecasts.{rng.choice(['age', 'predicted_spend', 'spend'])} {rng.choice(COMPARE)} forecasts.{number}",
            lambda: self.number_test("reckoned"),
            lambda: f"forecasts.{word} {rng.choice(['', 'NOT '])}IN ({', '.join(rng.sample(groups, 3))})",
            lambda: f"forecasts.{word} {rng.choice(['=', '!='])} {rng.choice(groups)}",
            lambda: self.date_test(f"forecasts.{rng.choice(['last_order', 'observed_until'])}"),
            lambda: f"forecasts.{rng.choice([number, word, 'last_order'])} IS {rng.choice(['', 'NOT '])}NULL"])()

    def distance_test(self):
        rng = self.rng
        centre, other = rng.choice(PLACES), rng.choice(PLACES)
        by = rng.choice([0, 0, 0, 0, 0, 0, rng.gauss(0, 1)])
        centre = (max(-90, min(90, round(centre[0] + by, 6))), centre[1])
        exact = distance_km(other, centre)
        far = rng.choice([exact, exact, exact, exact, math.nextafter(exact, 0), math.nextafter(exact, 1e9), 0, 0.1, 12.5, 500, 20015.2, 1e9])
        text = format(Decimal(repr(far)), "f")
        unit = "km" if rng.random() < 0.8 else "mi"
        place = "(%s, %s)" % tuple(format(Decimal(repr(x)), "f") for x in centre)
        if rng.random() < 0.3:
            return f"customer_within_distance {rng.choice(['', 'NOT '])}MATCHES (distance_{unit} = {text}, coordinates = {place})"
        return f"customer_within_distance(coordinates: {place}, distance_{unit}: {text}) {rng.choice(['=', '!='])} {rng.choice(['true', 'false'])}"

    # -- sources
    def row_tests(self, source, depth=2):
        rng = self.rng
        roll = rng.random()
        if depth and roll < 0.12:
            return Node("any", [self.row_tests(source, depth - 1) for _ in range(2)])
        if depth and roll < 0.2:
            return Node("not", [self.row_tests(source, depth - 1)])
        if source.parent and roll < 0.4:
            return Node("leaf", text=self.column_test(rng.choice(source.parent.columns), source.parent.binding + "."))
        if source.lookups and roll < 0.6:
            product = source.lookups[0]
            pick = rng.random()
            if pick < 0.4:
                return Node("leaf", text=self.column_test(rng.choice(product.columns), "product."))
            if pick < 0.6:
                return Node("leaf", text=self.column_test(rng.choice(product.lookups[0].columns), "category."))
            if pick < 0.8:
                path = rng.choice(["category.path", "category.path", "product.category.path"])
                return Node("leaf", text=rng.choice([self.list_test(path), f"{path} {rng.choice(['=', '!='])} {self.word()}",
                                                     f"{path} {rng.choice(['', 'NOT '])}IN ({self.word()}, {self.word()})"]))
            return Node("leaf", text=rng.choice([self.list_test("product_labels"), f"product_labels {rng.choice(['=', '!='])} {self.word()}",
                                                 f"product_labels {rng.choice(['', 'NOT '])}IN ({self.word()}, {self.word()})"]))
        if self.dated(source) and roll < 0.75:
            return Node("leaf", text=self.date_test("date"))
        return Node("leaf", text=self.column_test(rng.choice(source.columns)))

    def dated(self, source):
        return source.date or (source.parent and source.parent.date)

    def aggregate_test(self, source):
        rng = self.rng
        numbers, dates = source.of_kind("number"), source.of_kind("day", "instant", "local")
        roll = rng.random()
        if numbers and roll < 0.5:
            c = name_in_rule(rng.choice(numbers).name)
            return self.number_test(f"{rng.choice(['sum', 'avg', 'min', 'max'])}({c})")
        if dates and roll < 0.6:
            return self.date_test(f"{rng.choice(['min', 'max'])}({name_in_rule(rng.choice(dates).name)})")
        if roll < 0.68 and (test := self.listed(source, "", "")):
            return test
        if self.dated(source) and roll < 0.78:
            return self.number_test(rng.choice(["days", "weeks", "months"]), whole=True)
        return self.number_test("count", whole=True)

    def source_test(self):
        rng = self.rng
        source = rng.choice(self.shop.sources)
        if rng.random() < 0.3:
            return Node("leaf", text=self.value_test(source))
        conditions = []
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            conditions.append(self.row_tests(source))
        if rng.random() < 0.5:
            conditions.append(Node("leaf", text=self.aggregate_test(source)))
        return Node("matches", unique(conditions), f"{source.binding} {rng.choice(['', '', 'NOT '])}MATCHES")

    def value_test(self, source):
        """An aggregate as a value: sum(orders.total MATCHES (..)) > 5."""
        rng, b = self.rng, source.binding
        inner = ""
        if rng.random() < 0.5:
            inner = " MATCHES (" + ", ".join(n.print() if n.form != "any" else f"({n.print()})" for n in unique([self.row_tests(source, 1) for _ in range(rng.choice([1, 2]))])) + ")"
        numbers, dates, texts = source.of_kind("number"), source.of_kind("day", "instant", "local"), source.of_kind("text")
        if rng.random() < 0.25 and (test := self.listed(source, b + ".", inner)):
            return test
        roll = rng.random()
        if numbers and roll < 0.35:
            return self.number_test(f"{rng.choice(['sum', 'avg', 'min', 'max', 'first', 'last', 'mode'])}({b}.{name_in_rule(rng.choice(numbers).name)}{inner})") \
                if self.dated(source) else self.number_test(f"{rng.choice(['sum', 'avg', 'min', 'max'])}({b}.{name_in_rule(rng.choice(numbers).name)}{inner})")
        if dates and roll < 0.5:
            return self.date_test(f"{rng.choice(['min', 'max'])}({b}.{name_in_rule(rng.choice(dates).name)}{inner})")
        if texts and roll < 0.65 and self.dated(source):
            c = rng.choice(texts)
            return self.text_test(f"{rng.choice(['first', 'last', 'mode'])}({b}.{name_in_rule(c.name)}{inner})", c)
        if roll < 0.8:
            plain = numbers + texts + dates
            if plain:
                return self.number_test(f"count(DISTINCT {b}.{name_in_rule(rng.choice(plain).name)}{inner})", whole=True)
        return self.number_test(f"count({b}{inner})", whole=True)


    def list_of(self, source, prefix, inner):
        """list(source.column) and whether it is tested with numbers: of own columns, those of parents and lookups, lists that the row has; None where none will do."""
        rng = self.rng
        columns = [("", c) for c in source.columns] + ([(source.parent.binding + ".", c) for c in source.parent.columns] if source.parent else [])
        for product in source.lookups[:1]:
            columns += [("product.", c) for c in product.columns] + [("category.", c) for c in product.lookups[0].columns]
            if rng.random() < 0.5:
                return f"list({prefix}product_labels{inner})", False
        columns = [(of, c) for of, c in columns if c.kind in ("number", "text", "json", "text_list", "number_list")]
        if not columns:
            return None
        of, column = rng.choice(columns)
        key = rng.choice([".num", ".txt", '.deep."Odd Key"', ".absent", ".words"]) if column.kind == "json" else ""
        numbers = column.kind in ("number", "number_list") or (column.kind == "json" and rng.random() < 0.4)
        return f"list({prefix}{of}{name_in_rule(column.name)}{key}{inner})", numbers

    def listed(self, source, prefix, inner):
        found = self.list_of(source, prefix, inner)
        return found and self.list_test(*found)

    def some_list(self):
        """A list as a value of the customer, for SHOW."""
        source = self.rng.choice(self.shop.sources)
        inner = f" MATCHES ({self.row_tests(source, 0).print()})" if self.rng.random() < 0.4 else ""
        found = self.list_of(source, source.binding + ".", inner)
        return found and found[0]


def unique(conditions):
    """Drops conditions on a name that is tested already: Shopify's comma form refuses a parameter given twice."""
    seen, out = set(), []
    for c in conditions:
        plain = c
        while plain.form == "not" and plain.children[0].form == "not":  # which the parser takes away
            plain = plain.children[0].children[0]
        head = plain.text.split(" ")[0] if plain.form == "leaf" else None
        if head is None or head not in seen:
            seen.add(head)
            out.append(c)
    return out
