"""What must be true while nobody writes: the queue can be worked off, members are what SQL says, and nothing is left to write."""
from libpq import IN_TRANSACTION, Error
from measures import difference

COUNTS = """
SELECT s.name, s.members, count(m.customer_id) FROM segmentation.segments AS s LEFT JOIN segmentation.membership AS m ON m.segment_id = s.id
GROUP BY s.id, s.name, s.members HAVING s.members IS DISTINCT FROM count(m.customer_id)"""
ORPHANS = """
SELECT DISTINCT segment_id FROM segmentation.membership AS m WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.id = m.segment_id)
AND NOT EXISTS (SELECT FROM segmentation.alteration AS a WHERE a.draft_id = m.segment_id AND a.error IS NOT NULL)"""
# Memberships of one customer in one segment follow one another; the open one is the last.
HISTORY = """
SELECT h.segment_id, h.customer_id, h.entered_at, h.left_at, h.next FROM (
  SELECT p.*, lead(p.entered_at) OVER w AS next FROM segmentation.membership_history AS p WHERE p.customer_id IS NOT NULL
  WINDOW w AS (PARTITION BY p.segment_id, p.customer_id ORDER BY p.entered_at, p.left_at NULLS LAST)) AS h
WHERE h.left_at < h.entered_at OR h.next < h.left_at OR (h.left_at IS NULL AND h.next IS NOT NULL) LIMIT 10"""

# What view forecasts shows of everyone by the notes of who was touched, against what it computes of everyone.
FORECASTS = "(TABLE shown EXCEPT ALL TABLE segmentation.forecasts) UNION ALL (TABLE segmentation.forecasts EXCEPT ALL TABLE shown)"


class Oracle:
    def __init__(self):
        self.connection, self.checks, self.compared = None, 0, 0

    def drain(self):
        """Returns what stays in the queue or is set aside."""
        c = self.connection
        for _ in range(200):
            c.run("CALL segmentation.tick()")
            c.run("UPDATE segmentation.set_aside SET retry_at = now() WHERE retry_at > now()")
            if c.value("SELECT count(*) FROM segmentation.dirty") == "0":
                break
        if c.value("SELECT count(*) FROM segmentation.set_aside") != "0":
            c.run("CALL segmentation.tick()")
        rows = c.run("SELECT 'queued', binding_id::text, value FROM segmentation.dirty UNION ALL SELECT 'set aside', customer_id, sqlstate || ' ' || message FROM segmentation.set_aside")
        return rows + c.run("SELECT 'status', 'error', last_error FROM segmentation.status WHERE last_error IS NOT NULL AND error_at > ticked_at - interval '1 second'")

    def differences(self, writes, moving=False):
        """Returns (what, rows) for each truth that does not hold. writes: keep what refresh_all has written. moving: windows pass rows, so that
        everybody is touched first, by a change that leaves nothing behind: what is kept of her other rows must not be taken for today's."""
        c, found = self.connection, []
        self.checks += 1

        def look(what, sql):
            try:
                rows = c.run(sql)
            except Error as error:
                rows = [("error", error.text())]
                if c.state() != 0:
                    c.run("ROLLBACK")
            if rows:
                found.append((what, rows))

        left = self.drain()
        if moving:
            c.run("INSERT INTO shop.labels SELECT id, 'touched' FROM shop.customers")
            c.run("DELETE FROM shop.labels WHERE label = 'touched'")
        if left:
            found.append(("left in the queue", left))
        look("verify", "SELECT segment, customer, stored, expected FROM segmentation.verify() ORDER BY 2, 1")
        if not moving: # else stored rows are as of the last refresh
            c.run("BEGIN")
            c.run("CREATE TEMP TABLE shown AS SELECT * FROM segmentation.forecasts")
            c.run("SELECT segmentation._move_everyone()")
            look("forecasts", FORECASTS)
            c.run("ROLLBACK")
            self.store_forecasts()
        look("counts", COUNTS)
        look("members of no segment", ORPHANS)
        look("still being built", "SELECT segment, kind, judged FROM segmentation.builds WHERE error IS NULL")
        look("history", HISTORY)
        keys = c.value("SELECT key FROM segmentation.binding WHERE role = 'customers'")
        c.run("BEGIN")
        kept = self.measures()
        look("refresh of each customer wrote", f"SELECT n FROM segmentation.refresh((SELECT array_agg({keys}) FROM shop.customers)) AS n WHERE n <> 0")
        found += self.compare_measures(kept) if c.state() == IN_TRANSACTION else []
        c.run("ROLLBACK")
        c.run("BEGIN")
        look("refresh_all wrote", "SELECT n FROM segmentation.refresh_all() AS n WHERE n <> 0")
        c.run("COMMIT" if writes else "ROLLBACK")
        return found

    def store_forecasts(self):
        """Does what a refresh does whose model is the one in force."""
        for statement in ["BEGIN", "SELECT segmentation._move_everyone()", "CREATE TEMP TABLE shown ON COMMIT DROP AS SELECT * FROM segmentation.forecasts", "DELETE FROM segmentation.forecast",
                          "DELETE FROM segmentation.forecast_moved", "INSERT INTO segmentation.forecast SELECT * FROM shown", "COMMIT"]:
            self.connection.run(statement)

    def measures(self):
        """Returns what is kept for each customer, and for which definitions."""
        rows = self.connection.run("SELECT customer_id, definitions, encode(measures, 'hex') FROM segmentation.state")
        return {row[0]: row[1:] for row in rows}

    def compare_measures(self, kept):
        """After a refresh, which reads everything again: measures that were kept and brought up to date by rows must be the same."""
        wrong = []
        for customer, (definitions, measures) in self.measures().items():
            before = kept.get(customer, (None, None))
            if before[0] == definitions and None not in (before[1], measures):
                self.compared += 1
                found = difference(bytes.fromhex(before[1]), bytes.fromhex(measures))
                if found:
                    wrong.append((customer, found))
        return [("kept measures", wrong)] if wrong else []

    def concerned(self, found):
        """Returns the customers and segments of differences."""
        customers, segments = set(), set()
        for what, rows in found:
            if what == "kept measures":
                customers |= {r[0] for r in rows}
            if what == "verify" and rows[0][0] != "error":
                customers |= {r[1] for r in rows}
                segments |= {r[0] for r in rows}
        return customers, segments
