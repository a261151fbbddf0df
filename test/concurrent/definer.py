"""Who changes definitions and calls upkeep while the shop is open: one client of each kind."""
import collections
import re
import threading
import time

from libpq import IDLE, Connection, Error
from segments import FIXED, fixed_rule, nested_rules, random_rule
from shop import literal
from statements import Statements
from tables import Values

SPARE_RULES = ["count(spare) >= 2", "sum(spare.amount) > 5", "spare MATCHES (amount > 3)", "spare NOT MATCHES ()"]
# Names taken, names that are no more, in use, mistakes in random rules; and what any statement may get.
EXPECTED = {"42710", "42704", "2BP01", "42703", "42P17", "42601", "42804", "40P01", "55P03", "57014", "08006", "57P01", "57P02", "57P03", "22008", "22003", "42702",
            "40001", "23505", "23503", "23514", "22P02", "25001", "21000"}


class Side(threading.Thread):
    """A client beside the writers, with a log of what it ran."""

    def __init__(self, run, rng, name):
        super().__init__(daemon=True)
        self.run_state, self.rng, self.kind = run, rng, name
        self.log = collections.deque(maxlen=1000)
        self.connection = None

    def execute(self, sql):
        entry = [time.time(), None, sql, "running"]
        self.log.append(entry)
        try:
            rows = self.connection.run(sql)
            entry[3] = "done"
            return rows
        except Error as error:
            entry[3] = error.text().splitlines()[0]
            level = "SER" if "SERIALIZABLE" in sql else "RC"
            with self.run_state.errors.lock:
                self.run_state.errors.counts[(error.sqlstate, level, self.kind, "ours")] += 1
                if error.sqlstate not in EXPECTED:
                    self.run_state.errors.wrong.append((f"{error.sqlstate} at {self.kind}", f"{self.kind}: {error.text()}\n  at: {sql[:600]}"))
            if not self.connection.lost() and self.connection.state() != IDLE:
                self.connection.run("ROLLBACK")
            return None
        finally:
            entry[1] = time.time()

    def print_log(self, since):
        stamp = lambda t: "-" if t is None else time.strftime("%H:%M:%S", time.gmtime(t)) + f"{t % 1:.6f}"[1:]
        return "\n".join(f"-- {self.kind}: {stamp(a)} to {stamp(b)}, {how}\n{sql};" for a, b, sql, how in list(self.log) if b is None or b >= since)

    def run(self):
        while self.run_state.wait_turn():
            try:
                if self.connection is None or self.connection.lost():
                    self.connection = Connection(self.run_state.dsn + f" application_name={self.kind}")
                    self.connection.run("SET search_path = shop, public; SET client_min_messages = error; SET lock_timeout = '20s'")
                self.step()
            except Error:
                time.sleep(0.2)
        if self.connection is not None:
            self.connection.close()


