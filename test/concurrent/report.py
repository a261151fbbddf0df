"""What is printed where something is wrong: enough to understand it afterwards."""
import os
import time

from libpq import Connection, Error

HERE = os.path.dirname(os.path.abspath(__file__))


def activity(dsn):
    """Who waits for whom."""
    try:
        c = Connection(dsn)
        rows = c.run("SELECT a.pid, a.application_name, a.state, a.wait_event_type || '/' || a.wait_event, pg_blocking_pids(a.pid)::text, left(a.query, 300) FROM pg_stat_activity AS a "
                     "WHERE a.datname = current_database()")
        rows += c.run("SELECT l.pid, l.locktype, l.relation::regclass::text, l.mode, l.granted, l.transactionid FROM pg_locks AS l WHERE l.pid <> pg_backend_pid() ORDER BY 1")
        return rows
    except Error as error:
        return [("no answer", str(error))]


def differences(this, found):
    """Prints what differs and writes everything that was done since the last check into a file."""
    print(f"WRONG, seed {this.seed}")
    for what, rows in found:
        print(f"  {what}:")
        for row in rows[:20]:
            print("    " + "  ".join("-" if v is None else str(v) for v in row))
        if len(rows) > 20:
            print(f"    and {len(rows) - 20} more")
    customers, segments = this.oracle.concerned(found)
    transactions = sorted((t for w in this.threads if hasattr(w, "pids") for t in w.log if t.ended is None or t.ended >= this.checked_at), key=lambda t: t.ended or time.time())
    words = set(customers)
    try:
        show(this.connection, customers, segments, words)
    except Error as error:
        print(f"  {error}")
    path = os.path.join(os.environ.get("CONCURRENT_LOG", HERE + "/../../build"), f"concurrent-{this.seed}.log")
    with open(path, "w") as file:
        file.write(this.describe() + "\n" + this.tables.create() + "\n" + this.tables.bind() + "\n\n")
        for t in transactions:
            file.write(t.print() + "\n\n")
        for side in this.threads:
            if hasattr(side, "print_log"):
                file.write(side.print_log(this.checked_at) + "\n\n")
    mine = [t for t in transactions if t.outcome != "rolled back" and any(name_of(w) in t.print() for w in words)]
    print(f"  {len(transactions)} transactions since the last check are in {path}; {len(mine)} of them name the customers or their orders" + (", the last:" if mine else ""))
    for t in mine[-12:]:
        print("\n".join("    " + line for line in t.print().splitlines()))


def name_of(key):
    return f"{key}"


def show(connection, customers, segments, words):
    """Prints rules and rows, and adds the keys of the customers' orders to words."""
    for name in sorted(segments)[:8]:
        for (rule,) in connection.run(f"SELECT rule::text FROM segmentation.segment WHERE name = '{name}'"):
            print(f"  {name}: {rule}")
    for customer in sorted(customers)[:3]:
        quoted = customer.replace("'", "''")
        for table in ("customers", "orders", "carts", "labels", "scores", "extra"):
            key = "id" if table == "customers" else "customer_id"
            for (row,) in connection.run(f"SELECT x::text FROM shop.{table} AS x WHERE x.{key}::text = '{quoted}'"):
                print(f"  {table}: {row}")
        for row in connection.run(f"SELECT l::text, p::text, o.id::text FROM shop.orders AS o JOIN shop.lines AS l ON l.order_id = o.id LEFT JOIN shop.products AS p ON p.id = l.product_id "
                                  f"WHERE o.customer_id::text = '{quoted}'"):
            print(f"  line: {row[0]}  {row[1]}")
            words.add(row[2])
        if connection.value("SELECT to_regclass('shop.audit')"):
            for row in connection.run(f"SELECT xact, at, who, pid, relation, old, new FROM shop.audit WHERE position('{quoted}' IN concat(old, ' ', new)) > 0 ORDER BY n DESC LIMIT 25"):
                print("  changed: " + "  ".join("-" if v is None else v for v in row))
        for row in connection.run(f"SELECT version, as_of, definitions, verdicts, length(measures) FROM segmentation.state WHERE customer_id::text = '{quoted}'"):
            print(f"  state: {row}")
