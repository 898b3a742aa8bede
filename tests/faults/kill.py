"""kill.py RECKON: imports and preparations that are killed and run again.

Killed (SIGKILL, the whole process group) at seeded moments and then run to the
end, each must leave what one that was never killed leaves: the same rows in a
sound database, the same bytes in the snapshot, and no file besides. Until then
the older snapshot goes on answering. The part with real models is left out,
saying so, when they are not there (make models brings them).
"""

import csv
import hashlib
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
from driving import ROOT, Store, check, done, missing_model  # noqa: E402

BOOKS = os.path.join(ROOT, "examples", "bookstore")
KINDS = ("items", "users", "events")
SEED = 20261124
N_ROWS = 60000
LIMIT_S = 300  # no run of the command may take longer

SCRIPTED = "models: {embedder: scripted, writer: scripted}\n"
REAL = "catalogue: {noun: book}\n"


def start(store, *arguments):
    return subprocess.Popen([*store.command, *arguments],
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, start_new_session=True)


def killed(store, after_s, *arguments):
    """Whether the command was still running when it was killed."""
    job = start(store, *arguments)
    try:
        code = job.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        os.killpg(job.pid, signal.SIGKILL)
        job.wait(timeout=LIMIT_S)
        return True
    if code != 0:
        sys.exit(f"reckon {' '.join(arguments)}: exit code {code}")
    return False


