"""test_terminal.py RECKON: what only a terminal gets to see."""

import os
import pty
import subprocess
import sys
import tempfile
import unittest

EXE = os.path.abspath(sys.argv.pop(1))


def on_terminal(folder, *args, **env):
    """The bytes that the command writes to a terminal, stderr included."""
    known = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    env = {**known, "TERM": "xterm", **env}
    main, side = pty.openpty()
    child = subprocess.Popen([EXE, *args], cwd=folder, env=env, stdin=side,
                             stdout=side, stderr=side)
    os.close(side)
    written = b""
    while True:
        try:
            piece = os.read(main, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        written += piece
    os.close(main)
    child.wait()
    return written


class Terminal(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.folder = tmp.name

    def test_colour_is_for_terminals_only(self):
        self.assertIn(b"\033[1mstore", on_terminal(self.folder, "status"))
        piped = subprocess.run([EXE, "status"], cwd=self.folder,
                               stdout=subprocess.PIPE, check=True)
        self.assertNotIn(b"\033", piped.stdout)

    def test_no_color_and_dumb_terminals_are_respected(self):
        for env in {"NO_COLOR": "1"}, {"TERM": "dumb"}:
            written = on_terminal(self.folder, "status", **env)
            self.assertIn(b"store", written)
            self.assertNotIn(b"\033", written)

    def test_text_of_the_catalogue_cannot_turn_the_line(self):
        path = os.path.join(self.folder, "items.csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write("id,title\nA1,one\u202etwo\n")
        on_terminal(self.folder, "import", path)
        written = on_terminal(self.folder, "show", "item", "A1")
        self.assertIn(b"one?two", written)
        self.assertNotIn("\u202e".encode(), written)


unittest.main()
