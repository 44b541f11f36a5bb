"""cmake --install: what it lays where, that it tells all, and that it can be moved."""
import gzip
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from tests.support.cli import BUILD, CliTest, patients, view

COMMANDS = ["run", "export", "check", "schema", "fhirpath", "sample", "serve", "completion",
            "sql"]


class InstallTest(CliTest):
    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="kiln_install_")
        cls.addClassCleanup(shutil.rmtree, cls.top)
        first = os.path.join(cls.top, "built for")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", first], check=True, capture_output=True)
        cls.prefix = os.path.join(cls.top, "moved to")
        os.rename(first, cls.prefix)
        cls.library, = [os.path.join(folder, "libduckdb.so")
                        for folder, _, names in os.walk(cls.prefix) if "libduckdb.so" in names]

    def installed(self, *path):
        return os.path.join(self.prefix, *path)

    def manual(self, page):
        with gzip.open(self.installed("share", "man", "man1", page + ".1.gz"), "rt", encoding="utf-8") as file:
            return file.read()

    def test_issue_files_are_where_debian_expects_them(self):
        for path in ("bin/kiln", "share/bash-completion/completions/kiln",
                     "share/zsh/vendor-completions/_kiln", "share/fish/vendor_completions.d/kiln.fish",
                     "lib/systemd/system/kiln.service", "share/doc/kiln/README.md",
                     "share/doc/kiln/LICENSE", "share/doc/kiln/copyright",
                     "share/doc/kiln/examples/patients.ndjson"):
            self.assertTrue(os.path.isfile(self.installed(path)), path)
        self.assertEqual(os.path.basename(os.path.dirname(self.library)), "kiln")
        for shell, path in (("bash", "bash-completion/completions/kiln"), ("zsh", "zsh/vendor-completions/_kiln"),
                            ("fish", "fish/vendor_completions.d/kiln.fish")):
            with open(self.installed("share", path), "rb") as file:
                self.assertEqual(file.read(), self.kiln("completion", shell).out)

    def test_issue_a_moved_prefix_writes_parquet(self):
        environment = {k: v for k, v in os.environ.items()
                       if k not in ("KILN_DUCKDB_LIBRARY", "LD_LIBRARY_PATH")}
        command = [self.installed("bin", "kiln"), "run", self.write("view.json", view("id=id")), "-d",
                   self.write("p.ndjson", patients(3)), "-o", self.path("p.parquet")]
        subprocess.run(command, check=True, env=environment, capture_output=True)
        self.assertEqual(self.read("p.parquet")[:4], b"PAR1")
        os.rename(self.library, self.library + ".away")
        self.addCleanup(os.rename, self.library + ".away", self.library)
        failed = subprocess.run(command, env=environment, capture_output=True, check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn(b"libduckdb.so is needed", failed.stderr)

    def test_issue_each_command_has_a_page_with_each_option(self):
        pages = sorted(os.listdir(self.installed("share", "man", "man1")))
        self.assertEqual(pages, sorted(["kiln.1.gz", *(f"kiln-{name}.1.gz" for name in COMMANDS)]))
        for command in COMMANDS:
            page = self.manual("kiln-" + command).replace("\\-", "-")
            told = self.kiln(command, "--help").text
            options = re.findall(r"--[a-z0-9-]+", "\n".join(re.findall(r"^  -.*", told, re.M)))
            self.assertGreater(len(options), 0)
            for option in options:
                self.assertIn(f"\\fB{option}\\fR", page, command)
            self.assertIn(".BR kiln (1)", page)

    def test_issue_pages_are_well_formed(self):
        linter = shutil.which("mandoc")
        if not linter:
            self.skipTest("no mandoc (scripts/setup --checks)")
        for page in os.listdir(self.installed("share", "man", "man1")):
            text = self.manual(page.removesuffix(".1.gz"))
            lint = subprocess.run([linter, "-T", "lint", "-W", "warning"], input=text,
                                  capture_output=True, text=True, check=False)
            self.assertEqual((lint.returncode, lint.stdout), (0, ""), page)


if __name__ == "__main__":
    unittest.main()
