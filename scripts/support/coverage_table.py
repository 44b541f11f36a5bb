"""Prints the line coverage of each library from the gcov data below a build folder.

usage: coverage_table.py BUILD_FOLDER
"""
import collections
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def lines_of(data_files):
    """{source file: {line number: was it run}} of gcov's JSON output."""
    found = collections.defaultdict(dict)
    with tempfile.TemporaryDirectory() as work:
        for start in range(0, len(data_files), 50):
            subprocess.run(["gcov", "--json-format", *map(str, data_files[start:start + 50])],
                           cwd=work, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            for report in pathlib.Path(work).glob("*.gcov.json.gz"):
                for file in json.loads(gzip.decompress(report.read_bytes()))["files"]:
                    lines = found[file["file"]]
                    for line in file["lines"]:
                        number = line["line_number"]
                        lines[number] = lines.get(number, False) or line["count"] > 0
                report.unlink()
    return found


def main():
    totals = collections.defaultdict(lambda: [0, 0])
    for name, lines in lines_of(sorted(pathlib.Path(sys.argv[1]).resolve().rglob("*.gcda"))).items():
        path = pathlib.Path(name)
        if not path.is_relative_to(ROOT / "src") or path.name.endswith("_test.cc"):
            continue
        total = totals[path.relative_to(ROOT / "src").parts[0]]
        total[0] += sum(lines.values())
        total[1] += len(lines)
    for library, (run, lines) in sorted(totals.items()):
        print(f"{library:10} {100 * run / lines:5.1f} %  {run} of {lines} lines")


if __name__ == "__main__":
    main()
