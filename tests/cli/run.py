"""run.py RECKON FILE.t: run a transcript (see transcript.py).

$SOURCE in it is the source tree. A note `# needs: COMMAND` skips the whole
file, saying so, where the command fails.
"""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
import transcript  # noqa: E402

NEEDS = "# needs: "
SKIPPED = 77  # meson's word for it


def main(exe, path):
    os.environ["SOURCE"] = ROOT
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    for line in lines:
        if line.startswith(NEEDS) and subprocess.run(
                ["sh", "-c", line[len(NEEDS):]]).returncode != 0:
            print(f"{path}: skipped, it {line[2:]}")
            return SKIPPED
    steps = transcript.parse(enumerate(lines, 1))
    failed = transcript.check(path, steps, exe)
    print(f"{path}: {len(steps) - failed} passed, {failed} failed")
    return 1 if failed or not steps else 0


sys.exit(main(*sys.argv[1:]))
