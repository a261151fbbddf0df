"""The clock boxes of docs/language.md as cases: the clock in Sofia, a test, events, and those of them for which the test holds."""
import os
from datetime import datetime
from zoneinfo import ZoneInfo

from cases import Edge

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "language.md")
ZONE = "Europe/Sofia"


def in_sofia(text):
    return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(ZONE)).isoformat(" ")


def cases():
    """Returns the cases; raises where the page has none."""
    found, inside = [], False
    for number, line in enumerate(open(PAGE, encoding="utf-8"), 1):
        if line.startswith("```"):
            inside = line.strip() == "```clock"
        elif inside:
            now, test, events, wanted = line.split("|")
            events, wanted = events.split(","), [event.strip() for event in wanted.split(",")]
            found.append(Edge(f"docs/language.md, line {number}", ZONE, in_sofia(now), [in_sofia(event) for event in events],
                              {test.strip(): [i + 1 for i, event in enumerate(events) if event.strip() in wanted]}))
    if not found:
        raise RuntimeError("docs/language.md has no box of times")
    return found
