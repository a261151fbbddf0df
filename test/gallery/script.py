#!/usr/bin/env python3
"""Prints the script of this test: the tables of docs/gallery.md, the test's data, the page's other SQL, its rules as rows of hand.page, the tables of
docs/vocabulary.md as hand.vocabulary, the words that adopt's source can define as hand.definable, and what judges them all."""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "..", "..", "docs")


def read(name):
    with open(os.path.join(DOCS, name), encoding="utf-8") as page:
        return page.read()


def literal(text):
    return "NULL" if text is None else "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def rows(table, values):
    return f"INSERT INTO {table} VALUES\n" + ",\n".join("(" + ", ".join(map(literal, row)) + ")" for row in values) + ";"


def section(page, title):
    return page.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def main():
    gallery = read("gallery.md")
    tables, *rest = re.findall(r"^```sql\n(.*?)^```$", gallery, re.M | re.S)
    # A segment is a line that begins with its name in bold, and the next box.
    segments = re.findall(r"^\*\*(.+?)\*\*: .+?\n\n```rule\n(.*?)^```$", gallery, re.M | re.S)
    if len(segments) != gallery.count("\n```rule\n") or len(segments) < 40:
        sys.exit(f"not ok: docs/gallery.md: {len(segments)} segments for {gallery.count('```rule')} rules")
    print(tables)
    print(f"\\i {HERE}/shop.sql")
    print("\n".join(rest))
    print("CREATE TABLE hand.page (n integer GENERATED ALWAYS AS IDENTITY, name text, rule text);")
    print(rows("hand.page (name, rule)", segments))
    print(f"\\i {HERE}/by_hand.sql\n\\i {HERE}/judge.sql")

    vocabulary = read("vocabulary.md")
    words = re.findall(r"^\| `([a-z_.]+)` \| ([a-z ]+) \| [^|]+ \| [^|]+ \|$", section(vocabulary, "What adopt defines"), re.M)
    others = re.findall(r"^\| `([a-z_.]+)` \|", section(vocabulary, "What adopt does not define"), re.M)
    source = "".join(open(name, encoding="utf-8").read() for name in glob.glob(os.path.join(DOCS, "..", "sql", "*adopt*.sql")))
    definable = re.findall(r"_adopt_(?:word|list)\('([a-z_.]+)',", source) + re.findall(r"\('([a-z_]+)', '\{[a-z,]+\}', '\{", source)
    if not (len(words) > 40 and others and len(definable) > 20):
        sys.exit(f"not ok: docs/vocabulary.md: {len(words)} words, {len(others)} others, {len(definable)} in the source")
    print("CREATE TABLE hand.vocabulary (word text PRIMARY KEY, type text);\nCREATE TABLE hand.definable (word text);")
    print(rows("hand.vocabulary", words + [(word, None) for word in others]))
    print(rows("hand.definable", [(word,) for word in definable]))
    print(f"\\i {HERE}/words.sql")
    print("\n".join(re.findall(r"^```sql\n(.*?)^```$", vocabulary, re.M | re.S)))
    print("\\o\nSELECT CASE WHEN problem IS NULL THEN 'ok: ' ELSE 'not ok: ' END || what || COALESCE(' (' || members || ')', '') || COALESCE(': ' || problem, '') FROM hand.outcome ORDER BY n;")


main()
