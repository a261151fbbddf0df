"""The shop that many change at once: few customers, few products, keys, partitions and foreign keys by seed. Columns and their odd values
are test/random's; only times are chosen here, so that no rule's answer changes by itself while the test runs."""
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from shop import KEY_TYPES, ZONES, Column, Shop, Table, literal

STATUSES = ["cart", "paid", "a", "vip", "Sofia", "sofia"]
# By how many hours rules may look back or ahead; test/random has rules with the first three.
HOURS = [-36, -1, 24, -48, -2]
DAYS = [0, 0, 1, 2, 7, 29, 30, 31, 59, 60, 61, 89, 90, 91, 92, 180, 364, 365, 366, -1, -3, -7]
SLACK = timedelta(seconds=90)


class Values(Shop):
    """Random values, for one thread."""

    def __init__(self, rng, zone, began, seconds, moving=False):
        self.rng, self.zone, self.last_place, self.places, self.moving = rng, zone, None, [], moving
        self.began, self.ends = began, began + timedelta(seconds=seconds)

    def when(self, kind):
        rng, zone = self.rng, ZoneInfo(self.zone)
        if rng.random() < 0.04:
            return rng.choice(["'infinity'", "'-infinity'", "'0001-01-01'", "'1969-12-31 23:59:59.999999'"])
        if kind == "instant" and rng.random() < 0.15:
            return "now()"
        if self.moving and kind != "day" and rng.random() < 0.5:  # a window's edge passes it while the test runs
            seconds = rng.random() * (self.ends - self.began - timedelta(seconds=120)).total_seconds()
            return self.print(self.began + timedelta(hours=rng.choice(HOURS), seconds=seconds), kind)
        while True:
            day = (self.began.astimezone(zone) - timedelta(days=rng.choice(DAYS))).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
            local = day + rng.choice([timedelta(0), timedelta(hours=12), timedelta(microseconds=-1), timedelta(microseconds=1),
                                      timedelta(seconds=rng.randint(0, 86399))])
            instant = local.replace(tzinfo=zone).astimezone(timezone.utc)
            if instant.astimezone(zone).replace(tzinfo=None) != local:
                continue  # a time that clocks skip
            edges = [timedelta(hours=h) for h in HOURS]
            if not any(self.began + e - SLACK <= instant <= self.ends + e + SLACK for e in edges):
                break
        return self.print(instant, kind)

    def print(self, instant, kind):
        local = instant.astimezone(ZoneInfo(self.zone))
        return literal(f"{instant:%Y-%m-%d %H:%M:%S.%f}+00" if kind == "instant" else f"{local:%Y-%m-%d %H:%M:%S.%f}")

    def value(self, column):
        choices = getattr(column, "choices", None)
        return literal(self.rng.choice(choices)) if choices else super().value(column)

    def key(self, key_type, number):
        if key_type == "uuid":
            return f"'00000000-0000-4000-8000-{number:012d}'::uuid"
        return literal(f"K-{number} й") if key_type == "text" else str(number)


def quiet_zones(began, seconds):
    """Time zones in which no day ends while the test runs."""
    until = began + timedelta(seconds=seconds) + SLACK
    return [z for z in ZONES if began.astimezone(ZoneInfo(z)).date() == until.astimezone(ZoneInfo(z)).date()]


