#!/usr/bin/env python3
"""Prints the script of this test: the tables of docs/gallery.md, the test's data, the page's other SQL, its rules as rows of hand.page, the rows of
the table of docs/vocabulary.md as hand.vocabulary, and what judges them."""
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


main()
