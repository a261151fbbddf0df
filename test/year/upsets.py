"""What clocks and servers do at their worst: the clock steps back, nobody ticks for days, a process or the whole server dies in the middle of a tick,
a dump comes back at another time. Afterwards members and history must be as if nothing had happened."""
import os
import re
import signal
import subprocess
import time
from datetime import timedelta

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def connect_again(year):
    """A session on the server that is up again, wherever it listens."""
    for _ in range(200):
        settings = subprocess.run([ROOT + "/scripts/private_server.sh", "env", "year"], capture_output=True, text=True)
        os.environ.update({name: value.strip("'") for name, value in re.findall(r"(PG\w+)=('[^']*'|\w+)", settings.stdout)})
        if settings.returncode == 0 and subprocess.run(["psql", "-qAtX", "-d", year.session.database, "-c", "SELECT 1"], capture_output=True).returncode == 0:
            year.session.open()
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not come back")


def in_the_middle(year, what):
    """Calls what(pid) with the process of a tick that has done some batches and not all."""
    count = lambda: int(year.session.must("SELECT count(*) FROM segmentation.due WHERE due_at <= now()")[0])
    first = count()
    ticker = subprocess.Popen(["psql", "-qX", "-d", year.session.database, "-c", "CALL segmentation.tick()"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while (left := count()) == first and ticker.poll() is None:
        time.sleep(0.01)
    pids = year.session.must("SELECT pid FROM pg_stat_activity WHERE query LIKE 'CALL segmentation.tick%' AND pid <> pg_backend_pid() AND datname = current_database()")
    year.check("a tick in the middle of its work", None if pids and left > 0 else f"{left} of {first} were left")
    what(int(pids[0]) if pids else None)
    ticker.wait()


def held(year, began):
    """Everything that can be held against the rules: now, and at each day's beginning and some moments since."""
    year.verify()
    at = began + timedelta(hours=1)
    while at < year.now:
        for name in year.rng.sample([n for n in year.rules if "memberships" not in year.rules[n]], 4):
            year.history(name, at, set())
        at += timedelta(hours=year.rng.choice([5, 12, 24]))
    year.session.set_clock(year.now)
    year.finish()


def downtime(year):
    began = year.now
    year.set_clock(began + timedelta(days=3))
    year.tick()
    held(year, began)


def killed_backend(year):
    began = year.now
    year.set_clock(began + timedelta(days=9))
    in_the_middle(year, lambda pid: pid and os.kill(pid, signal.SIGKILL))
    connect_again(year)
    year.check("state was lost with the process", None if year.session.must("SELECT count(*) FROM segmentation.state") == ["0"] else "it was not")
    year.tick()
    held(year, began)


def killed_server(year):
    began = year.now
    year.set_clock(began + timedelta(days=9))

    def kill(_):
        with open(os.environ["SERVER_DATA"] + "/postmaster.pid") as file:
            os.kill(int(file.readline()), signal.SIGKILL)
    in_the_middle(year, kill)
    time.sleep(2)  # its children notice by themselves, but not at once
    subprocess.run([ROOT + "/scripts/private_server.sh", "start", "year"], check=True, stdout=subprocess.DEVNULL)
    connect_again(year)
    year.tick()
    held(year, began)


def stepped_back(year, by):
    """Writers and a tick meet a clock that is behind where it has been; then it goes on."""
    highest = year.now
    year.shop.write(year)
    year.tick()
    year.set_clock(highest - by)
    for _ in range(3):
        year.shop.write(year)
        year.tick()
    year.set_clock(highest - by + by / 2)
    year.shop.write(year)
    year.tick()
    year.set_clock(highest + timedelta(seconds=1))
    year.tick()
    year.verify()
    year.finish(forward=False)


def restored(year, later):
    """A dump, restored into another database when it is another time."""
    database = year.session.database
    dump = subprocess.run(["pg_dump", "-d", database], check=True, capture_output=True).stdout
    year.session.close()
    subprocess.run(["psql", "-qX", "-d", "postgres", "-c", f"DROP DATABASE IF EXISTS {database}_again", "-c", f"CREATE DATABASE {database}_again"], check=True, stderr=subprocess.DEVNULL)
    with open(year.session.clock, "w") as file:
        file.write((year.now + later).strftime("%Y-%m-%d %H:%M:%S.%f5\n"))
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", f"{database}_again"], input=dump, check=True, stdout=subprocess.DEVNULL)
    year.session.database = f"{database}_again"
    year.session.open()
    year.set_clock(year.now + later)
    year.tick()
    year.verify()
    for _ in range(2):
        year.set_clock(year.now + timedelta(days=1))
        year.shop.write(year)
        year.tick()
        year.verify()


def upset(year, start):
    year.stop(start)
    where = year.where
    for name, what in {"three days without a clock": downtime, "a killed process": killed_backend, "a killed server": killed_server,
                       "seconds back": lambda y: stepped_back(y, timedelta(seconds=7)), "a day back": lambda y: stepped_back(y, timedelta(days=1)),
                       "restored later": lambda y: restored(y, timedelta(days=40)), "restored earlier": lambda y: restored(y, timedelta(days=-3))}.items():
        year.where = f"{where}, {name}"
        what(year)
        print(f"{name}: {year.checks} checks so far", flush=True)
    year.where = where
