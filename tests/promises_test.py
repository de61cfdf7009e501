#!/usr/bin/env python3
"""Keeps docs/repositories.md and docs/archives.md true: each of their paragraphs and list items names
the tests that keep what it promises, in a comment that readers of the page do not see, or says that it promises nothing:

    <!-- tests: tests/undo.rs::a_rollback_brings_back_what_changes_took, remove/y -->
    <!-- no promise -->

A test is `path::function`, or a case of tests/differential. `::function` is in the file before it.
"""

import re
import unittest

from named_tests import ROOT, cases, fault

PAGE = ROOT / "docs" / "repositories.md"
PAGES = [PAGE, ROOT / "docs" / "archives.md"]
COMMENT = re.compile(r"<!--\s*(tests:(?P<tests>.*?)|no promise)\s*-->", re.DOTALL)
ITEM = re.compile(r"^(?:- |\d+\. )", re.MULTILINE)


def blocks(text):
    """The paragraphs and list items of a page, each with the comments in it."""
    for part in re.split(r"\n(?:[ \t]*\n)+", text):
        part = part.strip("\n")
        lines = part.splitlines()
        code = all(line.startswith("    ") for line in lines)
        if part.startswith("#") or (code and not part.lstrip().startswith("<!--")):
            continue
        starts = [match.start() for match in ITEM.finditer(part)] or [0]
        if starts[0] > 0:
            starts.insert(0, 0)
        for start, end in zip(starts, starts[1:] + [len(part)]):
            yield part[start:end].strip()


def names(comments):
    """The names of tests in comments; each with its path."""
    path = ""
    for name in (name.strip() for tests in comments for name in tests.split(",")):
        if name.startswith("::"):
            name = path + name
        path = name.partition("::")[0]
        yield name


def faults(text):
    """What is wrong with a page."""
    wrong = []
    known = cases()
    for block in blocks(text):
        start = " ".join(COMMENT.sub("", block).split())[:60]
        comments = [match["tests"] for match in COMMENT.finditer(block)]
        if not comments:
            wrong.append(f"{start!r} names no test")
        elif None in comments and len(comments) > 1:
            wrong.append(f"{start!r} names tests, and promises nothing")
        elif not start:
            wrong.append(f"{block!r} stands alone")
        elif not COMMENT.sub("\0", block).endswith("\0"):
            wrong.append(f"{start!r} goes on after its tests")
        problems = (fault(name, known) for name in names(tests for tests in comments if tests))
        wrong += [f"{start!r}: {problem}" for problem in problems if problem]
    return wrong


class Promises(unittest.TestCase):
    def test_every_promise_has_its_tests(self):
        for page in PAGES:
            with self.subTest(page.name):
                self.assertEqual([], faults(page.read_text()))

    def test_most_of_the_page_is_promises(self):
        found = list(blocks(PAGE.read_text()))
        self.assertGreater(len(found), 80)
        self.assertLess(sum("<!-- no promise -->" in block for block in found), len(found) / 4)

    def test_the_checker_finds_what_is_missing(self):
        test = "tests/promises_test.py::test_every_promise_has_its_tests"
        good = f"# A\n\nOne\nmore.\n<!-- tests: {test},\n::test_the_checker_finds_what_is_missing, remove/y -->\n\n    code\n\n- x\n  <!-- no promise -->\n- y\n  <!-- tests: {test} -->\n"
        self.assertEqual([], faults(good))
        for old, new, expected in (
            ("  <!-- no promise -->\n", "", "'- x' names no test"),
            ("One\nmore.", "One\n\nmore.", "'One' names no test"),
            ("remove/y", "remove/no-such", "'One more.': there is no case remove/no-such"),
            ("::test_the", "::test_gone", "'One more.': there is no test tests/promises_test.py::test_gone_checker_finds_what_is_missing"),
            ("tests/promises_test", "tests/gone", "'One more.': there is no file tests/gone.py"),
            ("    code", "Code <!-- no promise --> more", "'Code more' goes on after its tests"),
            ("- y\n", "- y\n  <!-- no promise -->\n", "'- y' names tests, and promises nothing"),
        ):
            self.assertIn(old, good)
            self.assertIn(expected, faults(good.replace(old, new, 1)))


if __name__ == "__main__":
    unittest.main()