class Definer(Side):
    """Creates, alters, renames, copies and drops segments, defines attributes and sources, binds and unbinds a source."""

    def __init__(self, run, rng, name):
        super().__init__(run, rng, name)
        self.statements = Statements(rng, run.tables, Values(rng, run.tables.zone, run.tables.values.began, run.seconds + 120, run.tables.moving))

    def rule(self):
        rng = self.rng
        roll = rng.random()
        if roll < 0.06:  # whatever there is: measures are no longer kept for a while
            return rng.choice(FIXED)
        if roll < 0.3:
            return random_rule(rng, self.run_state.tables)
        if roll < 0.4:
            return rng.choice(SPARE_RULES)
        if roll < 0.5:
            return rng.choice(nested_rules(rng, [f"x{i}" for i in range(6)] + ["s0", "s1", "s2"]))
        return fixed_rule(rng, self.run_state.tables)

    def change(self):
        while True:
            change = self.draw()
            if not self.run_state.options.without or not re.search(self.run_state.options.without, change):
                return change

    def draw(self):
        rng = self.rng
        name, other = f"x{rng.randint(0, 5)}", f"x{rng.randint(0, 7)}"
        fixed = rng.choice(self.run_state.names)
        later = rng.choice(["", ", wait => false"])
        spare = "SELECT segmentation.bind_source('spare', 'shop.spare', key => 'customer_id', date => 'at'%s)"
        return rng.choices([
            f"SELECT segmentation.create_segment({literal(name)}, {literal(self.rule())}{later})", f"SELECT segmentation.alter_segment({literal(name)}, {literal(self.rule())}{later})",
            f"SELECT segmentation.alter_segment({literal(fixed)}, {literal(fixed_rule(rng, self.run_state.tables))}{later})", f"CALL segmentation.build_segment({literal(rng.choice([name, fixed]))})", f"SELECT segmentation.rename_segment({literal(name)}, {literal(other)})",
            f"SELECT segmentation.copy_segment({literal(rng.choice([name, fixed]))}, {literal(other)})",
            f"SELECT segmentation.drop_segment({literal(name)}{rng.choice(['', ', cascade => true'])})",
            f"SELECT segmentation.define_attribute('spent', {literal(rng.choice(['sum(orders.total)', 'sum(orders.total) + count(orders)', 'max(orders.total)']))}, replace => true)",
            "SELECT segmentation.define_source('placed', 'orders', '{\"value\": \"total\"}', "
            + literal(rng.choice(["status != 'sofia'", "paid = true", "qty > 0"])) + ", replace => true)",
            spare % "", spare % rng.choice([", condition => 'amount > 2', replace => true", ", replace => true"]), "SELECT segmentation.unbind('spare')",
            f"SELECT segmentation.bind_lookup('category', 'shop.categories', of => 'product', key => 'category_id', parent => 'parent_id', label => 'title'{rng.choice(['', ', condition => ' + literal('level > 0')])}, replace => true)",
            f"SELECT segmentation.bind_customers('shop.customers', timezone => {literal(rng.choice(self.run_state.tables.zones))}, replace => true)",
            f"SELECT segmentation.bind_source('orders', 'shop.orders', key => 'customer_id', date => 'created_at', replace => true{rng.choice(['', ', condition => ' + literal('qty != 1'), ', condition => ' + literal(self.run_state.tables.order_condition or 'paid = true')])})",
            f"SELECT segmentation.bind_source('items', 'shop.lines', key => 'order_id', of => 'orders', of_key => 'id', replace => true{rng.choice(['', ', condition => ' + literal('quantity > 0')])})",
            rng.choice(["ALTER TABLE orders ADD COLUMN IF NOT EXISTS more integer DEFAULT 1", "ALTER TABLE orders DROP COLUMN IF EXISTS more", "ANALYZE orders", "VACUUM lines"]),
            "ANALYZE lines" if not self.run_state.tables.computed else "SELECT segmentation.bind_column('items', 'cost', " + literal(rng.choice(["price::numeric * quantity", "quantity", "price::numeric"])) + ", replace => true)"],
            [8, 5, 3, 2, 2, 2, 5, 2, 2, 3, 2, 2, 1, 1, 1, 1, 1, 1])[0]

    def step(self):
        rng = self.rng
        roll = rng.random()
        if roll < 0.75:
            self.execute(self.change())
        else:
            parts = [self.change() for _ in range(rng.randint(1, 2))]
            middle = rng.choice(["", "SAVEPOINT a; " + self.change() + "; ROLLBACK TO a; "])
            if not self.run_state.options.statement_mode and re.search("bind_|unbind|ALTER|ANALYZE|VACUUM|CALL", ";".join([middle, *parts])):
                parts, middle = parts[:1], ""  # tables come before definitions in the order of locks
            if self.run_state.options.statement_mode and rng.random() < 0.6:  # the shop's own statements in the same transaction
                for _ in range(rng.randint(1, 2)):
                    parts.insert(rng.randint(0, len(parts)), self.statements.plain())
            changes = "; ".join(parts)
            level = rng.choice(["", "", " ISOLATION LEVEL REPEATABLE READ"])
            self.execute(f"BEGIN{level}; {middle}{changes}; {rng.choice(['COMMIT', 'COMMIT', 'ROLLBACK'])}")
        time.sleep(rng.random() * self.run_state.options.definer_pause)


class Refresher(Side):
    """Calls what recomputes, and what looks on."""

    def step(self):
        rng, tables = self.rng, self.run_state.tables
        key = lambda: tables.values.key(tables.key_type, rng.randint(1, tables.people + 4))
        array = f"ARRAY[{', '.join(key() for _ in range(rng.randint(1, 9)))}]"
        self.execute(rng.choices([f"SELECT segmentation.refresh({key()})", f"SELECT segmentation.refresh({array})", "SELECT segmentation.refresh_all()",
                                  f"SELECT segmentation.segments_of({key()})", "SELECT count(*) FROM segmentation.membership_history",
                                  f"BEGIN; SELECT segmentation.refresh({array}); ROLLBACK", "SELECT segmentation._queue_everyone()"], [3, 3, 1, 2, 1, 1, 1])[0])
        time.sleep(rng.random() * 0.3)


class Ticker(Side):
    """CALL tick(), again and again."""

    def step(self):
        rng = self.rng
        # In a block its batches keep their locks, one batch's customers after another's.
        blocks = ["BEGIN; CALL segmentation.tick(); COMMIT", "BEGIN; CALL segmentation.tick(); ROLLBACK"] if self.run_state.options.statement_mode else []
        self.execute(rng.choice(["CALL segmentation.tick()"] * 5 + blocks))
        time.sleep(rng.random() * 0.15)
