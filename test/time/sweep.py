"""Random instants, zones and date tests, with events where a rule's edges may be."""
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from session import literal, verdict

# On both sides of UTC; with changes of half an hour and two hours, at midnight, over midnight; with days skipped.
ZONES = ["Pacific/Auckland", "Europe/Sofia", "America/New_York", "America/St_Johns", "Pacific/Apia", "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe",
         "America/Asuncion", "America/Havana", "Atlantic/Azores", "Asia/Kathmandu", "Pacific/Kiritimati", "Antarctica/Troll", "Africa/Casablanca", "Pacific/Chatham", "UTC"]
FORMS = ["today", "yesterday", "tomorrow", "-1d", "-7d", "-30d", "+3d", "-1w", "+4w", "-1m", "-2m", "+1m", "-12m", "-1y", "+1y", "-36h", "-24h", "-1h", "+24h", "-0h",
         "7_days_ago", "30_days_ago", "90_days_ago", "12_months_ago", "this_week", "last_week", "this_month", "last_month", "this_quarter", "last_quarter", "this_year", "last_year"]
DAYS = [form for form in FORMS if not form.endswith("h")]
COMPARE = ["=", "!=", "<", "<=", ">", ">="]
PEOPLE = 24


def changes(zone, cache={}):
    """The instants at which a zone's offset changes, 2006 to 2030."""
    if zone not in cache:
        found, info = [], ZoneInfo(zone)
        offset = lambda seconds: datetime.fromtimestamp(seconds, info).utcoffset()
        step = 86400
        start = int(datetime(2006, 1, 1, tzinfo=timezone.utc).timestamp())
        for low in range(start, start + 25 * 366 * step, step):
            high = low + step
            if offset(low) == offset(high):
                continue
            while high - low > 1:
                middle = (low + high) // 2
                if offset(middle) == offset(low):
                    low = middle
                else:
                    high = middle
            found.append(datetime.fromtimestamp(high, timezone.utc))
        cache[zone] = found
    return cache[zone]


def some_instant(rng, zone):
    tiny = timedelta(microseconds=rng.choice([-1, 0, 0, 1, rng.randint(-10**6, 10**6)]))
    roll = rng.random()
    if roll < 0.45 and changes(zone):
        by = rng.choice([timedelta(0), timedelta(hours=rng.choice([-1, 1, 2, -3])), timedelta(days=rng.choice([-1, 1, 7, -7, 30])),
                         timedelta(seconds=rng.randint(-3 * 86400, 3 * 86400))])
        return rng.choice(changes(zone)) + by + tiny
    if roll < 0.75:  # where months, quarters, years and weeks meet, and around 29 February
        year = rng.randint(2007, 2029)
        day = rng.choice([(1, 1), (3, 1), (2, 28), (2, 29), (3, 31), (4, 1), (7, 1), (10, 1), (12, 31), (5, 31), (1, 31)])
        if day == (2, 29) and year % 4:
            year += 4 - year % 4
        local = datetime(year, *day, tzinfo=ZoneInfo(zone)) + timedelta(days=rng.choice([0, 0, 1, rng.randint(0, 6)]))
        return local.astimezone(timezone.utc) + tiny
    years = rng.choice([24, 24, 90])  # zones' tables end, and repeat, within the longer
    return datetime(2006, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=rng.randint(0, years * 365 * 86400 * 10**6))


def some_local(rng, zone):
    """SQL of a local time where a rule may have an edge."""
    local = f"(now() AT TIME ZONE {literal(zone)})"
    roll = rng.random()
    if roll < 0.4:
        base = f"(date_trunc('day', {local}) + interval '{rng.choice([0, 0, 1, 1, 2, -1, -6, -7, -8, 3, 4, -29, -30, -90, 28, 29, rng.randint(-400, 400)])} days')"
    elif roll < 0.6:
        unit = rng.choice(["week", "month", "quarter", "year"])
        base = f"(date_trunc('{unit}', {local}) + {rng.choice([-1, 0, 1, 2])} * interval '{'3 months' if unit == 'quarter' else '1 ' + unit}')"
    elif roll < 0.75:
        base = f"(date_trunc('day', {local}) + interval '{rng.choice([-1, -2, 1, -12, 12])} months' + interval '{rng.choice([0, 1, -1, 2])} days')"
    elif roll < 0.9:
        base = f"({local} + interval '{rng.choice([0, -36, -24, -1, 24, 1])} hours')"
    else:
        return f"('{rng.choice(['2000-02-29', '1990-12-31', '2004-02-29', '1999-03-01', '2010-11-07', '2011-12-30'])}'::timestamp)"
    return f"({base} + interval '{rng.choice([0, 0, 1, -1, 1800 * 10**6, 3600 * 10**6, -3600 * 10**6, rng.randint(0, 86400 * 10**6)])} microseconds')"


