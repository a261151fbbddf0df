"""Named cases: what a rule must say, worked out by hand. Instants carry their offset or Z; customers are 1, 2, 3 ... in order."""
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class Edge:
    """A date test on values of one type: of the customer's own column, of the one row in a source, of last() over it."""
    name: str
    zone: str
    now: str
    values: list
    tests: dict
    kind: str = "instant"


@dataclass
class Rows:
    """Whole rules over several rows of a customer."""
    name: str
    zone: str
    now: str
    rows: dict
    tests: dict
    kind: str = "instant"


@dataclass
class Horizon:
    """When explain says that time alone may change the answer for the one customer with these rows."""
    name: str
    zone: str
    now: str
    rows: list
    tests: dict
    kind: str = "instant"


CASES = []


def day_edges(name, zone, now, start, end):
    """The day of `now` is [start, end): before it, its first and last microsecond, after it."""
    CASES.append(Edge(name, zone, now, [minus(start), start, minus(end), end], {
        "= today": [2, 3], "!= today": [1, 4], "< today": [1], "<= today": [1, 2, 3], "> today": [4], ">= today": [2, 3, 4],
        "BETWEEN today AND today": [2, 3], "NOT BETWEEN today AND today": [1, 4], "= yesterday": [1], "= tomorrow": [4],
        "BETWEEN yesterday AND tomorrow": [1, 2, 3, 4], "<= yesterday": [1], ">= tomorrow": [4]}))


def minus(text):
    """The microsecond before a UTC time."""
    return (datetime.fromisoformat(text) - timedelta(microseconds=1)).strftime("%Y-%m-%d %H:%M:%S.%fZ")


day_edges("a day of 23 hours ends an hour early: Sofia", "Europe/Sofia", "2025-03-30 12:00+03", "2025-03-29 22:00Z", "2025-03-30 21:00Z")
day_edges("a day of 25 hours ends an hour late: Sofia", "Europe/Sofia", "2025-10-26 12:00+02", "2025-10-25 21:00Z", "2025-10-26 22:00Z")
day_edges("a day of 23 hours west of UTC: New York", "America/New_York", "2025-03-09 12:00-04", "2025-03-09 05:00Z", "2025-03-10 04:00Z")
day_edges("a day of 25 hours west of UTC: New York", "America/New_York", "2025-11-02 12:00-05", "2025-11-02 04:00Z", "2025-11-03 05:00Z")
day_edges("a day of 25 hours in the south: Auckland", "Pacific/Auckland", "2025-04-06 12:00+12", "2025-04-05 11:00Z", "2025-04-06 12:00Z")
day_edges("a day of 23 hours in the south: Auckland", "Pacific/Auckland", "2025-09-28 12:00+13", "2025-09-27 12:00Z", "2025-09-28 11:00Z")
day_edges("a day of 23 hours at half an hour: St John's", "America/St_Johns", "2025-03-09 12:00-02:30", "2025-03-09 03:30Z", "2025-03-10 02:30Z")
day_edges("a day of 25 hours at half an hour: St John's", "America/St_Johns", "2025-11-02 12:00-03:30", "2025-11-02 02:30Z", "2025-11-03 03:30Z")
day_edges("a day without midnight begins at one o'clock: Sao Paulo", "America/Sao_Paulo", "2018-11-04 12:00-02", "2018-11-04 03:00Z", "2018-11-05 02:00Z")
day_edges("a day whose last hour comes twice: Sao Paulo", "America/Sao_Paulo", "2018-02-17 12:00-02", "2018-02-17 02:00Z", "2018-02-18 03:00Z")
day_edges("the first microsecond of a day is that day: Sofia", "Europe/Sofia", "2025-03-30 00:00+02", "2025-03-29 22:00Z", "2025-03-30 21:00Z")
day_edges("the last microsecond of a day is that day: Sofia", "Europe/Sofia", "2025-03-30 23:59:59.999999+03", "2025-03-29 22:00Z", "2025-03-30 21:00Z")
day_edges("an ordinary day east of UTC begins on UTC's day before: Auckland", "Pacific/Auckland", "2025-07-01 00:00+12", "2025-06-30 12:00Z", "2025-07-01 12:00Z")

