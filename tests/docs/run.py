"""run.py RECKON: run the commands that README.md and docs/*.md show.

Every fenced block marked `console` or `sh` that has `$ ` lines is a piece of
a transcript (see transcript.py); one document is one shell, in a folder that
holds a copy of examples/. What a command writes to stderr counts as output,
as it does for a reader. A block is left out when the line before its fence is
`<!-- not run: why -->`.
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


def blocks(lines):
    """The (number, text) lines of each fenced block that is to be run."""
    block = None
    wanted = False
    before = ""
    for number, text in enumerate(lines, 1):
        if block is None and text.startswith("```"):
            block = []
            wanted = re.fullmatch(r"```(console|sh)", text) and \
                not before.startswith("<!-- not run: ")
        elif text.startswith("```"):
            if wanted:
                yield block
            block = None
        elif block is not None:
            block.append((number, text))
        if text.strip():
            before = text


def copy_examples(folder):
    shutil.copytree(os.path.join(ROOT, "examples"),
                    os.path.join(folder, "examples"))


def main(exe):
    paths = [os.path.join(ROOT, "README.md")]
    paths += sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))
    total = failed = 0
    for path in filter(os.path.exists, paths):
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        steps = [s for b in blocks(lines) for s in transcript.parse(b)]
        total += len(steps)
        failed += transcript.check(os.path.relpath(path, ROOT), steps, exe,
                                   copy_examples, merge_stderr=True)
    print(f"{total - failed} passed, {failed} failed")
    if total == 0:
        print("skipped: no document shows a command")
        return SKIPPED
    return 1 if failed else 0


sys.exit(main(sys.argv[1]))
