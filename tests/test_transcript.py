"""The transcripts' own test: a runner that passes everything proves nothing."""

import contextlib
import io
import sys
import unittest

import transcript


def failures(text):
    """How many steps of the transcript fail; its report is thrown away."""
    steps = transcript.parse(enumerate(text.split("\n"), 1))
    with contextlib.redirect_stdout(io.StringIO()):
        return transcript.check("t", steps, sys.executable)


class Transcripts(unittest.TestCase):
    def test_output_must_be_the_same(self):
        self.assertEqual(failures("$ echo a\na\n"), 0)
        self.assertEqual(failures("$ echo a\nb\n"), 1)
        self.assertEqual(failures("$ echo a\n"), 1)
        self.assertEqual(failures("$ true\na\n"), 1)

    def test_exit_code_must_be_the_same(self):
        self.assertEqual(failures("$ (exit 3)\n? 3\n"), 0)
        self.assertEqual(failures("$ (exit 3)\n"), 1)
        self.assertEqual(failures("$ true\n? 3\n"), 1)

    def test_dots_stand_for_part_of_a_line(self):
        self.assertEqual(failures("$ echo took 3 ms\ntook ... ms\n"), 0)
        self.assertEqual(failures("$ echo took 3 s\ntook ... ms\n"), 1)

    def test_a_line_of_dots_stands_for_lines(self):
        self.assertEqual(failures("$ seq 5\n1\n...\n5\n"), 0)
        self.assertEqual(failures("$ seq 5\n1\n...\n6\n"), 1)
        self.assertEqual(failures("$ seq 2\n1\n...\n2\n"), 0)

    def test_one_shell_runs_all_commands(self):
        self.assertEqual(failures("$ mkdir d; cd d\n$ x=1\n$ basename $PWD $x\n"
                                  "d\n"), 0)

    def test_a_command_may_go_on_in_the_next_line(self):
        self.assertEqual(failures("$ echo a \\\n  b\na b\n"), 0)

    def test_what_the_shell_never_reached_fails(self):
        self.assertEqual(failures("$ exit 0\n$ echo a\na\n"), 2)

    def test_output_without_a_last_newline_is_seen(self):
        self.assertEqual(failures("$ printf a\na\n$ printf 'b\\n\\n'\nb\n"), 0)


unittest.main()
