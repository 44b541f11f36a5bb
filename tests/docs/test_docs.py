"""What the documentation shows is what happens: commands, their output, links."""
import glob
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KILN = pathlib.Path(os.environ["KILN"]).resolve()
FENCE = re.compile(r"^```(\w*)(?: \S+)?\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def documents():
    names = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True,
                           text=True).stdout.split()
    return [ROOT / name for name in names if (ROOT / name).exists()]


def blocks(path, language):
    return [text for kind, text in FENCE.findall(path.read_text(encoding="utf-8"))
            if kind == language]


def commands_of(block):
    """[(command, expected output)] of a console block."""
    found = []
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        found.append((command, output))
    return found


def environment():
    """The caller's, with the built program found as `kiln`."""
    path = f"{KILN.parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"}


class ConsoleTest(unittest.TestCase):
    def test_readme_commands_print_what_it_shows(self):
        ran = 0
        for block in blocks(ROOT / "README.md", "console"):
            if "$job" in block or "curl" in block:
                continue  # see LifeOfAnExportTest
            for command, expected in commands_of(block):
                with self.subTest(command=command):
                    result = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment(),
                                            capture_output=True, text=True, timeout=60)
                    self.assertEqual(result.stderr, "")
                    self.assertEqual(result.stdout, expected)
                    ran += 1
        self.assertGreaterEqual(ran, 3)

    def test_readme_installed_commands_work(self):
        """What stands below the installation; scripts/check_packages does that as well."""
        version = subprocess.run([KILN, "--version"], check=True, capture_output=True,
                                 text=True).stdout.split()[1]
        installs = [block for block in blocks(ROOT / "README.md", "sh") if "apt install" in block]
        self.assertEqual(len(installs), 2)
        for block in installs:
            self.assertEqual(set(re.findall(r"kiln[_-](\d[\d.]+\d)", block)), {version})
            commands = "\n".join(line for line in block.splitlines() if line.startswith("kiln "))
            folder = pathlib.Path(tempfile.mkdtemp())
            self.addCleanup(shutil.rmtree, folder)
            result = subprocess.run(["bash", "-euc", commands], cwd=folder, env=environment(),
                                    capture_output=True, text=True, timeout=60)
            self.assertEqual(result.returncode, 0, result.stderr)
            if " run " in commands:
                lines = result.stdout.splitlines()
                self.assertEqual(len(lines), 6, result.stdout)
                self.assertEqual({line.split('"')[3] for line in lines[4:]}, {"male", "female"})

    def test_readme_the_query_of_the_quickstart(self):
        """.ci/run runs the whole script."""
        block = next(text for text in blocks(ROOT / "README.md", "") if "== SQL" in text)
        command, _, rows = re.search(r"== SQL[^:]*: ((.*)\n((?:.+\n)+))", block)[1].partition("\n")
        script = (ROOT / "scripts" / "quickstart").read_text(encoding="utf-8")
        self.assertIn(re.search(r"-e ('.*?')", command)[1], script)
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        sample = re.search(r"-d (.*)/data", command)[1]
        result = subprocess.run(["bash", "-euc", f"kiln sample {sample} 2>/dev/null; {command}"],
                                cwd=folder, env=environment(), capture_output=True, text=True,
                                timeout=60)
        self.assertEqual((result.stdout, result.stderr), (rows, ""))

    def test_readme_http_commands_work(self):
        script = next(block for block in blocks(ROOT / "README.md", "sh") if "kiln serve" in block)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        started = script.replace("8080", str(port)).replace(
            "demo/queries &", f"demo/queries --port {port} > address &\n"
            "trap 'kill $!; wait' EXIT\n"
            "until grep -q listening address 2>/dev/null; do kill -0 $!; done\n")
        result = subprocess.run(["bash", "-euc", started], cwd=folder, env=environment(),
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("id,mrn,gender,birth_date", result.stdout)
        self.assertIn("HTTP/1.1 202", result.stdout)
        self.assertIn("condition,patients,women,men", result.stdout)


class GuideTest(unittest.TestCase):
    """The pages of docs/guide: a block whose language has a name behind it is a file of that name,
    and each command of a console block prints, on a terminal's two streams, what it shows."""

    STEP = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)

    def steps_work(self, page):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        ran = files = 0
        for language, name, text in self.STEP.findall(page.read_text(encoding="utf-8")):
            if name:
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
                files += 1
            for command, expected in commands_of(text) if language == "console" else ():
                result = subprocess.run(["bash", "-c", command], cwd=folder, env=environment(),
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        timeout=60)
                self.assertEqual(result.stdout, expected, f"{page.name}: {command}")
                ran += 1
        return files, ran, folder

    def test_guide_from_fhir_to_a_cohort(self):
        files, ran, folder = self.steps_work(
            ROOT / "docs" / "guide" / "from_fhir_to_a_cohort.md")
        self.assertGreaterEqual(files, 8)
        self.assertGreaterEqual(ran, 15)
        text = (folder / "cohort.parquet").read_bytes()
        self.assertEqual((text[:4], text[-4:]), (b"PAR1", b"PAR1"))

    def test_guide_every_page_has_a_test(self):
        pages = sorted(path.name for path in (ROOT / "docs" / "guide").glob("*.md"))
        self.assertEqual(pages, ["from_fhir_to_a_cohort.md"])


