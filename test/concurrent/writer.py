"""A client that changes the shop: random transactions, one after the other, each of them in its log."""
import collections
import threading
import time

from libpq import IDLE, Connection, Error
from statements import Statements

ISOLATION = ["READ COMMITTED"] * 7 + ["REPEATABLE READ"] * 2 + ["SERIALIZABLE"]


class Transaction:
    """What a transaction was to do and how it ended."""

    def __init__(self, client, number, begin, steps, end):
        self.client, self.number, self.begin, self.steps, self.end = client, number, begin, steps, end
        self.began = time.time()
        self.ended, self.outcome, self.errors = None, "running", []

    def print(self):
        stamp = lambda t: "-" if t is None else time.strftime("%H:%M:%S", time.gmtime(t)) + f"{t % 1:.6f}"[1:]
        lines = [f"-- client {self.client}, transaction {self.number}: {stamp(self.began)} to {stamp(self.ended)}, {self.outcome}"]
        for step in self.begin + [s[0] + (";\n" + s[1] + "\\." if s[1] else "") for s in self.steps] + self.end:
            lines.append(step + ";")
        return "\n".join(lines + [f"--   {e.splitlines()[0]}" for e in self.errors])


class Writer(threading.Thread):
    def __init__(self, run, number, rng, values):
        super().__init__(daemon=True)
        self.run_state, self.number, self.rng = run, number, rng
        self.statements = Statements(rng, run.tables, values)
        self.log = collections.deque(maxlen=3000)
        self.connection, self.count, self.pids = None, 0, set()

    # -- what a transaction is to do
    def plan(self):
        """Returns how it begins, its steps and how it ends."""
        rng, options = self.rng, self.run_state.options
        begin = ["BEGIN ISOLATION LEVEL " + rng.choice(ISOLATION)]
        if options.statement_mode and rng.random() < 0.25:
            begin.append("SET LOCAL segmentation.maintain = " + rng.choice(["statement", "background", "commit"]))
        elif rng.random() < 0.1:
            begin.append("SET LOCAL segmentation.maintain = background")
        if rng.random() < 0.04:
            begin.append(f"SET LOCAL segmentation.commit_limit = {rng.choice([0, 1, 2, 5])}")
        if rng.random() < 0.04:
            begin.append("SET LOCAL segmentation.capture_memory = 0")  # all but what is noted first is queued
        if rng.random() < 0.05:
            begin.append(f"SET LOCAL statement_timeout = {rng.choice([1, 2, 5, 20])}")
        if rng.random() < 0.03:
            begin.append(f"SET LOCAL lock_timeout = {rng.choice([1, 5, 20])}")
        if rng.random() < 0.03:
            begin.append("SET CONSTRAINTS ALL IMMEDIATE")
        if rng.random() < options.truncate:
            return begin[:1], [(self.statements.truncate() if rng.random() < 0.7 else self.statements.truncate_partition(), None)], ["COMMIT"]
        steps, open_savepoints = [], []
        for _ in range(rng.randint(1, 6)):
            roll = rng.random()
            if roll < 0.15 and len(open_savepoints) < 3:
                open_savepoints.append(f"p{len(open_savepoints)}")
                steps.append((f"SAVEPOINT {open_savepoints[-1]}", None))
            steps.append(self.statements.one(only=options.only))
            if open_savepoints and rng.random() < 0.35:
                back = rng.randrange(len(open_savepoints))
                if rng.random() < 0.6:
                    steps.append((f"ROLLBACK TO {open_savepoints[back]}", None))
                    open_savepoints = open_savepoints[:back + 1]
                else:
                    steps.append((f"RELEASE {open_savepoints[back]}", None))
                    open_savepoints = open_savepoints[:back]
            if options.statement_mode and rng.random() < 0.06:
                steps.append(("SELECT segmentation.flush()", None))
            if options.statement_mode and rng.random() < 0.05 and not options.only:
                steps += self.statements.merge()
            if rng.random() < 0.05:
                steps.append((rng.choice([f"SELECT segmentation.segments_of({self.statements.customer()})", "SELECT count(*) FROM segmentation.members('s0')",
                                          "SELECT name, members FROM segmentation.segments", 'SELECT count(*) FROM segments."s0"',
                                          f'SELECT count(*) FROM segments.x{rng.randint(0, 7)}']), None))
        roll = rng.random()
        name = f"t{self.number}_{self.count}"
        if roll < 0.82:
            return begin, steps, ["COMMIT"]
        if roll < 0.92:
            return begin, steps, ["ROLLBACK"]
        return begin, steps, [f"PREPARE TRANSACTION '{name}'", rng.choice(["COMMIT", "COMMIT", "ROLLBACK"]) + f" PREPARED '{name}'"]

    def plan_alone(self):
        """Statements that commit by themselves: one, several in one message, or a block that commits."""
        rng, statements = self.rng, self.statements
        roll = rng.random()
        if roll < 0.6 or self.run_state.options.only:
            return [], [statements.one(only=self.run_state.options.only)], []
        texts = [statements.plain() for _ in range(rng.randint(2, 4))]
        if roll < 0.8:
            return [], [("; ".join(texts), None)], []
        return [], [("DO $do$ BEGIN " + " ".join(f"{t}; {rng.choice(['', 'COMMIT;', 'ROLLBACK;'])}" for t in texts) + " END $do$", None)], []

    # -- doing it
    def do(self, transaction):
        """Returns whether it may be tried again."""
        connection, again, timer = self.connection, False, None
        if self.rng.random() < 0.03:
            timer = threading.Timer(self.rng.random() * 0.02, connection.cancel)
            timer.start()
        place = ""
        try:
            for place in transaction.begin:
                connection.run(place + (f"; SET LOCAL application_name = 'writer {self.number}/{transaction.number}'" if self.run_state.audited and place.startswith("BEGIN") else ""))
            savepoints = []
            skip_to = None
            for sql, copy in transaction.steps:
                place, point = sql, sql.split()[-1]
                if skip_to and not sql.startswith("ROLLBACK TO"):
                    continue
                if sql.startswith(("ROLLBACK TO", "RELEASE")) and point not in savepoints:
                    continue  # an error before it kept it from being made
                try:
                    connection.run(sql, copy)
                    skip_to = None
                    if sql.startswith("SAVEPOINT"):
                        savepoints.append(point)
                    elif sql.startswith("RELEASE"):
                        savepoints = savepoints[:savepoints.index(point)]
                    elif sql.startswith("ROLLBACK TO"):
                        savepoints = savepoints[:savepoints.index(point) + 1]
                    if self.rng.random() < 0.05:
                        time.sleep(self.rng.random() * 0.01)
                except Error as error:
                    self.note(transaction, error, sql)
                    if not savepoints or connection.lost() or self.rng.random() < 0.3:
                        raise
                    skip_to = True
            if skip_to:
                place = "ROLLBACK"
                connection.run("ROLLBACK")
                transaction.outcome = "rolled back after an error"
                return False
            for place in transaction.end:
                if "PREPARED" in place and self.rng.random() < 0.5:
                    time.sleep(self.rng.random() * 0.03)
                self.finish(place)
            transaction.outcome = "rolled back" if transaction.end[-1:] and transaction.end[-1].startswith("ROLLBACK") else "committed"
        except Error as error:
            if not transaction.errors or transaction.errors[-1] != error.text():
                self.note(transaction, error, place)
            transaction.outcome = "failed"
            again = error.sqlstate in ("40001", "40P01")
            if not connection.lost() and connection.state() != IDLE:
                connection.run("ROLLBACK")
        finally:
            if timer:
                timer.cancel()
                timer.join()
            transaction.ended = time.time()
        return again

    def finish(self, statement):
        """A prepared transaction is ended whatever happens: it would hold its locks for ever."""
        for _ in range(50 if "PREPARED" in statement else 1):
            try:
                return self.connection.run(statement)
            except Error as error:
                last = error
                if error.sqlstate not in ("57014", "55P03") or "PREPARED" not in statement:
                    raise
        raise last

    def note(self, transaction, error, place):
        transaction.errors.append(error.text())
        self.run_state.errors.count(error, place, transaction, self)

    def connect(self):
        while not self.run_state.stopped:
            try:
                self.connection = Connection(self.run_state.dsn + " application_name=writer")
                self.pids.add(self.connection.pid)
                self.connection.run("SET search_path = shop, public; SET client_min_messages = warning")
                return
            except Error:
                time.sleep(0.2)

    def run(self):
        self.connect()
        while self.run_state.wait_turn():
            if self.connection.lost():
                self.connection.close()
                self.connect()
                continue
            begin, steps, end = self.plan() if self.rng.random() < 0.8 else self.plan_alone()
            for _ in range(3):
                self.count += 1
                transaction = Transaction(self.number, self.count, begin, steps, end)
                self.log.append(transaction)
                try:
                    again = self.do(transaction)
                except Error as error:  # even ROLLBACK failed
                    self.note(transaction, error, "ROLLBACK")
                    again = False
                if not again or self.connection.lost():
                    break
        self.connection.close()
