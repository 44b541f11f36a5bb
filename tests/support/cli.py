"""Running the built program: a test case with a folder of its own, and the shared data."""
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import unittest

KILN = os.path.abspath(os.environ.get("KILN", "build/dev/bin/kiln"))
BUILD = os.path.abspath(os.environ.get("KILN_BUILD", "build/dev"))


class Outcome:
    """What a finished run left: exit status, bytes of stdout, text of stderr."""

    def __init__(self, process):
        self.status = process.returncode
        self.out = process.stdout
        self.err = process.stderr.decode("utf-8", "replace")

    @property
    def text(self):
        return self.out.decode("utf-8")

    @property
    def rows(self):
        """stdout as NDJSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(*arguments, stdin=b"", env=None, cwd=None):
    """Runs kiln to its end. `stdin` is bytes, or an open file."""
    how = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    return Outcome(subprocess.run(
        [KILN, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1", **(env or {})}, cwd=cwd, timeout=600, check=False,
        **how))


def start(*arguments, **how):
    """Starts kiln and returns the process; whoever calls it waits for it."""
    how.setdefault("stdout", subprocess.PIPE)
    how.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen([KILN, *map(str, arguments)], **how)


class CliTest(unittest.TestCase):
    """Has a folder, files to make in it, and run() with the exit status checked."""

    maxDiff = 4000

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kiln_cli_")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        """A file of bytes, of text, of lines (a list: NDJSON) or of one JSON object."""
        if isinstance(content, list):
            content = "".join(
                (line if isinstance(line, str) else json.dumps(line)) + "\n" for line in content)
        elif isinstance(content, dict):
            content = json.dumps(content, indent=1)
        if isinstance(content, str):
            content = content.encode("utf-8")
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def kiln(self, *arguments, status=0, **how):
        outcome = run(*arguments, **how)
        self.assertEqual(outcome.status, status, f"kiln {' '.join(map(str, arguments))}\n"
                         f"stdout: {outcome.out[:2000]!r}\nstderr: {outcome.err[:4000]}")
        return outcome

    def assert_points_at(self, outcome, place):
        """Some diagnostic names this file:line:column, and the JSON path if there is one."""
        places = [line[5:] for line in outcome.err.splitlines() if line.startswith("  at ")]
        self.assertIn(place, places, outcome.err)

    def assert_no_leftovers(self, *expected, folder="."):
        """Nothing but the expected files is in the folder: no partial output."""
        self.assertEqual(sorted(os.listdir(self.path(folder))), sorted(expected))


def view(*columns, resource="Patient", name="sample", **more):
    """A view over columns given as "name=path"."""
    pairs = [column.split("=", 1) for column in columns]
    return {"resourceType": "ViewDefinition", "status": "active", "name": name,
            "resource": resource,
            "select": [{"column": [{"name": n, "path": p} for n, p in pairs]}], **more}


def patients(count, **more):
    return [{"resourceType": "Patient", "id": f"p{i}", **more} for i in range(count)]


def shared_folder():
    """The folder of suites and data that is not part of the project; skips without it."""
    folder = os.path.abspath(os.environ.get("KILN_SHARED", "../shared"))
    if not os.path.isdir(os.path.join(folder, "suites")):
        raise unittest.SkipTest("no shared folder: put it at ../shared or name it in KILN_SHARED")
    return folder


def data_set(name):
    """The folder of an unpacked data set; unpacked once for a build folder."""
    archive = os.path.join(shared_folder(), "data", name + ".tar.zst")
    if not os.path.exists(archive):
        raise unittest.SkipTest("no data set " + name)
    folder = os.path.join(BUILD, "data")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = os.path.join(folder, name)
        if not os.path.isdir(done):
            with tempfile.TemporaryDirectory(dir=folder) as part:
                subprocess.run(["tar", "--zstd", "-xf", archive, "-C", part], check=True)
                os.rename(os.path.join(part, os.listdir(part)[0]), done)
        return done


def known_failures(suite):
    """Case name → reason, from the list that the library's conformance tests use, too."""
    with open("tests/conformance/expectations.json", encoding="utf-8") as file:
        return json.load(file)[suite]
