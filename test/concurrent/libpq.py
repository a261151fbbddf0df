"""What this test needs of libpq, by ctypes: a connection, its errors in full, COPY, and cancelling. A call lets other threads run."""
import ctypes
import ctypes.util

SOURCE_FILE, CONTEXT, SQLSTATE, MESSAGE, DETAIL, HINT = (ord(c) for c in "FWCMDH")
BAD, FATAL = 5, 7                        # of ExecStatusType
COPY_IN = 4
IDLE, ACTIVE, IN_TRANSACTION, IN_ERROR, UNKNOWN = range(5)


def load():
    for name in ("libpq.so.5", ctypes.util.find_library("pq")):
        try:
            lib = ctypes.CDLL(name)
            break
        except (OSError, TypeError):
            continue
    else:
        raise RuntimeError("no libpq")
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for function, result, arguments in [
            ("PQconnectdb", pointer, [text]), ("PQfinish", None, [pointer]), ("PQstatus", number, [pointer]), ("PQerrorMessage", text, [pointer]),
            ("PQexec", pointer, [pointer, text]), ("PQresultStatus", number, [pointer]), ("PQresultErrorField", text, [pointer, number]),
            ("PQresultErrorMessage", text, [pointer]), ("PQclear", None, [pointer]), ("PQntuples", number, [pointer]), ("PQnfields", number, [pointer]),
            ("PQgetvalue", text, [pointer, number, number]), ("PQgetisnull", number, [pointer, number, number]), ("PQtransactionStatus", number, [pointer]),
            ("PQbackendPID", number, [pointer]), ("PQputCopyData", number, [pointer, text, number]), ("PQputCopyEnd", number, [pointer, text]),
            ("PQgetResult", pointer, [pointer]), ("PQgetCancel", pointer, [pointer]), ("PQfreeCancel", None, [pointer]),
            ("PQcancel", number, [pointer, pointer, number]), ("PQcmdTuples", text, [pointer]), ("PQsetNoticeProcessor", pointer, [pointer, pointer, pointer])]:
        f = getattr(lib, function)
        f.restype, f.argtypes = result, arguments
    return lib


pq = load()
NOTICE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)


class Error(Exception):
    """An error of the server; sqlstate 08006 where the connection is lost."""

    def __init__(self, sqlstate, message, detail="", hint="", context="", file=""):
        super().__init__(f"{sqlstate} {message}")
        self.sqlstate, self.message, self.detail, self.hint, self.context, self.file = sqlstate, message, detail, hint, context, file

    def text(self):
        return "\n".join(x for x in [f"{self.sqlstate} {self.message}", self.detail, self.hint, self.context] if x)


class Connection:
    """Not for two threads at once, but for cancel()."""

    def __init__(self, options, notice=None):
        self.handle = pq.PQconnectdb(options.encode())
        if pq.PQstatus(self.handle) != 0:
            message = pq.PQerrorMessage(self.handle).decode(errors="replace").strip()
            pq.PQfinish(self.handle)
            self.handle = None
            raise Error("08006", message)
        self.notice = NOTICE(lambda _, message: notice(message.decode(errors="replace")) if notice else None)
        pq.PQsetNoticeProcessor(self.handle, self.notice, None)
        self.pid = pq.PQbackendPID(self.handle)
        self.stop = pq.PQgetCancel(self.handle)

    def lost(self):
        return self.handle is None or pq.PQstatus(self.handle) != 0

    def state(self):
        return UNKNOWN if self.handle is None else pq.PQtransactionStatus(self.handle)

    def _check(self, result):
        """Returns the rows of a result and frees it, or raises its error."""
        if not result:
            raise Error("08006", pq.PQerrorMessage(self.handle).decode(errors="replace").strip())
        try:
            if pq.PQresultStatus(result) in (BAD, FATAL):
                field = lambda code: (pq.PQresultErrorField(result, code) or b"").decode(errors="replace")
                if not field(SQLSTATE):
                    raise Error("08006", pq.PQresultErrorMessage(result).decode(errors="replace").strip())
                raise Error(field(SQLSTATE), field(MESSAGE), field(DETAIL), field(HINT), field(CONTEXT), field(SOURCE_FILE))
            columns = range(pq.PQnfields(result))
            return [tuple(None if pq.PQgetisnull(result, r, c) else pq.PQgetvalue(result, r, c).decode() for c in columns)
                    for r in range(pq.PQntuples(result))]
        finally:
            pq.PQclear(result)

    def run(self, sql, copy=None):
        """Runs SQL; returns its rows as texts. copy: the lines for a COPY FROM STDIN."""
        if self.handle is None:
            raise Error("08006", "not connected")
        result = pq.PQexec(self.handle, sql.encode())
        if copy is None or not result or pq.PQresultStatus(result) != COPY_IN:
            return self._check(result)
        pq.PQclear(result)
        data = copy.encode()
        pq.PQputCopyData(self.handle, data, len(data))
        pq.PQputCopyEnd(self.handle, None)
        first = None
        while result := pq.PQgetResult(self.handle):
            try:
                self._check(result)
            except Error as error:
                first = first or error
        if first:
            raise first
        return []

    def value(self, sql):
        rows = self.run(sql)
        return rows[0][0] if rows else None

    def cancel(self):
        buffer = ctypes.create_string_buffer(256)
        if self.stop:
            pq.PQcancel(self.stop, buffer, 256)

    def close(self):
        if self.handle is not None:
            pq.PQfreeCancel(self.stop)
            pq.PQfinish(self.handle)
            self.stop = self.handle = None
