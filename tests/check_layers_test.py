#!/usr/bin/env python3
"""Tests of check-layers.py: it lets the map pass, and names what breaks it."""

import importlib.util
import pathlib
import unittest

PATH = pathlib.Path(__file__).with_name("check-layers.py")
SPEC = importlib.util.spec_from_file_location("check_layers", PATH)
check_layers = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_layers)


def workspace(*edges):
    """Metadata of a workspace with these (user, used, kind) edges."""
    packages = {}
    for user, used, kind in edges:
        packages.setdefault(user, [])
        packages.setdefault(used, [])
        packages[user].append({"name": used, "kind": kind})
    return {
        "packages": [
            {"name": name, "dependencies": dependencies}
            for name, dependencies in packages.items()
        ]
    }


class Layers(unittest.TestCase):
    def check(self, *edges):
        return check_layers.findings(workspace(*edges))

    def test_arrows_down_pass(self):
        self.assertEqual(
            [],
            self.check(
                ("repository", "store", None),
                ("store", "location", None),
                ("bob-build", "tool", None),
                ("manifest", "test-kit", "dev"),
                ("repo-sync", "test-kit", "dev"),
            ),
        )

    def test_an_arrow_up_is_named(self):
        self.assertEqual(
            ["store -> repository: arrows point down the map only"],
            self.check(("store", "repository", None)),
        )

    def test_nothing_uses_a_tool(self):
        for kind in (None, "dev", "build"):
            self.assertEqual(
                ["repo-sync -> repo-mkrepo: nothing depends on a tool"],
                self.check(("repo-sync", "repo-mkrepo", kind)),
            )

    def test_what_stands_alone_stays_alone(self):
        self.assertEqual(
            ["archive -> scratch: archive stands alone"],
            self.check(("archive", "scratch", None)),
        )

    def test_a_leaf_is_for_all_and_uses_nothing(self):
        self.assertEqual(
            ["parallel -> checksum: parallel stands alone"],
            self.check(
                ("archive", "parallel", None),
                ("store", "parallel", None),
                ("parallel", "checksum", None),
            ),
        )

    def test_less_than_everything_above(self):
        self.assertEqual(
            ["store -> manifest: store uses checksum, http-client, location, scratch only"],
            self.check(("store", "manifest", None)),
        )

    def test_the_test_kit_is_never_shipped(self):
        self.assertEqual(
            ["store -> test-kit: it is for tests only: make it a dev-dependency"],
            self.check(("store", "test-kit", None)),
        )

    def test_a_crate_that_is_not_on_the_map_is_named(self):
        found = self.check(("surprise", "store", None))
        self.assertEqual(1, len(found))
        self.assertTrue(found[0].startswith("surprise: not on the map"), found)


if __name__ == "__main__":
    unittest.main()
