"""Who keeps a copy of all segments by segmentation.changes and a cursor, and nothing else: what he replays must be the members, and nobody may
enter where she is or leave where she is not."""
import time

from definer import Side
from libpq import Error

# By the segment's id, since names change and come again.
READ = """
SELECT c.cursor, l.segment_id, c.customer::text, c.change, l.ends_at
FROM segmentation.changes({cursor}, {most}) AS c
CROSS JOIN LATERAL (SELECT g.segment_id, g.ends_at FROM segmentation.change_log AS g WHERE g.last >= c.cursor ORDER BY g.last LIMIT 1) AS l
ORDER BY c.cursor"""
MEMBERS = """
SELECT m.segment_id, m.customer_id::text FROM segmentation.membership AS m JOIN segmentation.segment_names AS s ON s.id = m.segment_id"""


class Follower(Side):
    def __init__(self, run, rng):
        super().__init__(run, rng, "follower")
        self.cursor, self.members, self.wrong, self.read = 0, set(), [], 0

    def take(self, connection, most):
        """Reads on and replays; returns how many changes there were."""
        rows = connection.run(READ.format(cursor=self.cursor, most=most))
        before = self.cursor
        if rows and rows[-1][0] != rows[-1][4]:
            self.wrong.append(("a transaction is torn", rows[-1]))
        # He may break off anywhere: each row's cursor is one to go on from.
        some = rows if self.rng.random() < 0.7 else rows[:self.rng.randint(1, len(rows))] if rows else rows
        for cursor, segment, customer, change, _ in some:
            if int(cursor) <= self.cursor:
                self.wrong.append(("cursors do not go up", before, cursor))
            self.cursor = int(cursor)
            member = (segment, customer)
            if (change == "entered") == (member in self.members):
                self.wrong.append((f"{change} twice", cursor) + member)
            (self.members.add if change == "entered" else self.members.discard)(member)
        self.read += len(some)
        return len(some)

    def step(self):
        rng = self.rng
        self.connection.run("BEGIN" + rng.choice(["", " ISOLATION LEVEL REPEATABLE READ", " READ ONLY"]))
        for _ in range(rng.randint(1, 3)):
            self.take(self.connection, rng.choice([1, 3, 20, 1000]))
            time.sleep(rng.random() * 0.05)
        self.connection.run(rng.choice(["COMMIT", "COMMIT", "ROLLBACK"]))
        time.sleep(rng.random() * 0.1)

    def differences(self, connection):
        """Returns what is wrong while nobody writes."""
        for _ in range(2):  # a tick gives positions to what was committed before it
            connection.run("CALL segmentation.tick()")
            while self.take(connection, 1000):
                pass
        stored = set(connection.run(MEMBERS))
        found = list(self.wrong)
        found += [("is a member, and was not told",) + m for m in sorted(stored - self.members)[:10]]
        found += [("is no member, and was not told",) + m for m in sorted(self.members - stored)[:10]]
        return found
