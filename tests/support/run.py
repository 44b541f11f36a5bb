"""Runs one test module against the built program and writes what scripts/test counts.

usage: python3 -m tests.support.run cli.test_run
"""
import os
import sys
import unittest


def main():
    name = sys.argv[1]
    suite = unittest.defaultTestLoader.loadTestsFromName("tests." + name)
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    reports = os.path.join(os.environ.get("KILN_BUILD", "build/dev"), "reports")
    os.makedirs(reports, exist_ok=True)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    with open(os.path.join(reports, name + ".count"), "w", encoding="utf-8") as out:
        passed = max(0, result.testsRun - failed - skipped)  # a class that skips has run no test
        out.write(f"{passed} {failed} {skipped}\n")
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
