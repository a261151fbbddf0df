"""Random shops: tables of every kind that can be bound, with the data that breaks naive code."""
import copy
import json
import random

KEY_TYPES = ["integer", "bigint", "uuid", "text"]
NUMBERS = ["smallint", "integer", "bigint", "numeric", "numeric(12,2)", "numeric(30,10)", "real", "double precision"]
TEXTS = ["text", "varchar(30)", "char(8)", "mood"]
ZONES = ["UTC", "Europe/Sofia", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia",
         "Australia/Lord_Howe", "Pacific/Kiritimati"]
WORDS = ["a", "b", "Sofia", "sofia", "СОФИЯ", "София", "", "o'clock", "back\\slash", "straße", "STRASSE", "İstanbul",
         "100%", "x_y", "vip", "VIP", "  padded ", "ΣΑΣ", "line\nbreak", '"quoted"', "日本"]
# Ottawa, Sofia, Greenwich, both poles, both sides of the date line, and where all three zeros meet.
PLACES = [(45.42, -75.69), (42.6977, 23.3219), (51.4778, -0.0015), (90, 0), (-90, 180), (0, 180), (0, -180), (-17.8, 179.9), (-17.8, -179.9), (0, 0)]
MOODS = ["happy", "Sad", "so so"]


class Column:
    def __init__(self, name, kind, sql_type):
        self.name, self.kind, self.sql_type = name, kind, sql_type
        self.part_of_place = None   # 0 where its numbers are latitudes, 1 for longitudes


class Table:
    def __init__(self, binding, name, columns):
        self.binding, self.name, self.columns = binding, name, columns
        self.lookups, self.sets, self.parent, self.date = [], [], None, None
        self.rows = []

    def of_kind(self, *kinds):
        return [c for c in self.columns if c.kind in kinds]


def literal(text):
    return "'" + text.replace("'", "''") + "'" if "\\" not in text else "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def ident(name):
    return '"' + name.replace('"', '""') + '"'


