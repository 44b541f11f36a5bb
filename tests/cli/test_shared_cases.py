"""The cases of the shared folder: each has a `cmd` (bash, the program in $KILN) and what to `expect`."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from tests.support.cli import KILN, shared_folder
from tests.support.services import Unavailable, duckdb_python

DEADLINE = 120  # seconds that a case may take


def cases_folder():
    folder = os.path.join(shared_folder(), "cases")
    if not os.path.isdir(folder):
        raise unittest.SkipTest("no folder of cases: " + folder)
    return folder


def problems_of(folder, environment):
    """What differs from the case's `expect`; the case may write beside its input."""
    with open(os.path.join(folder, "expect"), newline="", encoding="utf-8") as file:
        text = file.read()
    want = re.match(r"(?:stdout:\n(.*?)\n)?exit status: ([^\n]*)", text, re.S)
    done = subprocess.run(["bash", os.path.join(folder, "cmd")], capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=DEADLINE, env=environment, check=False)
    out = done.stdout.decode("utf-8", "surrogateescape")
    err = done.stderr.decode("utf-8", "replace")
    problems = []
    if want.group(1) is not None and out.rstrip("\n") != want.group(1).rstrip("\n"):
        problems.append(f"stdout is {out[:1000]!r}")
    status = want.group(2).strip()
    if done.returncode == 0 if status in ("failed", "not 0") else done.returncode != int(status):
        problems.append(f"exit status {done.returncode}, not {status}")
    pattern = re.search(r"^stderr matches: (.*)$", text, re.M)
    if pattern and not re.search(pattern.group(1), err):
        problems.append("stderr does not match")
    return problems and problems + [f"stderr: {err[-1000:]!r}"]


class SharedCases(unittest.TestCase):
    def environment(self, folder):
        """Cases that read Parquet need a Python with DuckDB."""
        environment = {**os.environ, "KILN": KILN}
        with open(os.path.join(folder, "cmd"), encoding="utf-8") as file:
            if "import duckdb" in file.read() and "PYTHON" not in environment:
                environment["PYTHON"] = duckdb_python()
        return environment

    def check(self, source):
        name = os.path.basename(source)
        with tempfile.TemporaryDirectory(prefix="kiln_case_") as scratch:
            folder = shutil.copytree(source, os.path.join(scratch, name))
            subprocess.run(["chmod", "-R", "u+w", folder], check=True)
            problems = problems_of(folder, self.environment(folder))
        self.assertEqual(problems, [])


def add_cases():
    """A test for each case, so that each is counted and skipped by itself."""
    try:
        folder = cases_folder()
    except unittest.SkipTest as skip:
        reason = str(skip)
        setattr(SharedCases, "test_cases", unittest.skip(reason)(lambda self: None))
        return
    for name in sorted(os.listdir(folder)):
        source = os.path.join(folder, name)
        if not os.path.exists(os.path.join(source, "cmd")):
            continue

        def test(self, source=source):
            try:
                self.check(source)
            except Unavailable as error:
                self.skipTest(str(error))
        setattr(SharedCases, "test_" + re.sub(r"\W", "_", name), test)


add_cases()

if __name__ == "__main__":
    unittest.main()
