"""A stretch of time in fast motion: the clock goes from stop to stop, the shop goes on at each, and the members are held against PostgreSQL
running the rules as SQL: the stored ones at each stop, and the history at instants between two of them."""
import os
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "time"))
from session import literal  # noqa: E402

TICK = timedelta(microseconds=1)


def parse(text):
    return datetime.fromisoformat(text + "+00:00")


class Year:
    """`shop` has write(year), which lets something happen and returns whom it concerned; rules is a dictionary by segment's name."""

    def __init__(self, session, rng, zone, rules, shop, where):
        self.session, self.rng, self.zone, self.rules, self.shop, self.where = session, rng, ZoneInfo(zone), rules, shop, where
        self.checks, self.failures, self.moved, self.now = 0, [], 0, None
        self.ids = dict(line.rsplit("|", 1) for line in session.must("SELECT name, id FROM segmentation.segment"))
        self.queries = {name: "\n".join(session.must(f"SELECT segmentation.to_sql(rule) FROM segmentation.segment WHERE name = {literal(name)}")) for name in rules}

    def check(self, what, problem):
        self.checks += 1
        if problem:
            self.failures.append(f"{self.where}, {self.now}: {what}: {problem}")

    def set_clock(self, at):
        self.session.set_clock(at)
        self.now = at

    def tick(self):
        self.check("tick", self.session.must("SET client_min_messages = warning; CALL segmentation.tick(); SET client_min_messages = error"))

    def verify(self):
        wrong = self.session.must("SELECT segment, count(*), min(customer), bool_or(pending) FROM segmentation.verify() GROUP BY 1 ORDER BY 1")
        self.check("verify", wrong)

    def by_rule(self, name):
        return set(self.session.must(f"SELECT k FROM ({self.queries[name]}) AS q (k)"))

    def stored(self, name):
        return set(self.session.must(f"SELECT customer_id FROM segmentation.membership WHERE segment_id = {self.ids[name]}"))

    def members_at(self, name, at):
        return set(self.session.must(f"SELECT m FROM segmentation.members_at({literal(name)}, '{at.isoformat()}') AS m WHERE m IS NOT NULL"))

    def next_stops(self, longest):
        """A way forward: just before, at and after an instant at which somebody comes due or a day begins, or anywhere."""
        roll = self.rng.random()
        if roll < 0.4:
            until = self.now + self.rng.random() * longest
            found = self.session.must("SELECT to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') FROM segmentation.due "
                                      f"WHERE due_at > '{until.isoformat()}' ORDER BY due_at LIMIT 1")
            if found:
                at = parse(found[0])
                return [at - TICK, at, at + timedelta(seconds=1)]
        local = (self.now + self.rng.random() * longest).astimezone(self.zone)
        if roll < 0.7:
            at = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(self.now.tzinfo)
            return [at - TICK, at, at + timedelta(seconds=1)]
        return [local.astimezone(self.now.tzinfo)]

    def history(self, name, at, touched):
        """Holds the history at an instant against the rule then. Moves the server's clock there."""
        self.session.set_clock(at)
        wrong = (self.by_rule(name) ^ self.members_at(name, at)) - touched
        self.check(f"history of {name!r} at {at}", wrong and f"{len(wrong)} differ, like {sorted(wrong)[:3]}")

    def past(self, began, touched):
        """The history between the last stop and this, at some instants, held against the rules then. Needs that nothing was written meanwhile but
        about those who are touched."""
        now, chosen = self.now, []
        effective = self.session.must(
            "SELECT DISTINCT s.name, to_char(h.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') FROM (SELECT segment_id, entered_at AS at FROM "
            f"segmentation.membership WHERE entered_at > '{began.isoformat()}' UNION ALL SELECT segment_id, left_at FROM segmentation.membership_past WHERE left_at "
            f"> '{began.isoformat()}') AS h JOIN segmentation.segment AS s ON s.id = h.segment_id ORDER BY 1, 2")
        self.moved += len(effective)
        # Rules over memberships would read those of later.
        effective = [line.rsplit("|", 1) for line in effective]
        effective = [(name, parse(at)) for name, at in effective if "memberships" not in self.rules[name]]
        for name, at in self.rng.sample(effective, min(3, len(effective))):
            chosen += [(name, at - TICK), (name, at)]
        plain = [name for name in self.rules if "memberships" not in self.rules[name]]
        for name in self.rng.sample(plain, 4):
            chosen.append((name, began + self.rng.random() * (now - began)))
        for name, at in chosen:
            if began < at < now:
                self.history(name, at, touched)
        self.session.set_clock(now)

    def stop(self, at):
        began, touched = self.now, set()
        self.set_clock(at)
        if self.rng.random() < 0.3:
            touched = self.shop.write(self)
        self.tick()
        self.verify()
        if began is not None and at - began > timedelta(hours=1):
            self.past(began, touched)
        if self.shop.write(self):
            self.tick()
            self.verify()
        if self.rng.random() < 0.3:
            name = self.rng.choice(list(self.rules))
            stored = self.stored(name)
            wrong = stored ^ self.by_rule(name)
            self.check(f"stored members of {name!r}", wrong and sorted(wrong)[:3])
            self.session.must(f"INSERT INTO seen VALUES (now(), {literal(name)}, ARRAY(SELECT customer_id FROM segmentation.membership WHERE segment_id = {self.ids[name]}))")

    def go(self, start, end, hops):
        """From start to end in about so many hops; each is a stop or three."""
        longest = (end - start) / hops * 2
        self.stop(start)
        while self.now < end and len(self.failures) < 10:
            for at in self.next_stops(longest):
                if at > self.now:
                    self.stop(at)
        self.finish()

    def finish(self, forward=True):
        """What history says in the end. Where the clock has not always gone forward, things may be recorded before they were so."""
        must = self.session.must
        self.check("past members", must(
            "SELECT s.name, s.at FROM seen AS s WHERE EXISTS ((SELECT c FROM unnest(s.customers) AS c WHERE c IN (SELECT id FROM customers) EXCEPT SELECT m FROM "
            "segmentation.members_at(s.name, s.at) AS m) UNION ALL (SELECT m FROM segmentation.members_at(s.name, s.at) AS m WHERE m IS NOT NULL EXCEPT SELECT c FROM unnest(s.customers) AS c))"))
        self.check("order of intervals", must(
            "SELECT * FROM (SELECT h.*, lead(entered_at) OVER (PARTITION BY segment_id, customer_id ORDER BY entered_at, coalesce(left_at, 'infinity')) AS next "
            "FROM segmentation.membership_history AS h WHERE customer_id IS NOT NULL) AS h WHERE left_at < entered_at OR next < coalesce(left_at, 'infinity') "
            f"OR {forward} AND (recorded_at < entered_at OR left_recorded_at < left_at) LIMIT 3"))
        self.check("counts", must(
            "SELECT s.name, s.members, count(m.*) FROM segmentation.segments AS s LEFT JOIN segmentation.membership AS m ON m.segment_id = s.id "
            "GROUP BY 1, 2 HAVING s.members <> count(m.*)"))
        self.check("nobody left behind", must("SELECT customer_id, due_at FROM segmentation.due WHERE due_at <= now() LIMIT 3"))