class Shop:
    def __init__(self, rng, name):
        self.rng, self.name = rng, name
        self.zone = rng.choice(ZONES)
        self.key_type = rng.choice(KEY_TYPES)
        odd = rng.random() < 0.4
        self.odd = odd
        self.customers = Table("customers", "Клиенти" if odd else "customers",
                               [Column("Customer Id" if odd else "id", "key", self.key_type)]
                               + self.columns("c", full=True))
        self.customers.sets.append(Table("customer_labels", "Labels" if odd else "labels", [Column("label", "text", "text")]))
        if rng.random() < 0.5:
            self.customers.sets.append(Table("scores", "scores", [Column("score", "number", rng.choice(["integer", "numeric"]))]))
        self.region = Table("region", "regions", [Column("name", "text", "text"), Column("size", "number", "integer")])
        self.customers.lookups.append(self.region)
        self.attributes = self.place()
        self.sources = []
        for i in range(rng.randint(1, 3)):
            source = Table(f"orders{i}" if i else "orders", f"Orders {i}" if odd else f"orders{i}", self.columns(f"o{i}"))
            dates = source.of_kind("day", "instant", "local")
            source.date = rng.choice(dates).name if dates and rng.random() < 0.85 else None
            source.keyed = rng.random() < 0.7       # a source may lack a primary key
            source.partitioned = source.keyed and rng.random() < 0.3
            source.condition = None
            self.sources.append(source)
        if self.sources[0].keyed:
            lines = Table("items", "Order Lines" if odd else "order_items", self.columns("i"))
            lines.parent, lines.keyed, lines.partitioned, lines.condition = self.sources[0], rng.random() < 0.7, False, None
            product = Table("product", "products", self.columns("p", few=True))
            category = Table("category", "categories", [Column("title", "text", "text"), Column("level", "number", "integer")])
            product.lookups.append(category)
            product.sets.append(Table("product_labels", "product labels" if odd else "product_labels", [Column("label", "text", "text")]))
            lines.lookups.append(product)
            self.sources.append(lines)
        for source in self.sources:
            numbers = source.of_kind("number")
            if numbers and rng.random() < 0.3:
                source.condition = f"{name_in_rule(rng.choice(numbers).name)} >= {rng.choice(['0', '-1.5', '2'])}"
        self.fields = None
        if rng.random() < 0.6:
            self.fields = Table("extra", "Extra Fields" if odd else "extra", [Column("value", "field", rng.choice(["text", "varchar(30)", "jsonb", "jsonb"]))])
        self.people = rng.choice([0, 1, 7, 40])

    def place(self):
        """Gives customers a position in one of the ways in which rules find latitude and longitude; returns attributes."""
        rng, columns = self.rng, self.customers.columns
        self.last_place = None
        self.placed = rng.choice(["columns", "columns", "attributes", "quotients", "json", None])
        if self.placed is None:
            return []
        if self.placed == "json":
            columns.append(Column("spot", "json", "jsonb"))
            columns[-1].part_of_place = 2
            return [("latitude", "spot.lat"), ("longitude", "spot.at.lng")]
        types = ["numeric", "numeric(9,6)", "numeric(40,30)", "double precision", "real", "integer"]
        for part, name in enumerate(["latitude", "longitude"] if self.placed == "columns" else ["lat", "lng"]):
            columns.append(Column(name, "number", rng.choice(types)))
            columns[-1].part_of_place = part
        return {"columns": [], "attributes": [("latitude", "lat"), ("longitude", "lng")],
                "quotients": [("latitude", "lat * 7 / 9"), ("longitude", "0 - lng / 3.3")]}[self.placed]

    def degrees(self, part, sql_type):
        rng = self.rng
        if rng.random() < 0.12:
            return rng.choice(["NULL"] + {"numeric": ["'NaN'", "1e30", "-1e300", "90.0000000000000000001", "1e-300"], "numeric(40,30)": ["1e-30", "'NaN'"],
                                         "double precision": ["'NaN'", "1e300", "'-Infinity'", "1e-300"], "real": ["'NaN'", "1e30"]}.get(sql_type, ["91", "181"])) + \
                "::" + sql_type
        # Mostly one of the places itself: a rule may have its circle run through it, to the last bit.
        if part == 0 or self.last_place is None or rng.random() < 0.15:
            self.last_place = rng.choice(PLACES)
        place = self.last_place
        by = rng.choice([0, 0, 0, 0, 0, 0, rng.gauss(0, 0.1), rng.gauss(0, 3), 1e-7])
        return "'%s'::%s" % (rng.choice(["%.6f", "%.15f"]) % (place[part] + by), sql_type if sql_type != "integer" else "numeric::integer")

    def columns(self, prefix, full=False, few=False):
        rng = self.rng
        kinds = [("number", rng.choice(NUMBERS)), ("number", rng.choice(NUMBERS)), ("text", rng.choice(TEXTS)), ("boolean", "boolean"),
                 ("day", "date"), ("instant", "timestamptz"), ("local", "timestamp"), ("json", "jsonb"), ("text_list", "text[]"),
                 ("number_list", rng.choice(["integer[]", "numeric[]"]))]
        if not full:
            kinds = rng.sample(kinds, 2 if few else rng.randint(3, 7))
        odd = ["Name %d", "%d colour", "naïve_%d", "Mixed%d", 'q"%d'] if self.odd else []
        return [Column((rng.choice(odd) % i if odd and rng.random() < 0.4 else f"n{i}") + prefix, kind, sql_type)
                for i, (kind, sql_type) in enumerate(kinds)]

    # -- values, as SQL expressions
    def value(self, column):
        rng = self.rng
        if column.part_of_place == 2:
            lat, lng = self.degrees(0, "numeric"), self.degrees(1, "numeric")
            return f"jsonb_build_object('lat', {lat}, 'at', jsonb_build_object('lng', {lng}))"
        if column.part_of_place is not None:
            return self.degrees(column.part_of_place, column.sql_type)
        if rng.random() < 0.15:
            return "NULL"
        kind, t = column.kind, column.sql_type
        if kind == "number":
            return self.number(t)
        if kind == "text":
            return literal(rng.choice(MOODS)) if t == "mood" else literal(rng.choice(WORDS)[:8 if t == "char(8)" else 30])
        if kind == "boolean":
            return rng.choice(["true", "false"])
        if kind in ("day", "instant", "local"):
            return self.when(kind) + {"day": "::date", "instant": "::timestamptz", "local": "::timestamp"}[kind]
        if kind == "json":
            parts = []
            if rng.random() < 0.8: parts += ["'num'", rng.choice(["1", "2.5", "-3", "1e20", "'7'::text", "true", "NULL::int", "12.40"])]
            if rng.random() < 0.8: parts += ["'txt'", rng.choice([literal(w) + "::text" for w in WORDS] + ["5", "false"])]
            if rng.random() < 0.8: parts += ["'flag'", rng.choice(["true", "false", "'true'::text", "1"])]
            if rng.random() < 0.8: parts += ["'day'", rng.choice(["'2025-02-28'::text", "'2025-02-30'::text", "'2025-06-01T12:30:00Z'::text", "'soon'::text", "20250101"])]
            if rng.random() < 0.5: parts += ["'deep'", "jsonb_build_object('num', %d, 'Odd Key', 'x'::text)" % rng.randint(0, 3)]
            if rng.random() < 0.6: parts += ["'words'", rng.choice(["'a'::text", "'[]'::jsonb", "jsonb_build_array(%s::text, %d, NULL, true)" % (literal(rng.choice(WORDS)), rng.randint(0, 4))])]
            if rng.random() < 0.3: return rng.choice(["'[]'::jsonb", "'5'::jsonb", "'null'::jsonb", "'{}'::jsonb"])
            return "jsonb_build_object(%s)" % ", ".join(parts)
        if kind == "field":
            text = rng.choice(["1", "2.5", "-3", "12.40", " 7 ", "1e3", ".5", "5.", "", "true", "no", "ON", "maybe", "2025-02-28", "2025-02-30",
                               "2024-02-29T23:30:00Z", "2025-06-01 12:30", rng.choice(WORDS)])
            if t != "jsonb":
                return literal(text)
            return rng.choice([f"to_jsonb({literal(text)}::text)", rng.choice(["'1'", "'2.5'", "'true'", "'null'", "'[]'", "'{}'"]) + "::jsonb",
                               f"jsonb_build_array({literal(rng.choice(WORDS))}::text, {rng.randint(0, 3)})"])
        if kind == "text_list":
            return "ARRAY[%s]::text[]" % ", ".join(rng.choice([literal(w) for w in WORDS] + ["NULL"]) for _ in range(rng.randint(0, 3)))
        return "ARRAY[%s]::%s" % (", ".join(rng.choice(["1", "2", "3", "NULL"]) for _ in range(rng.randint(0, 3))), t)

    def number(self, t):
        rng = self.rng
        small = str(rng.randint(-2, 5))
        extremes = {"smallint": ["32767", "-32768"], "integer": ["2147483647", "-2147483648"],
                    "bigint": ["9223372036854775807", "'-9223372036854775808'::bigint"],
                    "numeric": ["1e40", "-1e40", "0.000000000000000000000000000001", "'NaN'::numeric", "'Infinity'::numeric",
                                "'-Infinity'::numeric", "99999999999999999999.5", "12.40", "2.50", "2.5"],
                    "numeric(12,2)": ["9999999999.99", "-9999999999.99", "12.40", "0.01", "'NaN'::numeric"],
                    "numeric(30,10)": ["12345678901234567890.0123456789", "-0.0000000001", "2.5"],
                    "real": ["1.1", "'NaN'::real", "'Infinity'::real", "1e30", "1e-30", "16777217"],
                    "double precision": ["0.1", "'NaN'::float8", "'-Infinity'::float8", "1e300", "1e-300", "0.30000000000000004"]}[t]
        return rng.choice(extremes) if rng.random() < 0.25 else small if t in NUMBERS[:3] or rng.random() < 0.5 else "%.2f" % rng.uniform(-3, 30)

    def when(self, kind):
        """A time near the edges that rules ask about: days of the shop's zone, to the microsecond; now and then very far."""
        rng, zone = self.rng, literal(self.zone)
        if rng.random() < 0.12:
            far = ["'infinity'", "'-infinity'", "'0001-01-01'", "'4713-01-02 BC'", "'294000-12-31'", "'1969-12-31 23:59:59.999999'"]
            return rng.choice(far + (["'5874897-12-31'"] if kind == "day" else []))
        days = rng.choice([0, 1, -1, 2, 7, 30, 31, 59, 60, 90, 91, 365, 366, -3, 28, 180, rng.randint(-40, 500)])
        if rng.random() < 0.25:
            day = rng.choice(["2024-02-29", "2025-03-30", "2025-10-26", "2026-03-29", "2026-01-01", "2025-12-31", "2017-10-15",
                              "2011-12-30", "2026-02-28", "2025-03-31"])
            base = f"'{day}'::timestamp"
        else:
            base = f"(date_trunc('day', now() AT TIME ZONE {zone}) - interval '{days} days')"
        base += rng.choice(["", "", " + interval '12 hours'", " - interval '1 microsecond'", " + interval '1 microsecond'",
                            f" + interval '{rng.randint(0, 86399)} seconds'"])
        return f"(({base}) AT TIME ZONE {zone})" if kind == "instant" else f"({base})"

    # -- SQL
    def key_value(self, number):
        if self.key_type == "uuid":
            return f"'00000000-0000-4000-8000-{number:012d}'::uuid"
        if self.key_type == "text":
            return literal(f"K-{number} й")
        return str(number)

    def create(self):
        rng, s, out = self.rng, ident(self.name), []
        add = out.append
        add(f"CREATE SCHEMA {s}; SET search_path = {s}, public;")
        add(f"CREATE TYPE mood AS ENUM ({', '.join(map(literal, MOODS))});")
        key = self.customers.columns[0]

        def table(t, extra, tail=""):
            cols = extra + [f"{ident(c.name)} {c.sql_type}" for c in t.columns if c.kind != "key"]
            add(f"CREATE TABLE {ident(t.name)} ({', '.join(cols)}){tail};")

        table(self.customers, [f"{ident(key.name)} {key.sql_type} PRIMARY KEY", "region_code text"])
        table(self.region, ["code varchar(9) PRIMARY KEY", "part_of text"])
        for st in self.customers.sets:
            table(st, [f"owner {key.sql_type}"])
        if self.fields:
            table(self.fields, ["id integer PRIMARY KEY", f"owner {key.sql_type}", "field text"])
        for source in self.sources:
            lines = source.parent is not None
            owner = ["order_id integer", "product_id integer"] if lines else [f"owner {key.sql_type}"]
            table(source, (["id integer PRIMARY KEY"] if source.keyed else []) + owner,
                  " PARTITION BY HASH (id)" if source.partitioned else "")
            if source.partitioned:
                for i in range(2):
                    add(f"CREATE TABLE {ident(source.name + str(i))} PARTITION OF {ident(source.name)} FOR VALUES WITH (MODULUS 2, REMAINDER {i});")
            add(f"CREATE INDEX ON {ident(source.name)} ({'order_id' if lines else 'owner'});")
            for product in source.lookups:
                table(product, ["id integer PRIMARY KEY", "category_id integer"])
                table(product.lookups[0], ["id integer PRIMARY KEY", "above integer"])
                table(product.sets[0], ["product_id integer"])
        people = list(range(1, self.people + 1))

        def insert(t, fixed, count):
            """fixed: functions of the row number that give the leading columns."""
            cols = [c for c in t.columns if c.kind != "key"]
            rows = []
            for i in range(1, count + 1):
                rows.append("(" + ", ".join([f(i) for f in fixed] + [self.value(c) for c in cols]) + ")")
                if rows and rng.random() < 0.1 and not getattr(t, "keyed", True) :
                    rows.append(rows[-1])
            for chunk in range(0, len(rows), 200):
                add(f"INSERT INTO {ident(t.name)} VALUES " + ", ".join(rows[chunk:chunk + 200]) + ";")

        # Trees with rings, rows below nothing, and rows above themselves.
        code = lambda i: rng.choice(["NULL"] + [literal(f"r{n}") for n in range(1, 9)])
        insert(self.region, [lambda i: literal(f"r{i}"), code], 7)
        insert(self.customers, [self.key_value, code], self.people)
        # Where a foreign key holds, rows alone say who the customers are; elsewhere some rows are nobody's.
        enforced = rng.random() < 0.5
        strangers = [] if enforced else [999]
        somebody = lambda i: "NULL" if rng.random() < 0.05 or not people + strangers else self.key_value(rng.choice(people + strangers))
        for st in self.customers.sets:
            insert(st, [somebody], self.people)
        if self.fields:
            pairs = [(person, field) for person in people + strangers for field in FIELDS if rng.random() < 0.7]
            owner = lambda i: "NULL" if i > len(pairs) else self.key_value(pairs[i - 1][0])
            insert(self.fields, [str, owner, lambda i: literal(pairs[i - 1][1] if i <= len(pairs) else "num")], len(pairs) + 2)
            if rng.random() < 0.5:
                add(f"CREATE UNIQUE INDEX ON {ident(self.fields.name)} (owner, field);")
        for source in self.sources:
            count = rng.choice([0, self.people, self.people * 4])
            key_column = [str] if source.keyed else []
            if source.parent:
                insert(source, key_column + [lambda i: str(rng.randint(0, max(1, self.people * 3))), lambda i: rng.choice(["NULL", "1", "2", "3", "9"])], count)
                product = source.lookups[0]
                insert(product, [str, lambda i: rng.choice(["NULL", "1", "2", "7"])], 3)
                insert(product.lookups[0], [str, lambda i: rng.choice(["NULL", "1", "2", "3", "4", "5"])], 4)
                insert(product.sets[0], [lambda i: rng.choice(["1", "2", "3"])], 5)
            else:
                insert(source, key_column + [somebody], count)
        if enforced:
            for t in self.customers.sets + [x for x in self.sources if not x.parent] + ([self.fields] if self.fields else []):
                add(f"ALTER TABLE {ident(t.name)} ADD FOREIGN KEY (owner) REFERENCES {ident(self.customers.name)};")
        return "\n".join(out)

    def bind(self):
        s, out = self.name, []
        rel = lambda t: literal(f"{ident(s)}.{ident(t.name)}")
        out.append(f"SELECT segmentation.bind_customers({rel(self.customers)}, timezone => {literal(self.zone)});")
        counts = ", condition => 'size > 0'" if self.rng.random() < 0.4 else ""
        out.append(f"SELECT segmentation.bind_lookup('region', {rel(self.region)}, of => 'customers', key => 'region_code', parent => 'part_of'{counts});")
        for st in self.customers.sets:
            out.append(f"SELECT segmentation.bind_set({literal(st.binding)}, {rel(st)}, key => 'owner', value => {literal(st.columns[0].name)});")
        for source in self.sources:
            more = f", date => {literal(source.date)}" if source.date else ""
            if source.condition:
                more += f", condition => {literal(source.condition)}"
            if source.parent:
                out.append(f"SELECT segmentation.bind_source('items', {rel(source)}, key => 'order_id', of => {literal(source.parent.binding)}{more});")
            else:
                out.append(f"SELECT segmentation.bind_source({literal(source.binding)}, {rel(source)}, key => 'owner'{more});")
            for product in source.lookups:
                out.append(f"SELECT segmentation.bind_lookup('product', {rel(product)}, of => 'items', key => 'product_id');")
                out.append(f"SELECT segmentation.bind_lookup('category', {rel(product.lookups[0])}, of => 'product', key => 'category_id',"
                           f" parent => 'above'{self.rng.choice(['', ', condition => ' + literal('level > 0 OR title IS NULL')])});")
                st = product.sets[0]
                out.append(f"SELECT segmentation.bind_set('product_labels', {rel(st)}, key => 'product_id', value => 'label', of => 'product');")
            numbers = source.of_kind("number")
            if numbers and self.rng.random() < 0.5:
                column = self.rng.choice(numbers)
                name = "twice"
                if not any(c.name == name for c in source.columns):
                    out.append(f"SELECT segmentation.bind_column({literal(source.binding)}, 'twice', {literal(ident(column.name) + '::numeric * 2')});")
                    source.columns.append(Column(name, "number", "numeric"))
        if self.fields:
            out.append(f"SELECT segmentation.bind_fields('extra', {rel(self.fields)}, key => 'owner', field => 'field', value => 'value');")
        for source in list(self.sources):
            if self.rng.random() < 0.5:
                out.append(self.define_source(source))
        for name, expression in self.attributes:
            out.append(f"SELECT segmentation.define_attribute({literal(name)}, {literal(expression)});")
        out += self.forecast()
        return "\n".join(out)

    def forecast(self):
        """Purchases, and a model that nobody fitted to them: what it says need not be likely to be the same on both paths."""
        from rules import Rules
        rng, rules = self.rng, Rules(self.rng, self)
        sums = [(source, column) for source in self.sources if rules.dated(source) for column in source.of_kind("number", "json")]
        self.forecasts = bool(sums) and rng.random() < 0.8
        if not self.forecasts:
            return []
        source, column = rng.choice(sums)
        inner = f" MATCHES ({rules.row_tests(source, 1).print()})" if rng.random() < 0.4 else ""
        expression = f"sum({source.binding}.{name_in_rule(column.name)}{'.num' if column.kind == 'json' else ''}{inner})"
        positive = lambda: repr(rng.choice([rng.expovariate(1), 0.2425945, 4.4136019, 1.0, 1e-9, 1e6]))
        cuts = lambda values: " ".join(map(str, sorted(values)))
        days = lambda: rng.choice([rng.randint(8000, 10500), rng.randint(9700, 9900)])
        model = " ".join([positive() for _ in range(7)] + [str(days()), rng.choice("011"), str(rng.randint(1, 800)), cuts(days() for _ in range(4)),
                         cuts(rng.randint(1, 4) for _ in range(4)), cuts(rng.choice([0, 1, 2.5, 12.4, rng.randint(-3, 60)]) for _ in range(4)),
                         cuts(repr(rng.choice([0.0, rng.expovariate(0.1)])) for _ in range(2))])
        out = [f"SELECT segmentation.define_attribute('forecast_purchases', {literal(expression)});",
               "SELECT segmentation.define_attribute('reckoned', 'forecasts.predicted_spend / forecasts.frequency - forecasts.spend * 2');"]
        return out + [f"INSERT INTO segmentation.forecast_in_force (model) VALUES ({literal(model)});"] * (rng.random() < 0.95)


    def define_source(self, source):
        """Another name for a source's rows, with words of its own and often a condition, which rules may use like any source."""
        from rules import Rules
        rng = self.rng
        defined = copy.copy(source)
        defined.binding = f"{source.binding}.special" if rng.random() < 0.5 else f"{source.binding}_placed"
        defined.columns, renames = [], {}
        for number, column in enumerate(source.columns):
            column = copy.copy(column)
            if rng.random() < 0.5:
                word = f"Word {number}" if rng.random() < 0.2 else f"word{number}"
                renames[word] = name_in_rule(column.name)
                column.name = word
            defined.columns.append(column)
        condition = Rules(rng, self).row_tests(source).print() if rng.random() < 0.6 else None
        self.sources.append(defined)
        return (f"SELECT segmentation.define_source({literal(defined.binding)}, {literal(source.binding)}, {literal(json.dumps(renames))}"
                + (f", {literal(condition)}" if condition else "") + ");")


FIELDS = ["num", "txt", "flag", "day", "Odd Field", "a.b"]
KEYWORDS = set("""from customers show where order by asc desc limit or and not between in contains any all starts ends with is null matches
not_matches true false today yesterday tomorrow count sum avg min max first last mode distinct date days weeks months age anniversary segments
memberships customer storefront_event""".split())


def name_in_rule(name):
    import re
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in KEYWORDS and not re.match(r"(sum|avg|min|max|distinct)_", name)
    return name if plain else '"' + name.replace('"', '""') + '"'
