"""kiln completion: each shell completes commands and options with its script."""
import os
import pty
import re
import select
import shutil
import subprocess
import time
import unittest

from tests.support.cli import KILN, CliTest

DEADLINE = 30


def needs(shell):
    return unittest.skipUnless(shutil.which(shell), f"no {shell} (scripts/setup --checks)")


class CompletionTest(CliTest):
    def script(self, shell, name="script"):
        return self.write(name, self.kiln("completion", shell).out)

    def test_issue_bash(self):
        script = self.script("bash")
        for words, wanted in (("kiln ru", ["run"]), ("kiln run --thr", ["--threads"]),
                              ("kiln serve --s3-pr", ["--s3-presign"])):
            line = (f"source {script}; COMP_WORDS=({words}); COMP_CWORD={words.count(' ')}; _kiln; "
                    'printf "%s\\n" "${COMPREPLY[@]}"')
            found = subprocess.run(["bash", "-c", line], check=True, capture_output=True, text=True)
            self.assertEqual((found.stdout.split(), found.stderr), (wanted, ""))

    @needs("fish")
    def test_issue_fish(self):
        script = self.script("fish")
        for words, wanted in (("kiln ru", "run\tEvaluate one"), ("kiln run --thr", "--threads\tWorker"),
                              ("kiln serve --s3-pr", "--s3-presign\tS3: ")):
            found = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{words}'"],
                                   check=True, capture_output=True, text=True)
            self.assertEqual(found.stderr, "")
            self.assertTrue(found.stdout.startswith(wanted), found.stdout)

    @needs("zsh")
    def test_issue_zsh_loads_it_by_its_name(self):
        """As installed: a function in a folder, which only a terminal's shell completes with."""
        self.script("zsh", "functions/_kiln")
        self.assertIn("zsh-done --threads", self.zsh(
            f"fpath=({self.path('functions')} $fpath)\nautoload -U compinit; compinit -u -D\n"))

    @needs("zsh")
    def test_issue_zsh_sources_it(self):
        self.assertIn("zsh-done --threads", self.zsh(
            f"autoload -U compinit; compinit -u -D\nsource <({KILN} completion zsh)\n"))

    def zsh(self, setup):
        """What a terminal shows when an option is completed; the line then prints its last word."""
        process, terminal = pty.fork()
        if process == 0:
            os.environ["TERM"] = "dumb"
            os.environ["PATH"] = self.path("bin") + ":" + os.environ["PATH"]
            os.execvp("zsh", ["zsh", "-f", "-i"])
        self.addCleanup(os.waitpid, process, 0)
        self.addCleanup(os.close, terminal)
        self.write("bin/kiln", '#!/bin/sh\necho "zsh-done $2"\n')
        os.chmod(self.path("bin/kiln"), 0o755)
        os.write(terminal, (setup + "kiln run --thr\t\n").encode())
        seen = b""
        limit = time.monotonic() + DEADLINE
        while not re.search(rb"zsh-done .*\n", seen) and time.monotonic() < limit:
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 4096)
        return seen.decode(errors="replace")


if __name__ == "__main__":
    unittest.main()