CASES += [
    Edge("a day that a zone skipped has no time: Apia", "Pacific/Apia", "2011-12-31 12:00+14", ["2011-12-30 09:59:59.999999Z", "2011-12-30 10:00Z"],
         {"= today": [2], "= yesterday": [], "= -2d": [1], ">= yesterday": [2], "< yesterday": [1], "<= yesterday": [1], "> yesterday": [2],
          "= 2011-12-30": [], "BETWEEN 2011-12-29 AND 2011-12-30": [1], "< 2011-12-31T00:00:00": [1], ">= 2011-12-30T12:00:00": []}),
    Edge("today after a skipped day counts back over it: Apia", "Pacific/Apia", "2012-01-05 00:00+14", ["2011-12-29 10:00Z", "2011-12-30 09:59:59.999999Z", "2011-12-30 10:00Z"],
         {"= -7d": [1, 2], "= -6d": [], "= -5d": [3], ">= -6d": [3], "<= -6d": [1, 2]}),
    Edge("the day that begins twice begins at its second midnight: St John's 2010", "America/St_Johns", "2010-11-07 12:00-03:30",
         ["2010-11-07 02:29:59.999999Z", "2010-11-07 02:30Z", "2010-11-07 02:31Z", "2010-11-07 03:29:59.999999Z", "2010-11-07 03:30Z"],
         {"= today": [5], "< today": [1, 2, 3, 4], "= yesterday": [1, 2, 3, 4], ">= today": [5]}),
    Edge("today in the minute that comes before the clock is set back: St John's 2010", "America/St_Johns", "2010-11-07 02:30:30Z",
         ["2010-11-06 02:29:59.999999Z", "2010-11-07 02:30Z", "2010-11-07 03:30Z"], {"= today": [3], "= yesterday": [2], "<= today": [1, 2, 3]}),
    Edge("today steps back with the clock: St John's 2010", "America/St_Johns", "2010-11-07 02:31Z",
         ["2010-11-06 02:29:59.999999Z", "2010-11-07 02:30Z", "2010-11-07 03:30Z"], {"= today": [2], "= tomorrow": [3], "<= today": [1, 2], "= yesterday": [1]}),
    Edge("a local time in the missing hour is read an hour later: Sofia", "Europe/Sofia", "2025-03-30 12:00+03",
         ["2025-03-30 02:59:59.999999", "2025-03-30 03:00", "2025-03-30 03:30", "2025-03-30 04:00", "2025-03-30 04:30"],
         {">= 2025-03-30T04:00:00": [2, 3, 4, 5], "= 2025-03-30T04:30:00": [3, 5], "> 2025-03-30T04:00:00": [3, 5], "< 2025-03-30T04:00:00": [1],
          "= 2025-03-30T03:30:00": [3, 5], "= today": [1, 2, 3, 4, 5], "= 2025-03-30T01:30:00Z": [3, 5]}, "local"),
    Edge("a local time in the repeated hour is its second pass: Sofia", "Europe/Sofia", "2025-10-26 12:00+02",
         ["2025-10-26 02:59:59.999999", "2025-10-26 03:00", "2025-10-26 03:59:59.999999", "2025-10-26 04:00"],
         {">= 2025-10-26T01:00:00Z": [2, 3, 4], "< 2025-10-26T00:00:00Z": [1], "= 2025-10-26T03:00:00": [2], "<= 2025-10-26T03:00:00": [1, 2],
          "BETWEEN 2025-10-26T03:00:00 AND 2025-10-26T04:00:00": [2, 3, 4], "= today": [1, 2, 3, 4]}, "local"),
    Edge("a literal in the repeated hour means its second pass: Sofia", "Europe/Sofia", "2025-10-26 12:00+02", ["2025-10-26 00:30Z", "2025-10-26 01:30Z"],
         {"= 2025-10-26T03:30:00": [2], "< 2025-10-26T03:30:00": [1], "= 2025-10-26T03:30:00+03:00": [1], "<= '2025-10-26T03:30:00+03:00'": [1]}),
    Edge("a literal in the missing hour means an hour later: New York", "America/New_York", "2025-03-09 12:00-04", ["2025-03-09 06:59:59.999999Z", "2025-03-09 07:30Z"],
         {"= 2025-03-09T02:30:00": [2], "= 2025-03-09T03:30:00": [2], "< 2025-03-09T02:00:00": [1], ">= 2025-03-09T02:00:00": [2]}),
    Edge("an event a microsecond off an instant: literal with a time", "America/St_Johns", "2025-06-01 12:00Z",
         ["2025-05-30 18:29:59.999999Z", "2025-05-30 18:30Z", "2025-05-30 18:30:00.000001Z"],
         {"= 2025-05-30T16:00:00": [2], "!= 2025-05-30T16:00:00": [1, 3], "< 2025-05-30T16:00:00": [1], "<= 2025-05-30T16:00:00": [1, 2],
          "> 2025-05-30T16:00:00": [3], ">= 2025-05-30T16:00:00": [2, 3], "BETWEEN 2025-05-30T16:00:00 AND 2025-05-30T16:00:00": [2],
          "= 2025-05-30T16:00:00.000001": [3], "BETWEEN 2025-05-30T16:00:00.000001 AND today": [3]}),
    Edge("hours are hours across the spring change: New York", "America/New_York", "2025-03-10 06:00:00.123456-04",
         ["2025-03-08 22:00:00.123455Z", "2025-03-08 22:00:00.123456Z", "2025-03-08 22:00:00.123457Z"],
         {">= -36h": [2, 3], "> -36h": [3], "= -36h": [2], "!= -36h": [1, 3], "<= -36h": [1, 2], "< -36h": [1], "BETWEEN -36h AND -36h": [2],
          "BETWEEN -36h AND today": [2, 3], "NOT BETWEEN -36h AND -36h": [1, 3]}),
    Edge("hours are hours across the autumn change: Auckland", "Pacific/Auckland", "2025-04-07 01:00+12",
         ["2025-04-05 00:59:59.999999Z", "2025-04-05 01:00Z", "2025-04-05 01:00:00.000001Z"],
         {">= -36h": [2, 3], "> -36h": [3], "= -36h": [2], "<= -36h": [1, 2], "< -36h": [1], "BETWEEN -2d AND -36h": [1, 2]}),
    Edge("-24h is not yesterday where the day has 25 hours: Sofia", "Europe/Sofia", "2025-10-27 00:00+02", ["2025-10-25 21:00Z", "2025-10-25 22:00Z"],
         {"= yesterday": [1, 2], ">= -24h": [2], ">= -25h": [1, 2], "> -25h": [2]}),
    Edge("hours forward: Sofia", "Europe/Sofia", "2025-03-29 12:00+02", ["2025-03-30 09:59:59.999999Z", "2025-03-30 10:00Z", "2025-03-30 10:00:00.000001Z"],
         {"<= +24h": [1, 2], "> +24h": [3], "= +24h": [2], "= tomorrow": [1, 2, 3]}),
    Edge("7_days_ago is a whole day before a change: Sofia", "Europe/Sofia", "2025-04-02 00:30+03",
         ["2025-03-25 21:59:59.999999Z", "2025-03-25 22:00Z", "2025-03-26 21:59:59.999999Z", "2025-03-26 22:00Z"],
         {"= 7_days_ago": [2, 3], ">= 7_days_ago": [2, 3, 4], "> 7_days_ago": [4], "< 7_days_ago": [1], "<= 7_days_ago": [1, 2, 3], "= -7d": [2, 3], "= -1w": [2, 3],
          "BETWEEN 7_days_ago AND yesterday": [2, 3, 4]}),
    Edge("30 and 90 days ago and 12 months ago: New York", "America/New_York", "2025-11-20 23:30-05",
         ["2024-11-20 05:00Z", "2024-11-21 04:59:59.999999Z", "2025-08-22 04:00Z", "2025-08-23 03:59:59.999999Z", "2025-10-21 04:00Z", "2025-10-22 03:59:59.999999Z"],
         {"= 12_months_ago": [1, 2], "= 90_days_ago": [3, 4], "= 30_days_ago": [5, 6], "> 12_months_ago": [3, 4, 5, 6], "< 30_days_ago": [1, 2, 3, 4], ">= 90_days_ago": [3, 4, 5, 6]}),
    Edge("31 March -1m is 28 February", "Europe/Sofia", "2026-03-31 12:00+03", ["2026-02-27", "2026-02-28", "2026-03-01"],
         {"= -1m": [2], ">= -1m": [2, 3], "> -1m": [3], "< -1m": [1], "<= -1m": [1, 2], "BETWEEN -1m AND -1m": [2]}, "day"),
    Edge("31 March -1m is 29 February in a leap year", "Europe/Sofia", "2024-03-31 12:00+03", ["2024-02-28", "2024-02-29", "2024-03-01"],
         {"= -1m": [2], ">= -1m": [2, 3], "> -1m": [3], "< -1m": [1], "<= -1m": [1, 2]}, "day"),
    Edge("30 and 29 March -1m are 28 February too", "Pacific/Auckland", "2026-03-29 12:00+13", ["2026-02-27", "2026-02-28", "2026-03-01"], {"= -1m": [2], "> -1m": [3]}, "day"),
    Edge("1 March -1m is 1 February", "Pacific/Auckland", "2024-03-01 00:00+13", ["2024-01-31", "2024-02-01", "2024-02-29"], {"= -1m": [2], "= yesterday": [3]}, "day"),
    Edge("29 February -1y is 28 February", "America/New_York", "2024-02-29 23:59:59.999999-05", ["2023-02-27", "2023-02-28", "2023-03-01"],
         {"= -1y": [2], "= -12m": [2], "= 12_months_ago": [2], "> -1y": [3], "<= -1y": [1, 2]}, "day"),
    Edge("29 February -4y is 29 February", "America/New_York", "2024-02-29 00:00-05", ["2020-02-28", "2020-02-29", "2020-03-01"], {"= -4y": [2], "= -48m": [2], "> -4y": [3]}, "day"),
    Edge("28 February -1y from the year after a leap year", "America/New_York", "2025-02-28 12:00-05", ["2024-02-28", "2024-02-29", "2024-03-01"], {"= -1y": [1], "> -1y": [2, 3]}, "day"),
    Edge("31 January +1m is 28 February", "America/St_Johns", "2026-01-31 12:00-03:30", ["2026-02-27", "2026-02-28", "2026-03-01"], {"= +1m": [2], "<= +1m": [1, 2], "> +1m": [3]}, "day"),
    Edge("instants of a clamped month's end: Auckland", "Pacific/Auckland", "2025-05-31 12:00+12", ["2025-04-29 11:59:59.999999Z", "2025-04-29 12:00Z", "2025-04-30 11:59:59.999999Z", "2025-04-30 12:00Z"],
         {"= -1m": [2, 3], "> -1m": [4], "< -1m": [1]}),
    Edge("local times compare as the shop's days: Auckland", "Pacific/Auckland", "2025-04-06 00:00+13",
         ["2025-04-05 23:59:59.999999", "2025-04-06 00:00", "2025-04-06 02:30", "2025-04-06 23:59:59.999999", "2025-04-07 00:00"],
         {"= today": [2, 3, 4], "= yesterday": [1], "= tomorrow": [5], "> today": [5], "<= today": [1, 2, 3, 4], "= this_week": [1, 2, 3, 4], "= 2025-04-05T13:30:00Z": [],
          "= 2025-04-05T14:30:00Z": [3]}, "local"),
    Edge("a local time at a midnight that does not exist: Sao Paulo", "America/Sao_Paulo", "2018-11-04 12:00-02",
         ["2018-11-03 23:59:59.999999", "2018-11-04 00:00", "2018-11-04 00:30", "2018-11-04 01:00"],
         {"= today": [2, 3, 4], "= yesterday": [1], "= 2018-11-04T01:00:00": [2, 4], "= 2018-11-04T01:30:00": [3], "= 2018-11-04T00:00:00": [2, 4]}, "local"),
    Edge("a local time on the skipped day is the next one's start and after: Apia", "Pacific/Apia", "2011-12-31 12:00+14",
         ["2011-12-29 23:59:59.999999", "2011-12-30 00:00", "2011-12-31 00:00"], {"= today": [2, 3], "= -2d": [1], "= yesterday": []}, "local"),
    Edge("date columns are days whatever the instant: Auckland", "Pacific/Auckland", "2025-04-06 00:00+13", ["2025-04-05", "2025-04-06", "2025-04-07"],
         {"= today": [2], "= yesterday": [1], "= tomorrow": [3], "< today": [1], "<= today": [1, 2], ">= today": [2, 3], "> today": [3], "BETWEEN yesterday AND today": [1, 2],
          "!= today": [1, 3]}, "day"),
    Edge("date columns against hours begin at the shop's midnight: Auckland", "Pacific/Auckland", "2025-04-06 12:00+12", ["2025-04-05", "2025-04-06", "2025-04-07"],
         {">= -36h": [2, 3], "< -36h": [1], ">= -37h": [1, 2, 3], "> -37h": [2, 3], "= -37h": [1], "<= +12h": [1, 2, 3], "< +12h": [1, 2]}, "day"),
    Edge("date columns against an instant: New York", "America/New_York", "2025-03-10 12:00-04", ["2025-03-08", "2025-03-09", "2025-03-10"],
         {">= 2025-03-09T00:00:00": [2, 3], "> 2025-03-09T00:00:00": [3], "= 2025-03-09T05:00:00Z": [2], "= 2025-03-10T04:00:00Z": [3], "< 2025-03-09T12:00:00": [1, 2]}, "day"),
    Edge("future-dated events: Sofia", "Europe/Sofia", "2025-03-29 23:59:59.999999+02",
         ["2025-03-29 22:00Z", "2025-04-05 20:59:59.999999Z", "2025-04-05 21:00Z", "2035-01-01 00:00Z"],
         {"> today": [1, 2, 3, 4], "= tomorrow": [1], "BETWEEN today AND +7d": [1, 2], "> +7d": [3, 4], "<= +7d": [1, 2], ">= +7d": [2, 3, 4], ">= +1y": [4], "< +120m": [1, 2, 3, 4], "= this_month": [1],
          "> this_year": [4]}),
    Edge("infinite dates lie beyond every other", "Europe/Sofia", "2025-06-01 12:00Z", ["-infinity", "2025-06-01 12:00Z", "infinity"],
         {"< today": [1], "> today": [3], "= today": [2], "!= today": [1, 3], ">= -5000y": [2, 3], "<= +5000y": [1, 2], ">= -9999y": [1, 2, 3], "< 0001-01-01": [1]}),
]

