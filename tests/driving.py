"""Drives the built command line from tests: one line a check, and JSON in."""

import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SKIPPED = 77  # meson's word for it
failed = 0


def check(holds, what):
    """Prints what was checked and counts it if it does not hold."""
    global failed
    print(("ok      " if holds else "FAILED  ") + what, flush=True)
    failed += not holds
    return bool(holds)


def done():
    """The exit code of a test, its last line printed."""
    print(f"{failed} checks failed")
    return 1 if failed else 0


def missing_model():
    """The path of a model file that set-up brings and that is not there."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(
        os.path.expanduser("~"), ".cache")
    folder = os.environ.get("RECKON_MODELS") or os.path.join(
        cache, "reckon", "models")
    for name in ("smollm2-q8_0.gguf", "minilm-f16.gguf"):
        if not os.path.exists(os.path.join(folder, name)):
            return os.path.join(folder, name)
    return None


class Store:
    """The command line with a configuration and a store."""

    def __init__(self, exe, config, path):
        self.path = path
        self.command = [exe, "--config", config, "--store", path, "--json"]

    def run(self, *arguments):
        """What a command answers; anything but success ends the test."""
        found = subprocess.run([*self.command, *arguments],
                               capture_output=True, text=True)
        if found.returncode != 0:
            sys.exit(f"reckon {' '.join(arguments)}: exit code "
                     f"{found.returncode}: {found.stderr.strip()}")
        return json.loads(found.stdout)

    def status(self, section, name):
        for line in self.run("status")["lines"]:
            if (line["section"], line["name"]) == (section, name):
                return line["value"]
        return None

    def outputs(self):
        """How many answers of models are kept."""
        return int(self.status("store", "kept outputs of models"))