def some_time(rng, zone, kind):
    if rng.random() < 0.05:
        return "NULL"
    if kind == "instant":
        if changes(zone) and rng.random() < 0.15:  # around a change itself
            at = rng.choice(changes(zone)) + timedelta(microseconds=rng.choice([-1, 0, 1, 1800 * 10**6, -1800 * 10**6]))
            return literal(at.isoformat()) + "::timestamptz"
        if rng.random() < 0.2:
            return f"(now() + interval '{rng.choice([0, -36, -24, -1, 24])} hours' + interval '{rng.choice([-1, 0, 1])} microseconds')"
        return f"({some_local(rng, zone)} AT TIME ZONE {literal(zone)})"
    return some_local(rng, zone) + ("::date" if kind == "day" else "")


def some_json(rng, zone):
    """SQL of jsonb with a local time and a day as ISO texts, which are read in the shop's zone."""
    text = lambda pattern: f"to_char({some_local(rng, zone)}, {literal(pattern)})"
    at = text('YYYY-MM-DD"T"HH24:MI:SS.US') + rng.choice(["", "", " || 'Z'", " || '+05:30'"])
    return f"jsonb_build_object('at', {at}, 'day', {text('YYYY-MM-DD')})"


def fill(session, rng, zone):
    session.must("DELETE FROM instants; DELETE FROM locals; DELETE FROM days; DELETE FROM customers")
    people = range(1, PEOPLE + 1)
    session.must("INSERT INTO customers VALUES " + ", ".join(f"({c}, {', '.join(some_time(rng, zone, k) for k in ('instant', 'local', 'day'))}, {some_json(rng, zone)})" for c in people))
    for table, kind in (("instants", "instant"), ("locals", "local"), ("days", "day")):
        rows = [f"({c}, {some_time(rng, zone, kind)})" for c in people for _ in range(rng.choice([0, 1, 2, 3]))]
        session.must(f"INSERT INTO {table} (customer_id, at) VALUES " + ", ".join(rows or ["(NULL, NULL)"]))


def some_form(rng, zone):
    if rng.random() < 0.15 and changes(zone):
        local = rng.choice(changes(zone)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) + timedelta(minutes=rng.choice([0, -30, 30, -60]))
        return rng.choice([local.strftime("%Y-%m-%d"), local.strftime("%Y-%m-%dT%H:%M:%S")])
    if rng.random() < 0.15:
        return f"{rng.choice('+-')}{rng.randint(0, 50)}{rng.choice('hdwmy')}"
    return rng.choice(FORMS)


def some_rule(rng, zone):
    kind, source = rng.choice([("instant", "instants"), ("local", "locals"), ("day", "day_rows")])
    if rng.random() < 0.15:
        kind = rng.choice(["data.at", "data.day"])
    test = lambda name: f"{name} {rng.choice(COMPARE)} {some_form(rng, zone)}" if rng.random() < 0.7 else \
        f"{name} {rng.choice(['', 'NOT '])}BETWEEN {some_form(rng, zone)} AND {some_form(rng, zone)}"
    roll = rng.random()
    if roll < 0.3:
        return test(kind)
    if roll < 0.5:
        return f"{source} {rng.choice(['', 'NOT '])}MATCHES ({test('date')})"
    if roll < 0.57:
        wanted = rng.choice(["CONTAINS 1", "NOT CONTAINS 1", "CONTAINS ANY (0, 2)", "CONTAINS ALL (1, 2)", "IS NULL"])
        return f"list({source}.part MATCHES ({test('date')})) {wanted}"
    if roll < 0.65:
        return f"{source} MATCHES ({test('date')}, {rng.choice(['count', 'days', 'weeks', 'months'])} {rng.choice(COMPARE)} {rng.randint(0, 3)})"
    if roll < 0.75:
        return test(f"{rng.choice(['first', 'last', 'min', 'max'])}({source}.at)")
    if roll < 0.83:
        return f"age({kind}) {rng.choice(COMPARE)} {rng.choice([0, 1, 9, 10, 18, 20])}"
    if roll < 0.92:
        low, high = rng.choice(DAYS), rng.choice(DAYS)
        return f"anniversary({kind}) " + (f"{rng.choice(['=', '!='])} {low}" if rng.random() < 0.6 else f"BETWEEN {low} AND {high}")
    other = rng.choice(["instant", "local", "day"])
    if roll < 0.97:
        return f"{kind} {rng.choice(COMPARE)} {other}"
    return f"{test(kind)} {rng.choice(['AND', 'OR'])} NOT ({test(other)})"


