"""Transcripts: commands in a shell, each with the output it must have.

    $ reckon recommend -n 0 2>&1
    reckon recommend: -n is 0, must be 1 to 1000
    ...
    ? 2

`$ ` begins a command; one that ends with a backslash goes on in the next
line. The lines after it are its output: `...` in a line stands for anything,
a line of `...` for any lines, none included. `? N` is the exit code where it
is not 0. Blank lines at the end of an output do not count. All commands of a
transcript run in one shell, so variables and `cd` last.
"""

import os
import re
import subprocess
import tempfile

END = "-- transcript: end of command"


class Step:
    def __init__(self, line, command):
        self.line = line
        self.command = command
        self.output = []
        self.code = 0


def parse(numbered_lines):
    """The steps in (number, text) lines; lines before the first `$ ` and
    lines that begin with `# ` are notes."""
    steps = []
    for number, text in numbered_lines:
        if steps and steps[-1].command.endswith("\\"):
            steps[-1].command += "\n" + text
        elif text.startswith("$ "):
            steps.append(Step(number, text[2:]))
        elif not steps or text.startswith("# "):
            continue
        elif re.fullmatch(r"\? \d+", text):
            steps[-1].code = int(text[2:])
        else:
            steps[-1].output.append(text)
    return steps


def strip_end(lines):
    lines = list(lines)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def matches(expected, found):
    """Whether the found lines are the expected ones, `...` being a gap."""
    pattern = ""
    for line in strip_end(expected):
        if line == "...":
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += re.escape(line).replace(r"\.\.\.", r"[^\n]*") + "\n"
    text = "".join(line + "\n" for line in strip_end(found))
    return re.fullmatch(pattern, text) is not None


def execute(steps, folder, env, merge_stderr):
    """Runs all commands; a list of (output lines, exit code) a command, cut
    short where the shell ended."""
    script = os.path.join(env["TRANSCRIPT_TMP"], "script.sh")
    with open(script, "w") as f:
        for step in steps:
            f.write(f"{step.command}\nprintf '\\n%s %d\\n' '{END}' $?\n")
    done = subprocess.run(
        ["sh", script], cwd=folder, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merge_stderr else None)
    text = done.stdout.decode("utf-8", "replace")
    parts = re.split(r"\n?" + re.escape(END) + r" (\d+)\n", text)
    return [(parts[i].split("\n"), int(parts[i + 1]))
            for i in range(0, len(parts) - 1, 2)]


def check(name, steps, exe, prepare_folder=None, merge_stderr=False):
    """Runs a transcript in an empty folder with `exe` in PATH, prints what
    differs, and returns how many steps failed."""
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        folder = os.path.join(tmp, "here")
        os.mkdir(folder)
        if prepare_folder:
            prepare_folder(folder)
        env = dict(os.environ, TRANSCRIPT_TMP=tmp, LC_ALL="C.UTF-8",
                   PATH=os.path.dirname(os.path.abspath(exe)) + os.pathsep +
                   os.environ["PATH"])
        results = execute(steps, folder, env, merge_stderr)
    for i, step in enumerate(steps):
        if i >= len(results):
            print(f"{name}:{step.line}: not reached: $ {step.command}")
            return failed + len(steps) - i
        found, code = results[i]
        if matches(step.output, found) and code == step.code:
            continue
        failed += 1
        print(f"{name}:{step.line}: $ {step.command}")
        print("  expected, exit code %d:" % step.code)
        print("".join(f"    {line}\n" for line in strip_end(step.output)),
              end="")
        print("  found, exit code %d:" % code)
        print("".join(f"    {line}\n" for line in strip_end(found)), end="")
    return failed
