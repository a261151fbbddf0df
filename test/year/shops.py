"""What goes on in the shops while time passes: each write is transactions of its own; it returns the keys of whom it concerned."""
from datetime import timedelta

from session import literal


class Generated:
    def __init__(self, people, zone):
        self.people, self.zone, self.next = list(range(1, people + 1)), zone, people + 1

    def sometime(self, year):
        """SQL of an instant: now, in the past or ahead, at a day's edge or within."""
        rng = year.rng
        days = rng.choice([0, 0, 0, -2, -7, -8, -30, -60, -61, -90, 3, 8, 14, 30, rng.randint(-200, 60)])
        local = f"((now() AT TIME ZONE {literal(self.zone)}) + interval '{days} days')"
        if rng.random() < 0.3:
            local = f"(date_trunc('day', {local}) + interval '{rng.choice([-1, 0, 1])} microseconds')"
        return local

    def write(self, year):
        rng, touched = year.rng, set()
        for _ in range(rng.randint(0, 8)):
            who = rng.choice(self.people)
            local = self.sometime(year)
            instant = f"({local} AT TIME ZONE {literal(self.zone)})"
            some = f"(SELECT id FROM orders WHERE customer_id = {who} ORDER BY id DESC LIMIT 1)"
            kind = rng.randrange(12)
            if kind < 4:
                sql = (f"WITH o AS (INSERT INTO orders (customer_id, created_at, total, status) VALUES ({who}, {instant}, {rng.randint(5, 160)}, 'paid') RETURNING id) "
                       f"INSERT INTO items (order_id, sku, price) SELECT id, 'A{rng.randint(0, 8)}', {rng.randint(1, 40)} FROM o")
            elif kind == 4:
                sql = f"UPDATE orders SET created_at = {instant}, total = total + 1 WHERE id = {some}"
            elif kind == 5:
                sql = f"DELETE FROM orders WHERE id = {some}"
            elif kind == 6:
                sql = f"INSERT INTO visits (customer_id, at) VALUES ({who}, {local})"
            elif kind == 7:
                sql = f"INSERT INTO renewals (customer_id, day) VALUES ({who}, {local}::date + {rng.randint(0, 30)})"
            elif kind == 8:
                sql = f"UPDATE customers SET birth_date = ({local} - interval '{rng.randint(17, 40)} years')::date, registered = {instant} WHERE id = {who}"
            elif kind == 9:
                sql = f"UPDATE customers SET local_at = {local}, data = jsonb_build_object('renew', to_char({local}, 'YYYY-MM-DD')) WHERE id = {who}"
            elif kind == 10:
                who, self.next = self.next, self.next + 1
                self.people.append(who)
                sql = f"INSERT INTO customers VALUES ({who}, {local}::date, {instant}, NULL, NULL); INSERT INTO orders (customer_id, created_at, total, status) VALUES ({who}, {instant}, 20, 'open')"
            else:
                self.people.remove(who)
                sql = f"DELETE FROM visits WHERE customer_id = {who}; DELETE FROM customers WHERE id = {who}"
            mode = rng.choice(["commit", "commit", "commit", "statement", "background"])
            year.session.must(f"SET segmentation.maintain = {mode}; BEGIN; {sql}; COMMIT")
            touched.add(str(who))
        return touched


class Retail:
    """Invoices that had been held back arrive when their time has come; the last one of some is corrected."""

    def __init__(self):
        self.arrived = None

    def write(self, year):
        lines = year.session.must(
            "WITH due AS (DELETE FROM late.invoices WHERE issued_at <= now() AT TIME ZONE 'Europe/London' RETURNING *), placed AS (INSERT INTO shop.invoices SELECT * FROM due "
            "RETURNING invoice_no, customer_id), filled AS (INSERT INTO shop.invoice_lines SELECT l.* FROM late.invoice_lines AS l JOIN placed AS p USING (invoice_no) RETURNING 1) "
            "SELECT DISTINCT customer_id FROM placed WHERE customer_id IS NOT NULL")
        if year.rng.random() < 0.5:
            lines += year.session.must(
                "UPDATE shop.invoices SET issued_at = now() AT TIME ZONE 'Europe/London' WHERE invoice_no = (SELECT invoice_no FROM shop.invoices WHERE customer_id IS NOT NULL "
                f"AND issued_at <= now() AT TIME ZONE 'Europe/London' ORDER BY issued_at DESC OFFSET {year.rng.randint(0, 30)} LIMIT 1) RETURNING customer_id")
        return set(lines)