WEEK = ["2025-03-16 21:59:59.999999Z", "2025-03-16 22:00Z", "2025-03-23 21:59:59.999999Z", "2025-03-23 22:00Z", "2025-03-30 20:59:59.999999Z", "2025-03-30 21:00Z",
        "2025-04-06 20:59:59.999999Z", "2025-04-06 21:00Z"]
MONTH = ["2025-10-01 03:59:59.999999Z", "2025-10-01 04:00Z", "2025-11-01 03:59:59.999999Z", "2025-11-01 04:00Z", "2025-12-01 04:59:59.999999Z", "2025-12-01 05:00Z"]
QUARTER = ["2024-09-30 10:59:59.999999Z", "2024-09-30 11:00Z", "2024-12-31 10:59:59.999999Z", "2024-12-31 11:00Z", "2025-03-31 10:59:59.999999Z", "2025-03-31 11:00Z",
           "2025-06-30 11:59:59.999999Z", "2025-06-30 12:00Z"]
YEAR = ["2024-01-01 03:29:59.999999Z", "2024-01-01 03:30Z", "2025-01-01 03:29:59.999999Z", "2025-01-01 03:30Z", "2026-01-01 03:29:59.999999Z", "2026-01-01 03:30Z"]
CASES += [
    Edge("a week's last microsecond is Sunday's, though the clock changed: Sofia", "Europe/Sofia", "2025-03-30 23:59:59.999999+03", WEEK,
         {"= this_week": [4, 5], "= last_week": [2, 3], "> this_week": [6, 7, 8], "< last_week": [1], ">= this_week": [4, 5, 6, 7, 8], "<= last_week": [1, 2, 3],
          "BETWEEN last_week AND this_week": [2, 3, 4, 5], "!= this_week": [1, 2, 3, 6, 7, 8], "BETWEEN last_week AND yesterday": [2, 3, 4]}),
    Edge("a week begins on Monday's first microsecond: Sofia", "Europe/Sofia", "2025-03-31 00:00+03", WEEK, {"= this_week": [6, 7], "= last_week": [4, 5], "< this_week": [1, 2, 3, 4, 5]}),
    Edge("a month's last microsecond: New York", "America/New_York", "2025-10-31 23:59:59.999999-04", MONTH, {"= this_month": [2, 3], "= last_month": [1], "> this_month": [4, 5, 6]}),
    Edge("a month's first microsecond, and its 25-hour day: New York", "America/New_York", "2025-11-01 00:00-04", MONTH,
         {"= this_month": [4, 5], "= last_month": [2, 3], "< last_month": [1], "<= this_month": [1, 2, 3, 4, 5]}),
    Edge("a quarter's last microsecond: Auckland", "Pacific/Auckland", "2025-03-31 23:59:59.999999+13", QUARTER,
         {"= this_quarter": [4, 5], "= last_quarter": [2, 3], "= this_year": [4, 5, 6, 7, 8], "= last_year": [1, 2, 3], "> this_quarter": [6, 7, 8]}),
    Edge("a quarter's first microsecond: Auckland", "Pacific/Auckland", "2025-04-01 00:00+13", QUARTER,
         {"= this_quarter": [6, 7], "= last_quarter": [4, 5], "< last_quarter": [1, 2, 3], "= last_month": [5]}),
    Edge("the last quarter of the first is of another year: Auckland", "Pacific/Auckland", "2025-01-01 00:00+13", QUARTER, {"= last_quarter": [2, 3], "= this_quarter": [4, 5], "= last_month": [3]}),
    Edge("a year's last microsecond: St John's", "America/St_Johns", "2025-12-31 23:59:59.999999-03:30", YEAR, {"= this_year": [4, 5], "= last_year": [2, 3], "> this_year": [6], "< last_year": [1]}),
    Edge("a year's first microsecond: St John's", "America/St_Johns", "2026-01-01 00:00-03:30", YEAR, {"= this_year": [6], "= last_year": [4, 5], "BETWEEN last_year AND today": [4, 5, 6]}),
    Edge("periods of date columns: Sofia", "Europe/Sofia", "2024-02-29 12:00+02", ["2024-01-31", "2024-02-01", "2024-02-25", "2024-02-26", "2024-02-29", "2024-03-03", "2024-03-04"],
         {"= this_week": [4, 5, 6], "= last_week": [3], "= this_month": [2, 3, 4, 5], "= last_month": [1], "= this_quarter": [1, 2, 3, 4, 5, 6, 7], "> this_month": [6, 7]}, "day"),
]

