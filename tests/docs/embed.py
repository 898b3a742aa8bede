"""embed.py RECKON EMBED LIBRARY: examples/embed.c, which is EMBED, and
examples/embed.py print what the command line answers, and fail as it does."""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
from driving import ROOT, Store, check, done  # noqa: E402

BOOKS = os.path.join(ROOT, "examples", "bookstore")


def main(exe, embed, library):
    exe, embed, library = map(os.path.abspath, (exe, embed, library))
    programs = {
        "embed.c": [embed],
        "embed.py": [sys.executable, os.path.join(ROOT, "examples",
                                                  "embed.py")]}
    with tempfile.TemporaryDirectory() as tmp:
        folder = os.path.join(tmp, "here")
        shutil.copytree(BOOKS, folder)
        config = os.path.join(folder, "reckon.yaml")
        with open(config, "a", encoding="utf-8") as f:
            f.write("\nmodels: {embedder: scripted, writer: scripted}\n")

        def run(name):
            return subprocess.run(programs[name], cwd=folder, text=True,
                                  env={**os.environ,
                                       "RECKON_LIBRARY": library},
                                  capture_output=True)

        for name in programs:
            early = run(name)
            check(early.returncode == 1 and not early.stdout and
                  "nothing is prepared yet" in early.stderr,
                  f"{name} says that nothing is prepared yet")
        store = Store(exe, config, os.path.join(folder, "reckon.db"))
        for kind in ("items", "users", "events"):
            store.run("import", kind, os.path.join(folder, kind + ".csv"))
        store.run("prepare")
        answer = store.run("recommend", "--user", "U12345", "--way", "tokens",
                           "-n", "5")
        expected = "".join(f"{i['title']}: {i['why']}\n"
                           for i in answer["items"])
        check(len(answer["items"]) == 5, "five books are recommended")
        for name in programs:
            found = run(name)
            check(found.returncode == 0 and found.stdout == expected,
                  f"{name} prints them: {found.stdout[:60]!r}"
                  f"{found.stderr[-200:]}")
    return done()


sys.exit(main(*sys.argv[1:]))