class Tables:
    """What rules.Rules of test/random wants to know of a shop, and its SQL."""
    schema = "shop"

    def __init__(self, rng, began, seconds):
        self.rng, self.placed, self.attributes = rng, None, []
        self.zones = quiet_zones(began, seconds)
        self.zone, self.moving, self.forecasts = rng.choice(self.zones), rng.random() < 0.3, True
        self.values = Values(rng, self.zone, began, seconds, self.moving)
        self.key_type, self.order_type = rng.choice(KEY_TYPES), rng.choice(KEY_TYPES)
        self.people, self.orders, self.products, self.categories = rng.randint(20, 60), rng.randint(80, 250), rng.randint(4, 9), 4
        number = lambda: rng.choice(["integer", "numeric", "numeric(12,2)", "numeric(12,2)", "bigint", "real", "double precision"])
        self.dated = rng.choice([("instant", "timestamptz"), ("instant", "timestamptz"), ("local", "timestamp"), ("day", "date")])
        self.customers = Table("customers", "customers", [
            Column("id", "key", self.key_type), Column("name", "text", "text"), Column("points", "number", number()), Column("vip", "boolean", "boolean"),
            Column("born", "day", "date"), Column("joined", "instant", "timestamptz"), Column("meta", "json", "jsonb"),
            Column("words", "text_list", "text[]")])
        self.customers.sets = [Table("customer_labels", "labels", [Column("label", "text", "text")]),
                               Table("scores", "scores", [Column("score", "number", "integer")])]
        status = Column("status", "text", "text")
        status.choices = STATUSES
        orders = Table("orders", "orders", [status, Column("total", "number", number()), Column("created_at", *self.dated), Column("qty", "number", "smallint"),
                                            Column("paid", "boolean", "boolean"), Column("extra", "json", "jsonb")])
        orders.date = "created_at"
        items = Table("items", "lines", [Column("quantity", "number", "integer"), Column("price", "number", number()), Column("colour", "text", "text"),
                                         Column("due", "day", "date")])
        items.parent = orders
        product = Table("product", "products", [Column("name", "text", "text"), Column("price", "number", "numeric(12,2)")])
        category = Table("category", "categories", [Column("title", "text", "text"), Column("level", "number", "integer")])
        product.lookups, product.sets, items.lookups = [category], [Table("product_labels", "product_labels", [Column("label", "text", "text")])], [product]
        carts = Table("carts", "carts", [Column("amount", "number", number()), Column("at", "instant", "timestamptz"), Column("state", "text", "text")])
        carts.date = "at"
        self.sources = [orders, items, carts]
        self.fields = Table("extra", "extra", [Column("value", "field", rng.choice(["text", "jsonb"]))])
        self.partitions = rng.choice([None, None, "hash", "status"])
        self.order_fk = rng.choice([None, None, "ON DELETE CASCADE ON UPDATE CASCADE", "ON DELETE SET NULL ON UPDATE CASCADE",
                                    "ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED"])
        self.line_fk = rng.choice([None, "ON DELETE CASCADE ON UPDATE CASCADE", "ON DELETE CASCADE ON UPDATE CASCADE"]) if self.partitions != "status" else None
        self.product_fk = rng.choice([None, None, "ON DELETE SET NULL ON UPDATE CASCADE"])
        self.lines_keyed = rng.random() < 0.8
        self.order_condition = rng.choice([None, "status != 'cart'"])
        self.line_condition = rng.choice([None, None, "quantity > 0"])
        # Measures of a source are not kept where one of its rules asks for different values, the most frequent one or periods.
        self.simple = [name for name in ("orders", "items", "carts", "returns") if rng.random() < 0.7]
        self.computed = rng.random() < 0.5
        self.shared = rng.random() < 0.6
        self.third_level = self.lines_keyed and rng.random() < 0.5

    def table(self, name):
        found = [self.customers, *self.customers.sets, *self.sources, self.fields]
        product = self.sources[1].lookups[0]
        return next(t for t in found + [product, product.lookups[0], product.sets[0]] if t.name == name)

    def describe(self):
        return (f"zone {self.zone}, {self.people} customers by {self.key_type}, {self.orders} orders by {self.order_type}, dated by {self.dated[1]}, "
                f"partitions {self.partitions}, foreign keys {self.order_fk} / {self.line_fk} / {self.product_fk}, condition {self.order_condition} / "
                f"{self.line_condition}, lines {'with' if self.lines_keyed else 'without'} key, third level {self.third_level}, "
                f"simple {'/'.join(self.simple) or 'none'}, {'computed column, ' if self.computed else ''}{'' if self.shared else 'no lookups, '}"
                f"{'windows pass rows' if self.moving else 'no window passes a row'}")

    def create(self):
        columns = lambda name: ", ".join(f"{c.name} {c.sql_type}" for c in self.table(name).columns if c.kind != "key")
        k, o = self.key_type, self.order_type
        owner = lambda: f"customer_id {k}" + self.rng.choice(["", " REFERENCES customers ON DELETE CASCADE ON UPDATE CASCADE"])
        refer = lambda to, how: f" REFERENCES {to} {how}" if how else ""
        tail = {None: "", "hash": " PARTITION BY HASH (id)", "status": " PARTITION BY LIST (status)"}[self.partitions]
        out = [f"CREATE SCHEMA {self.schema}; SET search_path = {self.schema}, public;",
               f"CREATE TABLE customers (id {k} PRIMARY KEY, {columns('customers')}, idle integer DEFAULT 0);",
               f"CREATE TABLE labels ({owner()}, {columns('labels')}); CREATE TABLE scores ({owner()}, {columns('scores')});",
               f"CREATE TABLE extra (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {owner()}, field text, {columns('extra')});",
               f"CREATE TABLE categories (id integer PRIMARY KEY, parent_id integer, {columns('categories')});",
               f"CREATE TABLE products (id integer PRIMARY KEY, category_id integer, {columns('products')}, idle integer DEFAULT 0);",
               f"CREATE TABLE product_labels (product_id integer, {columns('product_labels')});",
               f"CREATE TABLE orders (id {o}, customer_id {k}{refer('customers', self.order_fk)}, {columns('orders')}, idle integer DEFAULT 0, "
               f"PRIMARY KEY (id{', status' if self.partitions == 'status' else ''})){tail};"]
        if self.partitions == "hash":
            out += [f"CREATE TABLE orders_{i} PARTITION OF orders FOR VALUES WITH (MODULUS 2, REMAINDER {i});" for i in range(2)]
        if self.partitions == "status":
            out += ["CREATE TABLE orders_0 PARTITION OF orders FOR VALUES IN ('cart', 'Sofia');", "CREATE TABLE orders_1 PARTITION OF orders DEFAULT;",
                    # No index can keep the order's id unique there.
                    f"CREATE TABLE order_ids (id {o} PRIMARY KEY);",
                    "CREATE FUNCTION keep_unique() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN IF TG_OP <> 'INSERT' THEN DELETE FROM shop.order_ids WHERE id = OLD.id; END IF; "
                    "IF TG_OP <> 'DELETE' THEN INSERT INTO shop.order_ids VALUES (NEW.id); END IF; RETURN NULL; END $f$;",
                    "CREATE TRIGGER keep_unique AFTER INSERT OR DELETE OR UPDATE OF id ON orders FOR EACH ROW EXECUTE FUNCTION keep_unique();"]
        out += [f"CREATE TABLE lines (id bigint GENERATED BY DEFAULT AS IDENTITY{' PRIMARY KEY' if self.lines_keyed else ''}, "
                f"order_id {o}{refer('orders', self.line_fk)}, product_id integer{refer('products', self.product_fk)}, {columns('lines')}, idle integer DEFAULT 0);",
                f"CREATE TABLE carts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {owner()}, {columns('carts')});",
                f"CREATE TABLE spare (customer_id {k}, amount integer, at timestamptz);",
                "CREATE TABLE returns (id bigint GENERATED ALWAYS AS IDENTITY, line_id bigint, why text, cost integer);",
                "CREATE INDEX ON orders (customer_id); CREATE INDEX ON lines (order_id); CREATE INDEX ON lines (product_id);",
                "CREATE INDEX ON products (category_id); CREATE INDEX ON categories (parent_id); CREATE INDEX ON returns (line_id);"]
        for name in ("labels", "scores", "extra", "carts", "spare"):
            out.append(f"CREATE INDEX ON {name} (customer_id);")
        out.append("CREATE INDEX ON product_labels (product_id);")
        return "\n".join(out)

    def audit(self):
        """Triggers that keep every row that was changed, by whom: for understanding a difference."""
        out = ["CREATE UNLOGGED TABLE audit (n bigint GENERATED ALWAYS AS IDENTITY, who text, pid integer, xact xid8, at timestamptz, relation text, old text, new text);",
               "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO shop.audit (who, pid, xact, at, relation, old, new) VALUES (current_setting('application_name'), "
               "pg_backend_pid(), pg_current_xact_id(), clock_timestamp(), TG_TABLE_NAME, CASE WHEN TG_OP <> 'INSERT' THEN OLD::text END, CASE WHEN TG_OP <> 'DELETE' THEN NEW::text END); RETURN NULL; END $f$;"]
        for name in ("customers", "orders", "lines", "products", "categories", "product_labels", "labels", "scores", "extra", "carts", "spare", "returns"):
            out.append(f"CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION note();")
        return "\n".join(out)

    def bind(self):
        option = lambda name, value: f", {name} => {literal(value)}" if value else ""
        out = [f"SELECT segmentation.bind_customers('shop.customers', timezone => {literal(self.zone)});",
               "SELECT segmentation.bind_set('customer_labels', 'shop.labels', key => 'customer_id', value => 'label');",
               "SELECT segmentation.bind_set('scores', 'shop.scores', key => 'customer_id', value => 'score');",
               f"SELECT segmentation.bind_source('orders', 'shop.orders', key => 'customer_id', date => 'created_at'{option('condition', self.order_condition)});",
               f"SELECT segmentation.bind_source('items', 'shop.lines', key => 'order_id', of => 'orders', of_key => 'id'{option('condition', self.line_condition)});",
               "SELECT segmentation.bind_lookup('product', 'shop.products', of => 'items', key => 'product_id');",
               "SELECT segmentation.bind_lookup('category', 'shop.categories', of => 'product', key => 'category_id', parent => 'parent_id', label => 'title');",
               "SELECT segmentation.bind_lookup('above', 'shop.categories', of => 'category', key => 'parent_id');",
               "SELECT segmentation.bind_set('product_labels', 'shop.product_labels', key => 'product_id', value => 'label', of => 'product');",
               "SELECT segmentation.bind_source('carts', 'shop.carts', key => 'customer_id', date => 'at');",
               "SELECT segmentation.bind_fields('extra', 'shop.extra', key => 'customer_id', field => 'field', value => 'value');",
               "SELECT segmentation.bind_column('items', 'cost', 'price::numeric * quantity');" if self.computed else ""]
        if self.third_level:
            out.append("SELECT segmentation.bind_source('returns', 'shop.returns', key => 'line_id', of => 'items');")
        return "\n".join(out)