BIRTHS = ["2000-02-28", "2000-02-29", "2000-03-01"]
for name, now, expected in [("28 February of another year", "2026-02-28 00:00+02", [1, 2]), ("1 March of another year", "2026-03-01 00:00+02", [3]),
                            ("27 February of another year", "2026-02-27 23:59:59.999999+02", []), ("28 February of a leap year", "2024-02-28 23:59:59.999999+02", [1]),
                            ("29 February", "2024-02-29 00:00+02", [2]), ("1 March of a leap year", "2024-03-01 00:00+02", [3]),
                            ("28 February of 1900's like, 2100", "2100-02-28 12:00+02", [1, 2])]:
    CASES.append(Rows("anniversaries of 29 February on " + name, "Europe/Sofia", now, {i + 1: [day] for i, day in enumerate(BIRTHS)},
                      {"anniversary(day) = today": expected, "anniversary(day) != today": [i for i in (1, 2, 3) if i not in expected],
                       "anniversary(day) BETWEEN today AND today": expected, "anniversary(first(day_rows.at)) = today": expected}, "day"))

CASES += [
    Rows("anniversaries over the new year", "Europe/Sofia", "2025-12-29 12:00+02", {1: ["1990-12-28"], 2: ["1990-12-29"], 3: ["1990-12-31"], 4: ["2001-01-01"], 5: ["2001-01-05"], 6: ["2001-01-06"]},
         {"anniversary(day) BETWEEN today AND +7d": [2, 3, 4, 5], "anniversary(day) BETWEEN +7d AND +8d": [5, 6], "anniversary(day) = yesterday": [1],
          "anniversary(day) NOT BETWEEN today AND +7d": [1, 6]}, "day"),
    Rows("anniversaries of an instant go by the shop's day", "Pacific/Auckland", "2026-05-30 00:00+12",
         {1: ["1990-05-29 11:59:59.999999Z"], 2: ["1990-05-29 12:00Z"], 3: ["1990-05-30 11:59:59.999999Z"], 4: ["1990-05-30 12:00Z"]},
         {"anniversary(instant) = today": [2, 3], "anniversary(instant) = yesterday": [1], "anniversary(instant) = tomorrow": [4]}),
    Rows("the day before a birthday, at its last microsecond", "Europe/Sofia", "2018-05-29 23:59:59.999999+03", {1: ["2000-05-29"], 2: ["2000-05-30"], 3: ["2000-05-31"], 4: ["2018-05-29"]},
         {"age(day) >= 18": [1], "age(day) = 17": [2, 3], "age(day) = 0": [4], "age(first(day_rows.at)) >= 18": [1]}, "day"),
    Rows("a birthday at its first microsecond", "Europe/Sofia", "2018-05-30 00:00+03", {1: ["2000-05-29"], 2: ["2000-05-30"], 3: ["2000-05-31"]},
         {"age(day) >= 18": [1, 2], "age(day) = 17": [3], "age(day) < 18": [3]}, "day"),
    Rows("one born on 29 February is a year older on 1 March, as PostgreSQL counts", "America/New_York", "2018-02-28 23:59:59.999999-05", {1: ["2000-02-28"], 2: ["2000-02-29"], 3: ["2000-03-01"]},
         {"age(day) >= 18": [1], "age(day) = 17": [2, 3]}, "day"),
    Rows("one born on 29 February, on 1 March", "America/New_York", "2018-03-01 00:00-05", {1: ["2000-02-28"], 2: ["2000-02-29"], 3: ["2000-03-01"]}, {"age(day) >= 18": [1, 2, 3]}, "day"),
    Rows("one born on 29 February, on 29 February", "America/New_York", "2020-02-29 00:00-05", {1: ["2000-02-28"], 2: ["2000-02-29"], 3: ["2000-03-01"]}, {"age(day) >= 20": [1, 2]}, "day"),
    Rows("age by an instant goes by the shop's day", "Pacific/Auckland", "2018-05-30 00:00+12", {1: ["2000-05-30 11:59:59.999999Z"], 2: ["2000-05-30 12:00Z"]}, {"age(instant) = 18": [1], "age(instant) = 17": [2]}),
    Rows("six of the seven months that six months back touch", "Europe/Sofia", "2025-07-15 12:00+03",
         {1: [f"2025-{m:02}-15 12:00Z" for m in range(1, 7)], 2: ["2025-01-14 21:59:59.999999Z"] + [f"2025-{m:02}-15 12:00Z" for m in range(2, 7)],
          3: [f"2025-{m:02}-01 12:00Z" for m in range(2, 8)], 4: [f"2025-{m:02}-15 12:00Z" for m in range(1, 8)],
          5: ["2025-01-15 12:00Z", "2025-01-31 12:00Z"] + [f"2025-{m:02}-15 12:00Z" for m in range(2, 6)],
          6: ["2025-01-31 22:00Z"] + [f"2025-{m:02}-15 12:00Z" for m in range(3, 8)],
          7: ["2025-01-31 21:59:59.999999Z", "2025-01-31 22:00Z"] + [f"2025-{m:02}-15 12:00Z" for m in range(3, 7)],
          8: ["2025-01-14 22:00Z"] + [f"2025-{m:02}-15 12:00Z" for m in range(2, 7)]},
         {"instants MATCHES (date >= -6m, months >= 6)": [1, 3, 4, 6, 7, 8], "instants MATCHES (date >= -6m, months = 7)": [4], "instants MATCHES (date >= -6m, months < 6)": [2, 5],
          "instants NOT MATCHES (date >= -6m, months >= 6)": [2, 5]}),
    Rows("months, weeks and days are the shop's: Auckland", "Pacific/Auckland", "2025-05-01 12:00+12",
         {1: ["2025-03-31 10:59:59.999999Z", "2025-03-31 11:00Z"], 2: ["2025-03-31 11:00Z", "2025-04-05 11:00Z"], 3: ["2025-04-05 11:00Z", "2025-04-06 11:59:59.999999Z"],
          4: ["2025-04-06 11:59:59.999999Z", "2025-04-06 12:00Z"]},
         {"instants MATCHES (months = 2)": [1], "instants MATCHES (days = 1)": [3], "instants MATCHES (days = 2)": [1, 2, 4], "instants MATCHES (weeks = 2)": [4], "instants MATCHES (weeks = 1)": [1, 2, 3]}),
    Rows("the two passes of an hour are one day, and a skipped day is none", "America/St_Johns", "2010-12-01 12:00Z",
         {1: ["2010-11-07 02:30Z", "2010-11-07 03:30Z"], 2: ["2010-11-07 02:29:59.999999Z", "2010-11-07 02:31Z"], 3: ["2010-11-07 02:30Z", "2010-11-07 02:31Z"]},
         {"instants MATCHES (days = 1)": [1, 2], "instants MATCHES (days = 2)": [3]}),
    Rows("counts in a window whose edge is a changed day: New York", "America/New_York", "2025-03-16 00:00-04",
         {1: ["2025-03-09 05:00Z", "2025-03-10 03:59:59.999999Z"], 2: ["2025-03-09 04:59:59.999999Z", "2025-03-10 04:00Z"], 3: ["2025-03-17 03:59:59.999999Z", "2025-03-17 04:00Z"]},
         {"instants MATCHES (date >= -7d, count >= 2)": [1, 3], "instants MATCHES (date = -7d, count = 2)": [1], "instants MATCHES (date > -7d, count >= 1)": [2, 3],
          "instants MATCHES (date BETWEEN -7d AND today, count = 1)": [2, 3], "count(instants MATCHES (date <= today)) = 1": [3]}),
]

