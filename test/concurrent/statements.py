"""Random statements of every kind that changes a shop. A statement is SQL and, for COPY, its lines."""


class Statements:
    """For one client: rng is its own."""

    def __init__(self, rng, tables, values):
        self.rng, self.tables, self.values = rng, tables, values
        self.hot = [rng.randint(1, tables.people) for _ in range(4)]

    # -- keys and values
    def customer(self):
        most = self.tables.people + (4 if self.rng.random() < 0.1 or not self.tables.order_fk else 0)
        n = self.rng.choice(self.hot) if self.rng.random() < 0.4 else self.rng.randint(1, most)
        return self.values.key(self.tables.key_type, n)

    def order(self):
        return self.values.key(self.tables.order_type, self.rng.randint(1, self.tables.orders))

    def real_order(self):
        return f"(SELECT id FROM orders WHERE customer_id = {self.customer()} LIMIT 1)" if self.tables.line_fk else self.order()

    def orders(self, most=4):
        return "(" + ", ".join(self.order() for _ in range(self.rng.randint(1, most))) + ")"

    def product(self):
        return str(self.rng.randint(1, self.tables.products))

    def category(self):
        return str(self.rng.randint(1, self.tables.categories))

    def label(self):
        return self.rng.choice(["'a'", "'b'", "'vip'", "'VIP'", "'Sofia'", "NULL"])

    def value(self, table, column):
        return self.values.value(next(c for c in self.tables.table(table).columns if c.name == column))

    def row(self, table, *lead):
        return "(" + ", ".join([*lead, *(self.values.value(c) for c in self.tables.table(table).columns if c.kind != "key")]) + ")"

    def names(self, table, *lead):
        return ", ".join([*lead, *(c.name for c in self.tables.table(table).columns if c.kind != "key")])

    def some(self, table, most=2):
        """Assignments of random values to random columns."""
        columns = self.rng.sample([c for c in self.tables.table(table).columns if c.kind != "key"], self.rng.randint(1, most))
        return ", ".join(f"{c.name} = {self.values.value(c)}" for c in columns)

    def conflict(self):
        return "(id, status)" if self.tables.partitions == "status" else "(id)"

    def part(self):
        """The table of orders, now and then one of its partitions."""
        return self.rng.choice(["orders_0", "orders_1"]) if self.tables.partitions and self.rng.random() < 0.2 else "orders"

    # -- orders
    def insert_order(self):
        rows = ", ".join(self.row("orders", self.order(), self.customer()) for _ in range(self.rng.choice([1, 1, 1, 2, 8])))
        end = self.rng.choice(["", f" ON CONFLICT {self.conflict()} DO NOTHING", f" ON CONFLICT {self.conflict()} DO NOTHING"])
        return f"INSERT INTO orders ({self.names('orders', 'id', 'customer_id')}) VALUES {rows}{end}"

    def upsert_order(self):
        what = self.rng.choice(["total = excluded.total", "customer_id = excluded.customer_id", "total = o.total, idle = o.idle + 1",
                                "created_at = excluded.created_at, paid = NOT o.paid", "customer_id = excluded.customer_id, qty = o.qty WHERE o.paid"])
        return (f"INSERT INTO orders AS o ({self.names('orders', 'id', 'customer_id')}) VALUES {self.row('orders', self.order(), self.customer())} "
                f"ON CONFLICT {self.conflict()} DO UPDATE SET {what}")

    def whole_order(self):
        """An order and its lines in one statement."""
        order = self.order()
        lines = ", ".join(f"({order}, {self.product()}, {self.value('lines', 'quantity')}::integer, {self.value('lines', 'price')}::numeric)" for _ in range(self.rng.randint(1, 3)))
        return (f"WITH o AS (INSERT INTO orders ({self.names('orders', 'id', 'customer_id')}) VALUES {self.row('orders', order, self.customer())} "
                f"ON CONFLICT {self.conflict()} DO NOTHING RETURNING id) "
                f"INSERT INTO lines (order_id, product_id, quantity, price) SELECT v.* FROM (VALUES {lines}) AS v, o")

    def update_order(self):
        return f"UPDATE {self.part()} SET {self.some('orders')} WHERE id IN {self.orders()}"

    def update_customers_orders(self):
        return f"UPDATE orders SET {self.some('orders', 1)} WHERE customer_id = {self.customer()}"

    def move_order(self):
        where = self.rng.choice([f"id IN {self.orders()}", f"customer_id = {self.customer()}"])
        return f"UPDATE orders SET customer_id = {self.rng.choice([self.customer(), self.customer(), 'NULL'])} WHERE {where}"

    def swap_orders(self):
        a, b = self.customer(), self.customer()
        return f"UPDATE orders SET customer_id = CASE customer_id WHEN {a} THEN {b} ELSE {a} END WHERE customer_id IN ({a}, {b})"

    def rename_order(self):
        old, new = self.order(), self.order()
        statement = f"UPDATE orders SET id = {new} WHERE id = {old} AND NOT EXISTS (SELECT FROM orders AS x WHERE x.id = {new})"
        if self.rng.random() < 0.5:
            return statement
        return f"WITH o AS ({statement} RETURNING 1) UPDATE lines SET order_id = {new} WHERE order_id = {old} AND EXISTS (SELECT FROM o)"

    def delete_order(self):
        if self.rng.random() < 0.3:
            orders = self.orders(2)
            return f"WITH l AS (DELETE FROM lines WHERE order_id IN {orders}) DELETE FROM orders WHERE id IN {orders}"
        return f"DELETE FROM {self.part()} WHERE " + self.rng.choice([f"id IN {self.orders(6)}", f"id IN {self.orders(6)}",
                                                                      f"customer_id = {self.customer()}"])

    def merge_orders(self):
        rows = ", ".join(f"({self.order()}, {self.customer()}, {self.rng.choice(['1', '2', '30'])}, {self.rng.randint(0, 2)})" for _ in range(self.rng.randint(1, 4)))
        return (f"MERGE INTO orders AS o USING (SELECT DISTINCT ON (v.id) v.* FROM (VALUES {rows}) AS v (id, customer_id, total, action)) AS n ON o.id = n.id "
                "WHEN MATCHED AND n.action = 0 THEN DELETE "
                f"WHEN MATCHED AND n.action = 1 THEN UPDATE SET total = n.total, customer_id = n.customer_id "
                "WHEN MATCHED THEN DO NOTHING "
                f"WHEN NOT MATCHED AND n.action < 2 THEN INSERT (id, customer_id, status, total, created_at) VALUES (n.id, n.customer_id, "
                f"{self.value('orders', 'status')}, n.total, {self.value('orders', 'created_at')})")

    def copy_orders(self):
        lines = []
        for _ in range(self.rng.randint(1, 5)):
            plain = lambda key: key.split("::")[0].strip("'")
            lines.append("\t".join([plain(self.order()), plain(self.customer()), self.rng.choice(["paid", "cart", "a"]), str(self.rng.randint(-2, 30)),
                                    self.rng.choice(["2024-02-29 12:00+00", "2025-01-01 00:00+00", "\\N"])]) + "\n")
        return "COPY orders (id, customer_id, status, total, created_at) FROM STDIN", "".join(lines)

    def idle_orders(self):
        return self.rng.choice([f"UPDATE orders SET idle = idle + 1 WHERE customer_id = {self.customer()}", f"UPDATE orders SET total = total WHERE id IN {self.orders(8)}",
                                f"UPDATE lines SET idle = 1 WHERE order_id = {self.order()}", f"UPDATE customers SET idle = idle + 1 WHERE id = {self.customer()}",
                                f"UPDATE products SET idle = 1 WHERE id = {self.product()}"])

    # -- lines
    def insert_line(self):
        if self.tables.line_fk and self.rng.random() < 0.8:
            return self.insert_real_line()
        rows = ", ".join(self.row("lines", self.order(), self.product()) for _ in range(self.rng.randint(1, 4)))
        return f"INSERT INTO lines ({self.names('lines', 'order_id', 'product_id')}) VALUES {rows}"

    def insert_real_line(self):
        return (f"INSERT INTO lines ({self.names('lines', 'order_id', 'product_id')}) SELECT o.id, v.* FROM (SELECT id FROM orders WHERE customer_id = {self.customer()} "
                f"LIMIT 2) AS o, (VALUES {self.typed_row('lines', self.product())}) AS v")

    def typed_row(self, table, *lead):
        return "(" + ", ".join([*lead, *(f"({self.values.value(c)})::{c.sql_type}" for c in self.tables.table(table).columns)]) + ")"

    def update_line(self):
        return f"UPDATE lines SET {self.rng.choice([self.some('lines'), 'product_id = ' + self.product(), 'quantity = quantity + 1'])} WHERE order_id IN {self.orders()}"

    def move_line(self):
        return f"UPDATE lines SET order_id = {self.rng.choice([self.real_order(), self.real_order(), 'NULL'])} WHERE order_id IN {self.orders(2)}"

    def delete_line(self):
        return f"DELETE FROM lines WHERE order_id IN {self.orders()}" + self.rng.choice(["", f" AND product_id = {self.product()}"])

    def returns(self):
        line = f"(SELECT id FROM lines WHERE product_id = {self.product()} LIMIT 1)"
        return self.rng.choice([f"INSERT INTO returns (line_id, why, cost) VALUES ({line}, 'a', {self.rng.randint(0, 4)})", f"DELETE FROM returns WHERE cost = {self.rng.randint(0, 4)}",
                                f"UPDATE returns SET line_id = {line} WHERE cost = {self.rng.randint(0, 4)}", "UPDATE returns SET cost = cost + 1 WHERE cost < 2"])

    # -- what many share
    def product_change(self):
        return self.rng.choice([
            f"UPDATE products SET category_id = {self.rng.choice([self.category(), 'NULL'])} WHERE id = {self.product()}",
            f"UPDATE products SET {self.some('products')} WHERE id = {self.product()}",
            f"INSERT INTO products ({self.names('products', 'id', 'category_id')}) VALUES {self.row('products', self.product(), self.category())} "
            f"ON CONFLICT (id) DO UPDATE SET category_id = excluded.category_id",
            f"DELETE FROM products WHERE id = {self.product()}",
            f"UPDATE products SET id = {self.product()} WHERE id = {self.product()}"])

    def category_change(self):
        return self.rng.choice([
            f"UPDATE categories SET {self.some('categories')} WHERE id = {self.category()}", f"UPDATE categories SET parent_id = {self.category()} WHERE id = {self.category()}",
            f"DELETE FROM categories WHERE id = {self.category()}",
            f"INSERT INTO categories ({self.names('categories', 'id', 'parent_id')}) VALUES {self.row('categories', self.category(), self.category())} ON CONFLICT DO NOTHING"])

    def product_label(self):
        return self.rng.choice([f"INSERT INTO product_labels VALUES ({self.product()}, {self.label()})", f"DELETE FROM product_labels WHERE product_id = {self.product()}",
                                f"UPDATE product_labels SET label = {self.label()} WHERE label = {self.label()}",
                                f"UPDATE product_labels SET product_id = {self.product()} WHERE product_id = {self.product()}"])

    # -- customers and what is theirs alone
    def customer_change(self):
        return self.rng.choice([f"UPDATE customers SET {self.some('customers', 3)} WHERE id IN ({self.customer()}, {self.customer()})"] * 3 + [
            f"INSERT INTO customers ({self.names('customers', 'id')}) VALUES {self.row('customers', self.customer())} ON CONFLICT (id) DO NOTHING",
            f"INSERT INTO customers ({self.names('customers', 'id')}) VALUES {self.row('customers', self.customer())} ON CONFLICT (id) DO UPDATE SET points = excluded.points",
            f"DELETE FROM customers WHERE id = {self.customer()}",
            f"UPDATE customers SET id = {self.customer()} WHERE id = {self.customer()}"])

    def label_change(self):
        customer = self.customer()
        return self.rng.choice([f"INSERT INTO labels VALUES ({customer}, {self.label()}), ({self.customer()}, {self.label()})", f"INSERT INTO scores VALUES ({customer}, {self.rng.randint(0, 3)})",
                                f"DELETE FROM labels WHERE customer_id = {customer}", f"DELETE FROM scores WHERE score = {self.rng.randint(0, 3)} AND customer_id = {customer}",
                                f"UPDATE labels SET label = {self.label()} WHERE label = {self.label()} AND customer_id = {customer}",
                                f"UPDATE labels SET label = {self.label()} WHERE label = {self.label()}", f"UPDATE labels SET customer_id = {self.customer()} WHERE customer_id = {customer}"])

    def copy_labels(self):
        plain = lambda key: key.split("::")[0].strip("'")
        return "COPY labels FROM STDIN", "".join(f"{plain(self.customer())}\t{self.rng.choice(['a', 'vip', chr(92) + 'N'])}\n" for _ in range(self.rng.randint(1, 4)))

    def field_change(self):
        customer, field = self.customer(), self.rng.choice(["'num'", "'txt'", "'flag'", "'day'", "'Odd Field'", "'a.b'"])
        value = self.value("extra", "value")
        return self.rng.choice([f"INSERT INTO extra (customer_id, field, value) SELECT {customer}, {field}, {value} WHERE NOT EXISTS (SELECT FROM extra WHERE customer_id = {customer} "
                                f"AND field = {field})"] * 3 + [f"DELETE FROM extra WHERE customer_id = {customer} AND field = {field}", f"UPDATE extra SET value = {value} WHERE customer_id = {customer}",
                                                              f"UPDATE extra SET field = {field} WHERE customer_id = {customer} AND field = 'txt'",
                                                              f"UPDATE extra SET customer_id = {self.customer()} WHERE customer_id = {customer}"])

    def cart_change(self):
        return self.rng.choice([f"INSERT INTO carts ({self.names('carts', 'customer_id')}) VALUES {self.row('carts', self.customer())}"] * 3 + [
            f"UPDATE carts SET {self.some('carts')} WHERE customer_id = {self.customer()}", f"DELETE FROM carts WHERE customer_id = {self.customer()}",
            f"UPDATE carts SET customer_id = {self.customer()} WHERE customer_id = {self.customer()}"])

    def cart_to_order(self):
        return (f"WITH c AS (DELETE FROM carts WHERE customer_id = {self.customer()} RETURNING customer_id) INSERT INTO orders ({self.names('orders', 'id', 'customer_id')}) "
                f"SELECT v.* FROM (VALUES {self.typed_row('orders', self.order(), self.customer())}) AS v, (SELECT FROM c LIMIT 1) AS one ON CONFLICT {self.conflict()} DO NOTHING")

    def spare_change(self):
        return self.rng.choice([f"INSERT INTO spare VALUES ({self.customer()}, {self.rng.randint(0, 9)}, '2025-01-01')", f"UPDATE spare SET amount = amount + 1 WHERE customer_id = {self.customer()}",
                                f"DELETE FROM spare WHERE customer_id = {self.customer()}", f"UPDATE spare SET customer_id = {self.customer()} WHERE customer_id = {self.customer()}"])

    def merge(self):
        """Two customers are one: what they were members of, perhaps their orders, perhaps the row of the one. Returns steps."""
        gone, kept = self.customer(), self.customer()
        if gone == kept:
            return []
        merge = (f"SELECT segmentation.merge_customers({gone}, {kept})", None)
        move = (f"UPDATE orders SET customer_id = {kept} WHERE customer_id = {gone}", None)
        return self.rng.choice([[merge], [move, merge], [merge, move], [move, merge, (f"DELETE FROM customers WHERE id = {gone}", None)]])

    # -- blocks, and what touches everyone
    def by_hand(self):
        """What people say: groups of a family, a tag, and a rule's segment about which they have spoken before."""
        group = self.rng.choice(["hand gold", "hand silver", "hand tag", "by hand"])
        call = self.rng.choice([f"add_members('{group}', %s, 'note')", f"add_members('{group}', %s)", f"remove_members('{group}', %s)",
                                "move_members(%s, 'hand gold', 'hand silver')", "clear_overrides('by hand', %s)"])
        return f"SELECT segmentation.{call}" % (
            f"(SELECT coalesce(array_agg(c.id), '{{}}') FROM customers AS c WHERE c.id IN ({self.customer()}, {self.customer()}))")

    def block(self):
        """PL/pgSQL with subtransactions of its own."""
        a, b = self.plain(), self.plain()
        end = self.rng.choice(["", "RAISE division_by_zero;"])
        return f"DO $do$ BEGIN {self.plain()}; BEGIN {a}; {end} EXCEPTION WHEN OTHERS THEN {b}; END; {self.plain()}; END $do$"

    def plain(self):
        """A statement without COPY."""
        while True:
            statement = self.one(deep=False)
            if statement[1] is None:
                return statement[0]

    def truncate(self):
        names = ["labels", "scores", "carts", "product_labels", "spare", "returns", "extra"]
        return "TRUNCATE " + self.rng.choice(names)

    def truncate_partition(self):
        return "TRUNCATE orders_0" if self.tables.partitions == "hash" and not self.tables.line_fk else self.truncate()

    KINDS = [("insert_order", 8), ("upsert_order", 4), ("whole_order", 6), ("update_order", 8), ("update_customers_orders", 2), ("move_order", 5), ("swap_orders", 1),
             ("rename_order", 3), ("delete_order", 3), ("merge_orders", 4), ("copy_orders", 2), ("idle_orders", 3), ("insert_line", 4), ("insert_real_line", 4),
             ("update_line", 4), ("move_line", 3), ("delete_line", 2), ("returns", 2), ("product_change", 3), ("category_change", 2), ("product_label", 2), ("customer_change", 5),
             ("label_change", 5), ("copy_labels", 1), ("field_change", 3), ("cart_change", 3), ("cart_to_order", 2), ("spare_change", 2), ("block", 3),
             ("by_hand", 4)]

    def one(self, deep=True, only=None):
        """Returns SQL and the lines for COPY."""
        kinds = [k for k in self.KINDS if (deep or k[0] not in ("block", "by_hand")) and (only is None or k[0] in only)]
        kind = self.rng.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
        statement = getattr(self, kind)()
        return statement if isinstance(statement, tuple) else (statement, None)
