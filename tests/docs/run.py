"""run.py RECKON: run the commands that README.md and docs/*.md show.

Every fenced block marked `console` or `sh` that has `$ ` lines is a piece of
a transcript (see transcript.py); one document is one shell, in a folder that
looks like the source tree to a reader: copies of examples/, include/ and
bindings/, and build/. What a command writes to stderr counts as output, as it
does for a reader. A block is left out when the line before its fence is
`<!-- not run: why -->`. Where that line is `<!-- file: PATH -->`, the block is
that file, word for word.
"""

import glob
import os
import re
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
import transcript  # noqa: E402

SKIPPED = 77  # meson's word for it


def fences(lines):
    """(kind, line before, numbered lines) of each fenced block."""
    block = None
    kind = before = ""
    for number, text in enumerate(lines, 1):
        if block is None and text.startswith("```"):
            block = []
            kind = text[3:]
        elif text.startswith("```"):
            yield kind, before, block
            block = None
            before = ""
        elif block is not None:
            block.append((number, text))
        elif text.strip():
            before = text


def to_run(lines):
    """The steps of all blocks that are to be run."""
    return [step for kind, before, block in fences(lines)
            if kind in ("console", "sh") and
            not before.startswith("<!-- not run: ")
            for step in transcript.parse(block)]


def differing(name, lines):
    """How many blocks are not the file that they say they are."""
    n = 0
    for _, before, block in fences(lines):
        path = re.fullmatch(r"<!-- file: (\S+) -->", before)
        if not path:
            continue
        with open(os.path.join(ROOT, path[1]), encoding="utf-8") as f:
            if f.read().splitlines() != [text for _, text in block]:
                print(f"{name}:{block[0][0]}: is not {path[1]}")
                n += 1
    return n


def look_like_the_tree(build):
    def prepare(folder):
        for name in ("examples", "include", "bindings"):
            shutil.copytree(os.path.join(ROOT, name),
                            os.path.join(folder, name))
        os.symlink(build, os.path.join(folder, "build"))
    return prepare


def main(exe):
    build = os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(exe))))
    paths = [os.path.join(ROOT, "README.md")]
    paths += sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))
    total = failed = 0
    for path in filter(os.path.exists, paths):
        name = os.path.relpath(path, ROOT)
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        steps = to_run(lines)
        total += len(steps)
        failed += differing(name, lines)
        failed += transcript.check(name, steps, exe, look_like_the_tree(build),
                                   merge_stderr=True)
    print(f"{total} commands, {failed} failures")
    if total == 0:
        print("skipped: no document shows a command")
        return SKIPPED
    return 1 if failed else 0


sys.exit(main(sys.argv[1]))
