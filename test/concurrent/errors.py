"""Errors that reached clients, counted: which of them come from the extension, and which of those must not."""
import collections
import re
import threading

# What a client may get from its own statements whoever maintains segments.
NORMAL = {"40001", "40P01", "23505", "23503", "23502", "23514", "57014", "55P03", "22003", "22P02", "22008", "22007", "21000", "08006", "57P01", "57P02", "57P03", "42P05", "22023",
          "25P02", "22012", "2D000", "42804", "42P01"}


def is_ours(error):
    return "segmentation" in (error.message + error.detail + error.hint + error.context).lower() or \
        re.search(r'relation "(state|membership|membership_past|dirty|count_delta|segment|set_aside)"', error.message + error.context) is not None


class Errors:
    def __init__(self, options):
        self.options, self.lock = options, threading.Lock()
        self.counts, self.wrong = collections.Counter(), []

    def count(self, error, place, transaction=None, writer=None):
        begin = transaction.begin[0] if transaction and transaction.begin else ""
        level = "SER" if "SERIALIZABLE" in begin else "RR" if "REPEATABLE" in begin else "RC"
        word = " ".join(place.split()[:2]) if place.split()[:1] in (["COMMIT"], ["ROLLBACK"], ["PREPARE"]) else "flush" if "flush()" in place else "statement"
        if place.startswith("CALL"):
            word = place
        ours = is_ours(error) or word in ("COMMIT", "PREPARE TRANSACTION")
        with self.lock:
            self.counts[(error.sqlstate, level, word, "ours" if ours else "")] += 1
            why = self.judge(error, word, level, ours)
            if error.sqlstate == "40P01" and transaction and any("TRUNCATE" in step[0] for step in transaction.steps):
                why = None  # it waits for other tables while nobody can use its own
            if why and self.options.tolerate and re.search(self.options.tolerate, error.text(), re.S):
                self.counts[(error.sqlstate, level, "tolerated", "ours")] += 1
                why = None
            if why and len(self.wrong) < 200:
                text = f"{why}: {error.text()}\n  at: {place[:300]}"
                self.wrong.append((why, text + ("\n" + transaction.print() if transaction else "")))

    def judge(self, error, word, level, ours):
        """Returns why an error must not be, or None."""
        code = error.sqlstate
        if code == "42704" and "PREPARED" in word:  # after the server was killed
            return None
        if code not in NORMAL:
            return f"{code} is no error of the shop's"
        if code in ("57014", "55P03", "08006", "57P01", "57P02", "57P03"):
            return None
        if word in ("COMMIT", "PREPARE TRANSACTION"):
            # The checks of deferred foreign keys come before anything of ours: with whomever they meet, it is about the shop's rows.
            if code in ("23503", "25P02") or (code == "40001" and level == "SER") or (code in ("40001", "40P01") and 'FOR KEY SHARE OF x' in error.context):
                return None
            if code == "40P01" and self.options.statement_mode:
                return None
            return f"{code} at {word} under {level}"
        if not ours or (code == "40001" and level == "SER"):
            return None
        if code == "40P01" and self.options.statement_mode:
            return None
        # What people say by hand meets others' words about the same customers, as any rows do.
        if code in ("23503", "23505", "22023", "40001", "40P01") and re.search("_set_standing|_move_members|_clear_overrides|INTO segmentation.by_hand ", error.context):
            return None
        return f"{code} out of the extension under {level}"

    def print(self):
        return "\n".join(f"  {n:6} {code} {level} at {word}{' (ours)' if ours else ''}" for (code, level, word, ours), n in sorted(self.counts.items(), key=lambda x: -x[1]))
