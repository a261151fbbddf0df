#!/usr/bin/env python3
"""docs/language.md, run: its sql blocks make the shop, and every rule in a box must find whom its comment names.

docs.py [--fill]: connects as libpq's environment says, in an empty database. Boxes are fenced blocks:
  sql       run as it stands
  rules     a rule a line; behind "--" the names of the members, "everyone" or "nobody"
  refused   a rule, then the line "SQLSTATE at "text": message", then the hint where there is one
  canonical a rule, then its canonical form
  attributes a name, behind "|" what segmentation.attributes says of it
With --fill it prints the page with what the server says in place of every "?", for whoever writes on the page."""
import os
import re
import subprocess
import sys

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "language.md")
TOOLS = r"""
SET client_min_messages = error;
CREATE EXTENSION segmentation;
CREATE FUNCTION pg_temp.members(rule text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  everyone integer[] := ARRAY(SELECT id FROM customers);
  found    text[];
  by_sql   text[];
BEGIN
  found := ARRAY(SELECT c.name FROM customers AS c WHERE c.id IN (SELECT segmentation.matches(rule::segmentation.rule, everyone)) ORDER BY c.id);
  EXECUTE format('SELECT ARRAY(SELECT c.name FROM customers AS c WHERE c.id IN (%s) ORDER BY c.id)', segmentation.to_sql(rule::segmentation.rule)) INTO by_sql;
  IF found <> by_sql THEN RETURN format('matches finds %s, to_sql %s', found, by_sql); END IF;
  RETURN CASE cardinality(found) WHEN 0 THEN 'nobody' WHEN cardinality(everyone) THEN 'everyone' ELSE array_to_string(found, ', ') END;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION pg_temp.mistake(rule text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws('|', format('%s at "%s": %s', m.sqlstate, substr((string_to_array(rule, E'\n'))[m.line], m.col, m.length), m.message), m.hint)
  FROM segmentation.check_rule(rule) AS m LIMIT 1
$$;
CREATE FUNCTION pg_temp.listed(word text) RETURNS text LANGUAGE sql AS $$
  SELECT format('%s, %s: %s', a.type, a.filled, array_to_string(a.examples, ', ')) FROM segmentation.attributes AS a WHERE a.name = word
$$;
"""


def quoted(text):
    return "E'" + text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + "'"


class Page:
    def __init__(self, lines):
        self.lines, self.script, self.asked = lines, [TOOLS, "\\o /dev/null"], []
        kind, first = None, 0
        for number, line in enumerate(lines):
            if line.startswith("```"):
                if kind is None:
                    kind, first = line[3:].strip(), number + 1
                else:
                    self.block(kind, first, number)
                    kind = None

    def block(self, kind, first, end):
        text = self.lines[first:end]
        if kind == "sql":
            self.script += text
        elif kind == "rules":
            for number in range(first, end):
                rule, _, wanted = self.lines[number].rpartition("-- ")
                self.ask(number, "members", rule.rstrip(), wanted.strip(), lambda answer, n=number, r=rule: [(n, r + "-- " + answer)])
        elif kind == "refused":
            # The error ends the block: one line, and perhaps a hint.
            at = next(n for n in range(first, end) if self.lines[n] == "?" or re.match(r"[0-9A-Z]{5} at ", self.lines[n]))
            self.ask(first, "mistake", "\n".join(self.lines[first:at]), "|".join(self.lines[at:end]),
                     lambda answer, n=at: [(n, answer.replace("|", "\n"))])
        elif kind == "attributes":
            for number in range(first, end):
                name, _, wanted = self.lines[number].partition("| ")
                self.ask(number, "listed", name.rstrip(), wanted, lambda answer, n=number, r=name: [(n, r + "| " + answer)])
        elif kind == "canonical":
            self.script.append("\\o")
            self.script.append(f"SELECT {quoted(self.lines[first])}::segmentation.rule::text;")
            self.script.append("\\o /dev/null")
            self.asked.append((first, self.lines[first], self.lines[first + 1], lambda answer, n=first + 1: [(n, answer)]))

    def ask(self, number, function, rule, wanted, fill):
        self.script += ["\\o", f"SELECT coalesce(pg_temp.{function}({quoted(rule)}), 'no mistake');", "\\o /dev/null"]
        self.asked.append((number, rule, wanted, fill))


def main():
    page = Page(open(PAGE, encoding="utf-8").read().split("\n"))
    run = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], input="\n".join(page.script), text=True, capture_output=True)
    answers = run.stdout.splitlines()
    if run.returncode or len(answers) != len(page.asked):
        sys.exit(f"not ok: docs/language.md does not run: {len(answers)} answers to {len(page.asked)} rules\n{run.stderr[-2000:]}")
    if "--fill" in sys.argv:
        for (_, _, wanted, fill), answer in zip(page.asked, answers):
            if wanted == "?":
                for number, line in fill(answer):
                    page.lines[number] = line
        print("\n".join(page.lines), end="")
        return
    wrong = 0
    for (number, rule, wanted, _), answer in zip(page.asked, answers):
        right = answer == wanted
        wrong += not right
        print(f"ok: docs: {rule}" if right else f"not ok: docs/language.md, line {number + 1}: {rule}: {answer}, not {wanted}")
    sys.exit(1 if wrong else 0)


main()
