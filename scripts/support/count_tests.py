"""Adds up what the tests of a build reported, and prints it as one line.

usage: count_tests.py REPORTS_FOLDER...

GoogleTest programs leave an XML report each, the Python modules a `.count` file of three numbers. A
test program that crashed leaves a report that cannot be read, or none: ctest has said so already,
and an unreadable report counts as one failure. Exit status 1 if anything failed or nothing ran.
"""
import pathlib
import sys
import xml.etree.ElementTree as xml


def count(report):
    """(passed, failed, skipped) of one report file."""
    if report.suffix == ".count":
        passed, failed, skipped = map(int, report.read_text(encoding="utf-8").split())
        return passed, failed, skipped
    try:
        cases = list(xml.parse(report).getroot().iter("testcase"))
    except xml.ParseError:
        return 0, 1, 0
    failed = sum(1 for case in cases if case.find("failure") is not None)
    skipped = sum(1 for case in cases if case.get("result") in ("skipped", "suppressed"))
    return len(cases) - failed - skipped, failed, skipped


def main():
    reports = [path for folder in sys.argv[1:] for path in sorted(pathlib.Path(folder).glob("*"))
               if path.suffix in (".xml", ".count")]
    passed, failed, skipped = (sum(column) for column in zip(*map(count, reports))) if reports \
        else (0, 0, 0)
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