class LifeOfAnExportTest(unittest.TestCase):
    """The README's job from kick-off to expiry: one shell session against a server."""

    def exported(self):
        """Files of jobs. What goes while it is looked at is not there."""
        return glob.glob(str(self.folder / "kiln-state" / "exports" / "*/*/*/*"))

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        subprocess.run([KILN, "sample", "demo", "--patients", "100"], cwd=self.folder, check=True,
                       capture_output=True)
        server = subprocess.Popen(
            [KILN, "serve", "-d", "demo/data", "--views", "demo/views", "--port", "0",
             "--export-output-ttl", "10", "--export-cleanup-interval", "1"],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.base = server.stdout.readline().split()[-1]

    def test_readme_the_life_of_an_export(self):
        commands = [pair for block in blocks(ROOT / "README.md", "console") if "curl" in block
                    for pair in commands_of(block)]
        shown_id = re.search("/export/([0-9a-f]{32})", commands[0][1])[1]
        job_id = shown_id
        variables = ""
        for command, expected in commands:
            command, expected = (text.replace("http://127.0.0.1:8080", self.base)
                                 .replace(shown_id, job_id) for text in (command, expected))
            if command.startswith("job="):
                variables = command + "\n"
                continue
            result = subprocess.run(["bash", "-c", variables + command], cwd=self.folder,
                                    env=environment(), capture_output=True, text=True, timeout=60)
            printed = result.stdout.replace("\r", "")
            if "202 Accepted" in expected:
                job_id = re.search("/export/([0-9a-f]{32})", printed)[1]
                expected = expected.replace(shown_id, job_id)
            self.assertEqual(printed, expected, command)
        exports = self.exported()
        limit = time.monotonic() + 30
        while exports and time.monotonic() < limit:
            exports = self.exported()
        self.assertEqual(exports, [], "the files stay")
        self.assertGreaterEqual(len(commands), 8)


class LinkTest(unittest.TestCase):
    def test_links_inside_the_tree_lead_somewhere(self):
        broken = []
        for path in documents():
            for target in LINK.findall(path.read_text(encoding="utf-8")):
                if "://" not in target and not (path.parent / target).exists():
                    broken.append(f"{path.relative_to(ROOT)}: {target}")
        self.assertEqual(broken, [])

    def test_scripts_that_the_documents_name_exist(self):
        missing = {f"{path.name}: {name}" for path in documents()
                   for name in re.findall(r"`(scripts/\w+|\.ci/run)", path.read_text(encoding="utf-8"))
                   if not os.access(ROOT / name, os.X_OK)}
        self.assertEqual(missing, set())

    def test_tests_that_the_conformance_table_names_exist(self):
        text = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
        named = re.findall(r"`(test_\w+)\.(test_\w+)`", text)
        self.assertGreater(len(named), 50)
        modules = {}  # some folders have modules of the same name
        for path in ROOT.glob("tests/*/test_*.py"):
            modules[path.stem] = modules.get(path.stem, "") + path.read_text(encoding="utf-8")
        missing = [f"{module}.{name}" for module, name in named
                   if f"def {name}(" not in modules.get(module, "")]
        self.assertEqual(missing, [])
        units = re.findall(r"`([A-Z]\w+Test)\.(\w+)`", text)
        self.assertGreater(len(units), 20)
        code = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("src/**/*_test.cc"))
        self.assertEqual([f"{suite}.{name}" for suite, name in units
                          if not re.search(rf"TEST\w*\({suite},\s+{name}\)", code)], [])
        files = re.findall(r"`(tests/[\w/.]+)`", text)
        self.assertEqual([name for name in files if not (ROOT / name).exists()], [])


if __name__ == "__main__":
    unittest.main()