def keeps_its_word(session, rng, now, zone, rule, answer, where, failures):
    """An answer changes when explain says so and not before: looks then, a microsecond earlier, and for those that never change much later."""
    before = set(verdict(answer)[0])
    chosen = rng.sample(range(1, PEOPLE + 1), 4)
    lines = session.must(f"SELECT c, coalesce(to_char(changes_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '') FROM unnest(ARRAY{chosen}) AS c, "
                         f"segmentation.explain({literal(rule)}::segmentation.rule, c) AS e WHERE depth = 0")
    looked_then = False
    for line in lines:
        customer, until = line.split("|")
        at = datetime.fromisoformat(until + "+00:00") - timedelta(microseconds=1) if until else now + timedelta(days=rng.choice([1, 40, 400, 3000]))
        if at < now or at.year > 2100:
            if at < now:
                failures.append((where, rule, f"explain says for {customer} that it changes at {until}, which is over"))
            continue
        session.set_clock(at)
        members, difference = verdict(session.judge([rule])[0])
        if difference is None and (int(customer) in before) != (int(customer) in members):
            difference = f"customer {customer} changed by {at}, explain said {until or 'never'}"
        if until and not difference and not looked_then:
            looked_then = True
            session.set_clock(at + timedelta(microseconds=1))
            members, difference = verdict(session.judge([rule])[0])
            if difference is None and (int(customer) in before) == (int(customer) in members):
                difference = f"customer {customer} did not change at {until}, as explain said"
        if difference:
            failures.append((where, rule, difference))
    session.set_clock(now)
    return len(lines)


def keeps_its_instants(session, rng, now, zone, rules, where, failures):
    """No stored instant comes after the first change: with segments of these rules alive, each customer's verdicts are by SQL the same a microsecond before
    her earliest instant, and at a moment on the way there; or at any time, where she has none."""
    for number, rule in enumerate(rules):
        session.must(f"SELECT segmentation.create_segment('tried {number}', {literal(rule)})")
    stored = {}
    for line in session.must("SELECT c.id, coalesce(to_char(min(d.due_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '') FROM customers AS c "
                             "LEFT JOIN segmentation.due AS d ON d.customer_id = c.id GROUP BY c.id ORDER BY c.id"):
        customer, at = line.split("|")
        stored[customer] = datetime.fromisoformat(at + "+00:00") if at else None
    checks = 0
    for customer in rng.sample(sorted(stored), 5):
        due = stored[customer]
        checks += 1
        if due is not None and due <= now:
            failures.append((where, " ; ".join(rules), f"customer {customer} was due at {due} when the segments were made"))
            continue
        last = due - timedelta(microseconds=1) if due else now + timedelta(days=rng.choice([1, 40, 400, 3000]))
        if last.year > 2100:
            continue
        for at in {last, now + (last - now) * rng.random()}:
            session.set_clock(at)
            wrong = session.must(f"SELECT segment FROM segmentation.verify() WHERE customer = '{customer}'")
            if wrong:
                failures.append((where, " ; ".join(rules), f"customer {customer} changed in {wrong} by {at}; the stored instant is {due or 'none'}"))
    session.set_clock(now)
    session.must("SELECT segmentation.drop_segment(name) FROM segmentation.segments")
    return checks


def sweep(session, seed, instants, rules=14):
    """Returns how many checks there were, and what failed."""
    checks, failures = 0, []
    for number in range(instants):
        rng = random.Random(f"{seed}/{number}")
        zone = rng.choice(ZONES)
        now = some_instant(rng, zone)
        where = f"seed {seed}, instant {number}: {now.isoformat()} in {zone}"
        try:
            session.must(f"SET timezone = {literal(rng.choice(ZONES))}")
            session.set_zone(zone)
            session.set_clock(now)
            fill(session, rng, zone)
            texts = [some_rule(rng, zone) for _ in range(rules)]
            answers = session.judge(texts)
            for text, answer in zip(texts, answers):
                difference = verdict(answer)[1]
                checks += 1
                if difference:
                    failures.append((where, text, difference))
            if number % 3 == 0:
                good = [i for i in range(rules) if verdict(answers[i])[1] is None]
                for i in rng.sample(good, min(3, len(good))):
                    checks += keeps_its_word(session, rng, now, zone, texts[i], answers[i], where, failures)
                some = rng.sample(good, min(3, len(good)))
                checks += keeps_its_instants(session, rng, now, zone, [texts[i] for i in some], where, failures)
        except RuntimeError as error:
            failures.append((where, "", str(error)))
        if len(failures) >= 10:
            break
    return checks, failures
