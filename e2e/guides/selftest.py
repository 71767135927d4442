#!/usr/bin/env python3
"""The runner refuses what is not as a page says. Needs no server."""

import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import blocks
import expected
import links
import schemes
from faults import Skipped, Wrong
from story import Story


def tell(text):
    """Tells a document; the folder's last state is gone afterwards."""
    here = Story(pathlib.Path("/bin/false"))
    try:
        for step in blocks.steps(text):
            here.run(step)
        here.end()
    finally:
        here.close()


def block(info, code):
    return f"```{info}\n{code}\n```\n"


class Blocks(unittest.TestCase):
    def test_a_block_of_which_nobody_knows_what_it_is_is_refused_with_its_line(self):
        for info in ("", "text", "json", "go", "sh unrun=later", "sh bakground", "json file", "rust"):
            with self.subTest(info), self.assertRaises(blocks.Unclear) as caught:
                blocks.steps("one\n" + block(info, "{}"))
            self.assertIn("line 2", str(caught.exception))

    def test_a_block_without_an_end_is_refused(self):
        with self.assertRaises(blocks.Unclear):
            blocks.steps("```sh\ntrue\n")

    def test_an_indented_block_loses_its_indent(self):
        self.assertEqual(blocks.steps("1. one\n\n   ```sh\n   true\n     x\n   ```\n")[0].code, "true\n  x\n")


class Stories(unittest.TestCase):
    def refused(self, text, why):
        with self.assertRaises(Wrong) as caught:
            tell(text)
        self.assertIn(why, str(caught.exception))

    def test_what_is_right_is_told(self):
        tell(
            block("sh", "a=1; alias say='echo said'")
            + block("sh", "say $a\necho whk_01M84KH9QWVV5AHWT47WEQ14FQ 4801")
            + block("text output", "said 1\nwhk_… 4801")
            + block("sh", "echo whk_...")
            + block("text output", "whk_01M84KH9QWVV5AHWT47WEQ14FQ")
            + block("sh fails=3", "(exit 3)")
            + block("python file=a.py", "print('{\"a\": 1.50, \"b\": [1, 2]}')")
            + block("sh terminal=2", "python3 a.py")
            + block("json output", '{"a": 1.50, …}')
            + block("sh terminal=3 background until=ready", "echo ready; sleep 1000")
            + "<!-- guide: interrupt 3 -->\n"
            + block("sh terminal=3", "echo on")
            + block("text output", "on")
        )

    def test_a_command_that_fails_in_the_middle_fails_its_block(self):
        self.refused(block("sh", "false\ntrue"), "ended with 1")
        self.refused(block("sh fails", "true"), "should with not 0")
        self.refused(block("sh fails=4", "(exit 3)"), "should with 4")
        self.refused(block("sh", "if"), "ended with")

    def test_what_is_printed_is_compared(self):
        self.refused(block("sh", "echo a; echo b") + block("text output", "a"), "another")
        self.refused(block("sh", "echo '{\"a\": 1.5}'") + block("json output", '{"a": 1.50}'), "another")
        self.refused(block("sh", "echo '{\"a\": 1, \"b\": 2}'") + block("json output", '{"a": 1}'), "another")

    def test_what_goes_on_and_ends_without_saying_it_is_noticed(self):
        self.refused(block('sh background until="listening on"', "exit 1"), "did not print")

    def test_what_went_on_and_failed_is_noticed_in_the_end(self):
        went_on = block("sh background", "echo 1; false") + block("json output", "1")
        self.refused(went_on, "line 1 began failed")
        self.refused(went_on + block("sh", "true"), "line 1 began failed")

    def test_a_file_that_nothing_uses_is_noticed(self):
        self.refused(block("python file=a.py", "1"), "nothing uses a.py")
        self.refused(block("toml file=a.toml", "a = b"), "no toml")

    def test_an_id_that_was_never_printed_is_noticed(self):
        self.refused(block("sh", "echo wal_..."), "could be wal_...")

    def test_a_busy_terminal_and_an_unknown_comment_are_refused(self):
        self.refused(block("sh background until=a", "echo a; sleep 1000") + block("sh", "true"), "busy")
        self.refused("<!-- guide: dance -->\n", "knows no such comment")

    def test_what_is_not_run_is_still_checked(self):
        tell(block("sh unrun=elsewhere", "echo {") + block("json unrun=illustration", '{"a": {…}, "b": […], …}'))
        self.refused(block("sh unrun=elsewhere", "if true; then"), "syntax error")
        self.refused(block("json unrun=illustration", "{a}"), "no json")
        self.refused(block("python unrun=illustration", "def"), "no python")


class Links(unittest.TestCase):
    def test_a_link_to_no_file_or_heading_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder, "a.md")
            page.write_text("# One `two`, three\n[a](#one-two-three) [b](#four) [c](b.md) [d](https://x.y)\n")
            self.assertEqual([one.split(":")[0] for one in links.broken(page)], ["#four", "b.md"])


class Schemes(unittest.TestCase):
    def test_a_function_that_accepts_everything_or_nothing_is_noticed(self):
        for body in ("return", "raise ValueError"):
            with self.assertRaises(Wrong):
                schemes.check("python", "standard", f"def verify(secret, headers, body, now, tolerance):\n    {body}\n")

    def test_a_language_that_is_not_installed_is_skipped_and_said_so(self):
        with mock.patch.dict(schemes.TOOL, go="no-such-go"), self.assertRaisesRegex(Skipped, "no no-such-go here"):
            schemes.check("go", "standard", "package webhook\n")

    def test_text_may_have_any_lines_where_a_line_is_left_out(self):
        self.assertTrue(expected.text_is("a\n…\nd\n", "a\nb\nc\nd\n"))
        self.assertTrue(expected.text_is("a\n…\n", "a\n"))
        self.assertFalse(expected.text_is("a\n…\nd\n", "a\nb\n"))
        self.assertFalse(expected.text_is("a…c\n", "a\nc\n"))


if __name__ == "__main__":
    sys.exit(unittest.main())