def dies_writing(store, most_bytes, *arguments):
    """Whether the command was killed because a file outgrew so many bytes."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    code = subprocess.Popen([*store.command, *arguments],
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, start_new_session=True,
                            preexec_fn=limit).wait(timeout=LIMIT_S)
    return code == -signal.SIGXFSZ


def seconds(store, *arguments):
    """How long a command takes that is left alone."""
    begin = os.times().elapsed
    if start(store, *arguments).wait(timeout=LIMIT_S) != 0:
        sys.exit(f"reckon {' '.join(arguments)} failed")
    return os.times().elapsed - begin


def least_seconds(of, path, *arguments):
    """The least of three times, each on a copy; the last copy is left."""
    least = LIMIT_S
    for _ in range(3):
        store = Store(of.command[0], of.command[2], path)
        copy_store(of, path)
        least = min(least, seconds(store, *arguments))
    return store, least


def configured(folder, text):
    path = os.path.join(folder, "reckon.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def copy_store(of, path):
    """A copy of a store that nobody has open, its snapshot included."""
    for end in ("", "-wal", "-shm", ".snapshot"):
        if os.path.exists(path + end):
            os.remove(path + end)
        if end != "-shm" and os.path.exists(of.path + end):
            shutil.copy(of.path + end, path + end)


def content(store, folder):
    """A hash of all rows, whatever their order."""
    digest = hashlib.sha256()
    for kind in KINDS:
        path = os.path.join(folder, f"out-{kind}.csv")
        store.run("export", kind, path)
        with open(path, "rb") as f:
            for line in sorted(f):
                digest.update(line)
        os.remove(path)
    return digest.hexdigest()


def is_sound(store):
    """Whether the database is whole and its totals are those of its rows."""
    db = sqlite3.connect(store.path)
    verdict = db.execute("PRAGMA integrity_check").fetchone()[0]
    totals = db.execute("SELECT n_items, n_users, n_events, n_outputs"
                        " FROM totals").fetchone()
    rows = tuple(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                 for table in ("items", "users", "events", "outputs"))
    db.close()
    return verdict == "ok" and totals == rows


def count_events(store):
    return int(store.status("store", "events"))


def write_rows(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def imports(exe, folder):
    chance = random.Random(SEED)
    items = os.path.join(folder, "items.csv")
    events = os.path.join(folder, "events.csv")
    write_rows(items, ["id", "title"],
               [[f"i{i}", f"Item {i}"] for i in range(500)])
    write_rows(events, ["user", "item", "type", "value", "at"],
               [[f"u{chance.randrange(2000)}", f"i{chance.randrange(500)}",
                 "rating", chance.randrange(1, 6), 1700000000 + n // 3]
                for n in range(N_ROWS)])
    config = configured(folder, SCRIPTED)
    empty = Store(exe, config, os.path.join(folder, "empty.db"))
    empty.run("import", "items", items)
    whole, took = least_seconds(empty, os.path.join(folder, "whole.db"),
                                "import", "events", events)
    expected = content(whole, folder)
    print(f"        import: {count_events(whole)} events in {took:.2f} s")

    n_partial = 0
    for i in range(15):
        store = Store(exe, config, os.path.join(folder, f"import-{i}.db"))
        copy_store(empty, store.path)
        after = chance.uniform(0, took)
        hit = killed(store, after, "import", "events", events)
        n = count_events(store)
        n_partial += 0 < n < count_events(whole)
        sound = is_sound(store)
        store.run("import", "events", events)
        check(sound and is_sound(store) and
              content(store, folder) == expected,
              f"import killed after {after:.2f} s"
              f"{'' if hit else ' (it was done)'} with {n} events in: the same "
              "after another run")
    check(n_partial >= 3, f"{n_partial} imports were killed half-way")


def bookstore(exe, config, path, n_items=None, n_users=None):
    """The bookstore in a store, or its first rows."""
    store = Store(exe, config, path)
    for kind, n in (("items", n_items), ("users", n_users), ("events", None)):
        with open(os.path.join(BOOKS, kind + ".csv"), newline="",
                  encoding="utf-8") as f:
            header, *rows = csv.reader(f)
        rows = rows[:n]
        if kind == "events" and n_items:
            rows = [r for r in rows if r[0] in users and r[1] in items]
        if kind == "items":
            items = {r[0] for r in rows}
        if kind == "users":
            users = {r[0] for r in rows}
        part = os.path.join(os.path.dirname(path), kind + ".csv")
        write_rows(part, header, rows)
        store.run("import", "--strict", kind, part)
    return store


def add_more(store, folder):
    """What makes a snapshot old: an item, a user, and what they did."""
    for kind, header, row in (
            ("items", ["id", "title", "genres", "description"],
             ["B1", "The Newest Book", "thriller|mystery",
              "A detective comes late to a locked room."]),
            ("users", ["id", "preferences"], ["U1", "locked rooms"]),
            ("events", ["user", "item", "type", "value", "at"],
             ["U1", "B1", "rating", 5, 1800000000])):
        path = os.path.join(folder, f"more-{kind}.csv")
        write_rows(path, header, [row])
        store.run("import", "--strict", kind, path)


def snapshot(store):
    with open(store.path + ".snapshot", "rb") as f:
        return f.read()


def strays(store):
    """Files beside the store that are none of its own."""
    folder, name = os.path.split(store.path)
    own = {name + end for end in ("", "-wal", "-shm", ".snapshot")}
    return sorted(f for f in os.listdir(folder)
                  if f.startswith(name) and f not in own)


def preparations(exe, folder):
    """With models that answer at once: the moments fall everywhere."""
    chance = random.Random(SEED)
    config = configured(folder, SCRIPTED)
    first = bookstore(exe, config, os.path.join(folder, "first.db"))
    first.run("prepare")
    old = snapshot(first)
    add_more(first, folder)
    whole, took = least_seconds(first, os.path.join(folder, "whole.db"),
                                "prepare")
    new = snapshot(whole)
    print(f"        prepare: {len(new)} bytes in {took:.2f} s")
    check(new != old, "the newer snapshot is another")

    n_hit = 0
    for i in range(10):
        after = chance.uniform(0, took)
        store = Store(exe, config, os.path.join(folder, f"prepare-{i}.db"))
        copy_store(first, store.path)
        hit = killed(store, after, "prepare")
        n_hit += hit
        goes_on(store, old, new, f"prepare killed after {after:.2f} s"
                f"{'' if hit else ' (it was done)'}")
    check(n_hit >= 3, f"{n_hit} preparations were killed at work")

    # A moment that chance seldom finds: in the middle of writing a file.
    for what, most in (("the trial", len(new) // 2),
                       ("the snapshot", len(new) - 1)):
        store = Store(exe, config, os.path.join(folder, f"die-{most}.db"))
        copy_store(whole, store.path)
        make_unprepared(store, first)
        check(dies_writing(store, most, "prepare") and strays(store),
              f"prepare died while writing {what}, and left {strays(store)}")
        goes_on(store, old, new, "after that")


def make_unprepared(store, older):
    """As if all models had been asked, but no snapshot written since."""
    shutil.copy(older.path + ".snapshot", store.path + ".snapshot")
    db = sqlite3.connect(store.path)
    with db:
        db.execute("DELETE FROM notes WHERE name = 'prepared'")
    db.close()


def goes_on(store, old, new, after_what):
    """A snapshot answers, and another run ends as if nothing had been."""
    now = snapshot(store)
    answer = store.run("recommend", "--user", "U12345", "-n", "5")
    store.run("prepare")
    check(now in (old, new) and len(answer["items"]) == 5,
          f"{after_what}: the {'older' if now == old else 'newer'} snapshot "
          "answers")
    check(snapshot(store) == new and is_sound(store) and not strays(store),
          "another run ends the same, and leaves no file")


def preparation_with_models(exe, folder):
    """One preparation, killed four times over."""
    chance = random.Random(SEED)
    config = configured(folder, REAL)
    first = bookstore(exe, config, os.path.join(folder, "real.db"), 20, 10)
    whole = Store(exe, config, os.path.join(folder, "real-whole.db"))
    copy_store(first, whole.path)
    took = seconds(whole, "prepare")
    print(f"        prepare with models: {whole.outputs()} answers of models "
          f"in {took:.1f} s")
    outputs = [0]
    for _ in range(4):
        after = chance.uniform(0.1, 0.4) * took
        hit = killed(first, after, "prepare")
        outputs.append(first.outputs())
        check(outputs[-1] >= outputs[-2] and is_sound(first),
              f"prepare killed after {after:.1f} s"
              f"{'' if hit else ' (it was done)'}: {outputs[-1]} answers of "
              "models are kept")
    check(any(0 < n < whole.outputs() for n in outputs),
          "it was killed half-way")
    first.run("prepare")
    check(first.outputs() == whole.outputs(), "the same questions were asked")
    check(snapshot(first) == snapshot(whole),
          "the same snapshot after a last run")
    check(not strays(first), f"no file is left: {strays(first)}")


def main(exe):
    parts = [imports, preparations]
    missing = missing_model()
    if missing:
        print(f"skipped, with real models: {missing} is not there")
    else:
        parts.append(preparation_with_models)
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            part(exe, folder)
    return done()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
