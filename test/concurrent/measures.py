"""Kept measures (segmentation.state.measures) taken apart, to be held against those of a refresh. A layout that is not understood compares
as a whole: see src/core/program/image.hpp."""
import struct
from decimal import Decimal, getcontext

getcontext().prec = 200

HEAD = 24
INSTANT, DAYS = 10 ** 13, range(5000, 20000)   # an instant counts microseconds, a day is one of 2013 to 2054


def items(data):
    """Yields (mark, number, bytes, whether more follow of the same entry)."""
    at = 0
    while at < len(data):
        tag, at = data[at], at + 1
        size = tag & 15
        value = int.from_bytes(data[at:at + size], "little")
        at, number = at + size, value >> 1 ^ -(value & 1)
        text = b""
        if tag & 0x40:
            text, at = data[at:at + number], at + number
        yield tag >> 4 & 3, number, text, bool(tag & 0x80)


def sections(image):
    """Returns {feed: (whether time alone changes it, digests, entries)}."""
    found, at = {}, HEAD
    while at < len(image):
        feed, count, size = struct.unpack_from("<IHH", image, at)
        at, moves, count = at + 8, bool(count & 0x8000), count & 0x7FFF
        at += 8 if moves else 0
        digests, at = image[at:at + 6 * count], at + 6 * count
        found[feed], at = (moves, digests, image[at:at + size]), at + size
    return found


def entries_of(data):
    """Returns entries, each a list of items (mark, number, bytes)."""
    out, more = [], False
    for mark, number, text, goes_on in items(data):
        out[-1].append((mark, number, text)) if more else out.append([(mark, number, text)])
        more = goes_on
    return out


def same_sum(a, b):
    """Tells whether two entries are one sum, split differently between a number of unknown scale and digits."""
    try:
        x, y = (Decimal(e[1][2].decode()) if len(e) > 1 else Decimal(0) for e in (a, b))
        return max(len(a), len(b)) == 2 and any(x + Decimal(a[0][1]).scaleb(-s) == y + Decimal(b[0][1]).scaleb(-s) for s in range(40))
    except (ArithmeticError, UnicodeDecodeError):
        return False


def early(entry):
    """Tells whether an entry may be the time until when a section stands."""
    mark, number, text = entry[0]
    return len(entry) == 1 and mark == 1 and not text and (abs(number) > INSTANT or number in DAYS)


def difference(kept, read):
    """Returns what differs, or None. What says until when a section that moves may be used may be early, so instants there are left alone."""
    before, after = sections(kept), sections(read)
    for feed in before.keys() & after.keys():
        (moves, digests, entries), (_, same, others) = before[feed], after[feed]
        if digests != same or entries == others:
            continue
        a, b = entries_of(entries), entries_of(others)
        wrong = [(i, x, y) for i, (x, y) in enumerate(zip(a, b)) if x != y and not (moves and early(x)) and not same_sum(x, y)]
        if wrong or len(a) != len(b):
            return f"feed {feed:x}, {len(a)} and {len(b)} entries, (place, kept, read): {wrong[:10]}"
    return None