CASES += [
    Horizon("a window of days is left at the shop's midnight, after the change", "Europe/Sofia", "2025-03-28 12:00+02", ["2025-03-25 10:00Z"],
            {"instant >= -7d": "2025-04-01 21:00Z", "instants MATCHES (date >= -7d)": "2025-04-01 21:00Z", "instant < -3d": "2025-03-28 22:00Z", "instant >= 2020-01-01": None,
             "list(instants.part MATCHES (date >= -7d)) CONTAINS 1": "2025-04-01 21:00Z", "list(instants.part MATCHES (date >= -7d)) IS NULL": "2025-04-01 21:00Z",
             "list(instants.part MATCHES (date < -3d)) NOT CONTAINS ANY (1, 2)": "2025-03-28 22:00Z", "list(instants.part MATCHES (date >= -7d)) CONTAINS 2": None}),
    Horizon("a window of hours is left to the microsecond", "America/New_York", "2025-03-08 12:00-05", ["2025-03-08 10:00:00.5Z"],
            {"instant >= -36h": "2025-03-09 22:00:00.500001Z", "instant > -36h": "2025-03-09 22:00:00.5Z"}),
    Horizon("a period ends with its last day", "Pacific/Auckland", "2025-04-02 12:00+13", ["2025-04-01 10:00Z"],
            {"instant = this_week": "2025-04-06 12:00Z", "instant = this_month": "2025-04-30 12:00Z", "instant = this_quarter": "2025-06-30 12:00Z", "instant = this_year": "2025-12-31 11:00Z"}),
    Horizon("a day that begins twice may end a window twice: St John's 2010", "America/St_Johns", "2010-11-06 12:00Z", ["2010-11-05 12:00Z"],
            {"instant >= -1d": "2010-11-07 02:30Z", "instants MATCHES (date >= -1d)": "2010-11-07 02:30Z"}),
    Horizon("what is asked of a day that steps back is asked again then: St John's 2010", "America/St_Johns", "2010-11-07 02:30:30Z", ["2010-11-05 12:00Z"],
            {"instant >= -1d": "2010-11-07 02:31Z"}),
    Horizon("the day after a skipped one is next: Apia", "Pacific/Apia", "2011-12-29 12:00-10", ["2011-12-29 12:00Z"],
            {"instant = today": "2011-12-30 10:00Z", "instant >= -1d": "2011-12-30 10:00Z", "instant >= -2d": "2011-12-31 10:00Z"}),
    Horizon("a birthday is at midnight", "Europe/Sofia", "2018-05-29 12:00+03", ["2000-05-30"], {"age(day) >= 18": "2018-05-29 21:00Z", "anniversary(day) = today": "2018-05-29 21:00Z"}, "day"),
]
