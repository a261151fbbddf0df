"""One psql session on a server whose clock the test moves: a file that the server's libfaketime reads at every look at the clock."""
import os
import subprocess
from datetime import datetime, timezone

END = "-- end of answer --"


def literal(text):
    return "'" + str(text).replace("'", "''") + "'"


def instant(text):
    """Returns the UTC time of a text with an offset: 2025-03-30 12:00+03, or Z."""
    return datetime.fromisoformat(text).astimezone(timezone.utc)


class Session:
    def __init__(self, clock, database):
        self.clock, self.database, self.zone = clock, database, None
        self.open()

    def open(self):
        self.psql = subprocess.Popen(["psql", "-qAtX", "-d", self.database], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     env=dict(os.environ, PGOPTIONS="-c client_min_messages=error"))

    def run(self, sql):
        """Runs SQL; returns the lines of its output, messages included."""
        self.psql.stdin.write(sql + f"\n;\n\\echo {END}\n")
        self.psql.stdin.flush()
        lines = []
        while (line := self.psql.stdout.readline()) != END + "\n":
            if not line:
                raise RuntimeError("the session ended: " + "".join(lines))
            lines.append(line.rstrip("\n"))
        return lines

    def must(self, sql):
        lines = self.run(sql)
        if any("ERROR:" in line or "FATAL:" in line for line in lines):
            raise RuntimeError("\n".join(lines))
        return lines

    def set_clock(self, now):
        with open(self.clock + ".new", "w") as file:
            file.write(now.strftime("%Y-%m-%d %H:%M:%S.%f5\n"))  # libfaketime reads a fraction as a double, and cuts
        os.rename(self.clock + ".new", self.clock)
        seen = self.must("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
        if seen != [now.strftime("%Y-%m-%d %H:%M:%S.%f")]:
            raise RuntimeError(f"the server's clock shows {seen}, not {now}")

    def set_zone(self, zone):
        if zone != self.zone:
            self.must(f"SELECT segmentation.bind_customers('customers', timezone => {literal(zone)}, replace => true)")
            self.zone = zone

    def judge(self, rules):
        """Returns for each rule what judge() says."""
        rows = ", ".join(f"({i}, {literal(rule)})" for i, rule in enumerate(rules))
        lines = self.must(f"SELECT judge(t) FROM (VALUES {rows}) AS v (n, t) ORDER BY n")
        assert len(lines) == len(rules), lines
        return lines

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


def verdict(answer):
    """Returns members as SQL and the evaluator agree on them, or what differs."""
    if answer.startswith("error"):
        return None, answer
    by_sql, by_rule, counted = answer.split("|")
    members = [int(m) for m in by_sql.strip("{}").split(",") if m]
    if by_sql != by_rule:
        return None, f"by SQL {by_sql}, by the evaluator {by_rule}"
    if len(members) != int(counted):
        return None, f"by SQL {by_sql}, {counted} counted by the evaluator"
    return members, None
