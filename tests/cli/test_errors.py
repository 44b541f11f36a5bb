"""What goes wrong: exit status, places, and that no partial output is left."""
import gzip
import os
import signal
import subprocess
import unittest

from tests.support.cli import KILN, CliTest, patients, run, start, view

USAGE = [
    [],
    ["bogus"],
    ["--bogus"],
    ["run"],
    ["run", "VIEW"],
    ["run", "VIEW", "-d"],
    ["run", "VIEW", "-d", "DATA", "--bogus"],
    ["run", "VIEW", "-d", "DATA", "-f", "xml"],
    ["run", "VIEW", "-d", "DATA", "--limit", "many"],
    ["run", "VIEW", "-d", "DATA", "--limit", "-1"],
    ["run", "VIEW", "-d", "DATA", "--threads", "0"],
    ["run", "VIEW", "-d", "DATA", "--threads", "-2"],
    ["run", "VIEW", "-d", "DATA", "--on-error", "ignore"],
    ["run", "VIEW", "-d", "DATA", "--validate", "some"],
    ["run", "VIEW", "-d", "DATA", "--progress", "maybe"],
    ["run", "VIEW", "-d", "DATA", "--max-line-size", "3Q"],
    ["run", "VIEW", "-d", "DATA", "--memory-limit", "3Q"],
    ["run", "VIEW", "-d", "DATA", "--memory-limit", "0"],
    ["run", "VIEW", "-d", "DATA", "--fhir-version", "STU3"],
    ["run", "VIEW", "-d", "DATA", "-f", "parquet"],
    ["run", "VIEW", "-d", "DATA", "-o", "OUT.csv.gz"],
    ["run", "-", "-d", "-"],
    ["run", "VIEW", "-d", "-", "-d", "-"],
    ["run", "VIEW", "-d", "-", "-d", "/dev/stdin"],
    ["export", "VIEW", "-d", "DATA"],
    ["export", "-", "-", "-d", "DATA", "-o", "OUT"],
    ["export", "-", "-d", "-", "-o", "OUT"],
    ["fhirpath", "id", "-", "-"],
    ["export", "-d", "DATA", "-o", "OUT"],
    ["check"],
    ["fhirpath"],
    ["schema", "VIEW", "--format", "xml"],
]


class Usage(CliTest):
    def test_a_wrong_command_line_is_status_2_and_says_why(self):
        names = {"VIEW": self.write("view.json", view("id=id")),
                 "DATA": self.write("p.ndjson", patients(1)),
                 "OUT": self.path("out"), "OUT.csv.gz": self.path("out.csv.gz")}
        for arguments in USAGE:
            with self.subTest(arguments):
                outcome = self.kiln(*(names.get(a, a) for a in arguments), status=2)
                self.assertEqual(outcome.out, b"")
                self.assertTrue(outcome.err.startswith("error: "), outcome.err)
        self.assert_no_leftovers("view.json", "p.ndjson")


class MemoryLimit(CliTest):
    """An evaluation that doubles its collection until it is refused."""

    HOSTILE = ("(" + " | ".join(map(str, range(1, 31))) +
               ").aggregate(iif($total.empty(), 1, $total.combine($total))).count()")

    def test_an_evaluation_that_needs_more_fails_with_the_limits_name(self):
        view_path = self.write("view.json", view("n=" + self.HOSTILE))
        data = self.write("p.ndjson", patients(2))
        out = self.path("out.csv")
        for threads in ("1", "4"):
            outcome = self.kiln("run", view_path, "-d", data, "-o", out, "--threads", threads,
                                "--memory-limit", "8MiB", status=1)
            self.assertIn("--memory-limit", outcome.err)
            self.assertIn("p.ndjson:1:1", outcome.err)
        outcome = self.kiln("fhirpath", self.HOSTILE, status=1,
                            env={"KILN_MEMORY_LIMIT": "8MiB"})
        self.assertIn("--memory-limit", outcome.err)
        self.assert_no_leftovers("view.json", "p.ndjson")

    def test_little_memory_is_enough_for_little_work(self):
        view_path = self.write("view.json", view("id=id"))
        data = self.write("p.ndjson", patients(3))
        outcome = self.kiln("run", view_path, "-d", data, "-f", "ndjson", "--threads", "1",
                            "--memory-limit", "8MiB")
        self.assertEqual(len(outcome.rows), 3)

    def test_parquet_is_written_from_a_limit_on(self):
        """Half of it is DuckDB's. One step below a run fails, says why and leaves nothing."""
        view_path = self.write("view.json", view("id=id"))
        data = self.write("p.ndjson", patients(3))
        out = self.path("out.parquet")

        def works(limit):
            outcome = run("run", view_path, "-d", data, "-o", out, "--threads", "1",
                          "--memory-limit", f"{limit}KiB")
            if outcome.status == 0:
                os.unlink(out)
                return True
            self.assertEqual(outcome.status, 1)
            self.assertIn("--memory-limit", outcome.err)
            self.assert_no_leftovers("view.json", "p.ndjson")
            return False

        too_little, enough = 1, 64 << 10
        self.assertTrue(works(enough))
        while enough - too_little > 1:
            middle = (too_little + enough) // 2
            too_little, enough = (too_little, middle) if works(middle) else (middle, enough)
        self.assertLess(enough, 16 << 10)
        for limit, expected in ((enough - 1, False), (enough, True), (enough + 1, True)):
            self.assertEqual(works(limit), expected, limit)


class BadInput(CliTest):
    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", view("id=id", "family=name.family.first()"))

    def assert_fails(self, data, place, *arguments):
        """Fails at the place, on one thread and on several, to a file and to stdout."""
        before = set(os.listdir(self.folder))
        for threads in (1, 4):
            outcome = self.kiln("run", self.view, "-d", data, "-o", self.path("out.csv"),
                                "--threads", threads, *arguments, status=1)
            self.assert_points_at(outcome, place)
        self.kiln("run", self.view, "-d", data, *arguments, status=1)
        self.assert_no_leftovers(*before)
        return outcome

    def test_a_bad_line_has_file_line_and_column(self):
        for line, column in (("nonsense", 1), ('{"resourceType":"Patient","id":}', 32),
                             ('{"resourceType":"Patient","id":"a"', 35), ("[]", 1),
                             ('{"id":"a"}', 1), ('{"resourceType":"Patient"} x', 28),
                             ('{"resourceType":"Patient","id":"\\x"}', 33)):
            with self.subTest(line):
                data = self.write("p.ndjson", patients(3) + [line] + patients(3))
                self.assert_fails(data, f"{data}:4:{column}")

    def test_a_bad_line_far_into_a_big_file(self):
        data = self.write("p.ndjson", patients(60000) + ["?"] + patients(60000) + ["!"])
        self.assertGreater(os.path.getsize(data), 4 << 20)
        self.assert_fails(data, f"{data}:60001:1")

    def test_a_bad_line_in_the_second_file(self):
        self.write("d/a.ndjson", patients(2))
        bad = self.write("d/b.ndjson", ["{"])
        self.assert_fails(self.path("d"), f"{bad}:1:2")

    def test_a_bad_line_of_a_compressed_file(self):
        lines = b"".join(b'{"resourceType":"Patient","id":"%d"}\n' % i for i in range(90000))
        data = self.write("p.ndjson.gz", gzip.compress(lines + b"oops\n", 1))
        self.assert_fails(data, f"{data}:90001:1")

    def test_truncated_gzip(self):
        lines = b"".join(b'{"resourceType":"Patient","id":"%d"}\n' % i for i in range(2000))
        whole = gzip.compress(lines)
        for kept in (len(whole) - 1, len(whole) // 2, 12, 5):
            with self.subTest(kept):
                data = self.write("p.ndjson.gz", whole[:kept])
                outcome = self.kiln("run", self.view, "-d", data, "-o", self.path("o"), status=1)
                self.assertIn("p.ndjson.gz", outcome.err)
        self.assert_no_leftovers("view.json", "p.ndjson.gz")

    def test_damaged_gzip_and_what_is_none(self):
        whole = bytearray(gzip.compress(b"x" * 5000 + bytes(range(256)) * 20))
        whole[len(whole) // 2] ^= 0xff
        for content in (bytes(whole), b"plain text, not gzip\n"):
            data = self.write("p.ndjson.gz", content)
            outcome = self.kiln("run", self.view, "-d", data, status=1)
            self.assertIn("p.ndjson.gz", outcome.err)

    def test_damaged_zstd(self):
        if subprocess.run(["which", "zstd"], stdout=subprocess.DEVNULL, check=False).returncode:
            self.skipTest("no zstd program")
        plain = self.write("p.ndjson", patients(5000))
        subprocess.run(["zstd", "-q", plain, "-o", plain + ".zst"], check=True)
        whole = self.read("p.ndjson.zst")
        for content in (whole[:-1], whole[:40], b"no zstd"):
            data = self.write("q.ndjson.zst", content)
            outcome = self.kiln("run", self.view, "-d", data, status=1)
            self.assertIn("q.ndjson.zst", outcome.err)

    def test_invalid_utf8_in_what_is_read(self):
        for name, bad in (("latin1", b"\xe4"), ("cut", b"\xc3"), ("long", b"\xc0\xaf"),
                          ("surrogate", b"\xed\xa0\x80"), ("beyond", b"\xf4\x90\x80\x80")):
            with self.subTest(name):
                line = b'{"resourceType":"Patient","id":"' + bad + b'"}\n'
                data = self.write("p.ndjson", b'{"resourceType":"Patient"}\n' + line)
                self.kiln("run", self.view, "-d", data, status=1)
                outcome = self.kiln("run", self.view, "-d", data, "--validate", "full", status=1)
                self.assertIn(f"at {data}:2:", outcome.err)

    def test_a_line_over_the_limit(self):
        long = '{"resourceType":"Patient","id":"' + "x" * 5000 + '"}'
        data = self.write("p.ndjson", patients(2) + [long] + patients(2))
        self.assert_fails(data, f"{data}:3:1", "--max-line-size", "4KiB")
        self.assertEqual(len(self.kiln("run", self.view, "-d", data, "--max-line-size",
                                       "5KiB").rows), 5)
        # Longer than any part that a worker reads.
        long = '{"resourceType":"Patient","id":"' + "x" * (9 << 20) + '"}'
        data = self.write("q.ndjson", patients(2) + [long] + patients(2))
        self.assert_fails(data, f"{data}:3:1", "--max-line-size", "8MiB")
        self.assertEqual(len(self.kiln("run", self.view, "-d", data).rows), 5)

    def test_absurd_nesting(self):
        deep = '{"resourceType":"Patient","name":' + "[" * 100000 + "]" * 100000 + "}"
        data = self.write("p.ndjson", [deep])
        outcome = self.kiln("run", self.view, "-d", data, status=1)
        self.assertIn(f"at {data}:1:", outcome.err)
        self.kiln("run", self.view, "-d", data, "--validate", "full", status=1)
        path = self.write("deep.json", '{"select":' + "[" * 100000)
        self.assertIn(f"at {path}:1:", self.kiln("check", path, status=1).err)
        nested = '{"select":[' * 5000 + "]}" * 5000
        self.kiln("check", self.write("selects.json", nested), status=1)

    def test_a_bad_resource_in_a_bundle_is_named_by_its_entry(self):
        data = self.write("b.json", {"resourceType": "Bundle", "entry": [
            {"resource": {"resourceType": "Patient", "name": [{"family": "a"}]}},
            {"resource": {"resourceType": "Patient", "name": [{"family": "b"}, {"family": "c"}]}}]})
        path = self.write("many.json", view("f=name.family"))
        outcome = self.kiln("run", path, "-d", data, status=1)
        self.assertIn(f"at {data} entry 2", outcome.err)

    def test_broken_json_files(self):
        for content in ("", "{", '{"resourceType":"Bundle","entry":[{]}', "[1,2]", '"text"'):
            with self.subTest(content):
                data = self.write("x.json", content)
                outcome = self.kiln("run", self.view, "-d", data, status=1)
                self.assertIn(data, outcome.err)

    def test_files_that_cannot_be_read(self):
        os.symlink("/nowhere/at/all", self.path("dangling.ndjson"))
        os.makedirs(self.path("folder.ndjson"))
        os.makedirs(self.path("empty"))
        for data in ("dangling.ndjson", "folder.ndjson", "empty", "missing.ndjson", "*.nothing"):
            with self.subTest(data):
                outcome = self.kiln("run", self.view, "-d", self.path(data),
                                    "-o", self.path("out"), status=1)
                self.assertIn(self.path(data), outcome.err)
        for bad in ("dangling.ndjson", "folder.ndjson", "missing.json"):
            outcome = self.kiln("run", self.path(bad), "-d", self.view, status=1)
            self.assertIn(self.path(bad), outcome.err)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_a_file_without_permission(self):
        if os.geteuid() == 0:
            self.skipTest("root may read every file")
        data = self.write("p.ndjson", patients(1))
        os.chmod(data, 0)
        outcome = self.kiln("run", self.view, "-d", data, status=1)
        self.assertIn("Permission denied", outcome.err)


class BadOutput(CliTest):
    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", view("id=id"))
        self.data = self.write("p.ndjson", patients(200000))

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_a_full_device(self):
        for command in (["run", self.view, "-d", self.data], ["fhirpath", "id", self.data],
                        ["schema", self.view], ["fhirpath", "id", "--ast"],
                        ["completion", "bash"]):
            with self.subTest(command), open("/dev/full", "wb") as full:
                process = start(*command, stdout=full)
                _, err = process.communicate()
                self.assertEqual(process.returncode, 1)
                self.assertIn(b"No space left on device", err)
        outcome = self.kiln("run", self.view, "-d", self.data, "-o", "/dev/full", "-f", "csv",
                            status=1)
        self.assertIn("/dev/full", outcome.err)

    def test_an_output_that_cannot_be_made(self):
        for output in ("/nowhere/at/all.csv", self.folder, self.data + "/x.csv"):
            for fmt in ("csv", "parquet"):
                with self.subTest(output=output, format=fmt):
                    outcome = self.kiln("run", self.view, "-d", self.data, "-o", output, "-f", fmt,
                                        status=1)
                    self.assertIn(output, outcome.err)
        self.assert_no_leftovers("view.json", "p.ndjson")

    def test_a_reader_that_goes_away_is_status_141_and_quiet(self):
        for command in (["run", self.view, "-d", self.data, "-f", "csv"],
                        ["fhirpath", "id", self.data]):
            with self.subTest(command):
                process = start(*command)
                self.assertTrue(process.stdout.readline())
                process.stdout.close()
                err = process.stderr.read()
                process.stderr.close()
                self.assertEqual(process.wait(), 141)
                self.assertEqual(err, b"")


class Interrupted(CliTest):
    """Data comes through a pipe that the test holds open, so that the run cannot end by itself."""

    def interrupt(self, number, status, *arguments, idle):
        path = self.write("view.json", view("id=id"))
        process = subprocess.Popen(
            [KILN, *(a.replace("VIEW", path) for a in arguments)], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # More than a pipe holds: when it is written, the program has begun to read.
        lines = b'{"resourceType":"Patient","id":"%s"}\n' % (b"x" * 1000) * 4000
        process.stdin.write(lines)
        process.stdin.flush()
        process.send_signal(number)
        if not idle:
            with self.assertRaises(BrokenPipeError):
                for _ in range(5000):
                    process.stdin.write(lines)
        err = process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(timeout=60), status)
        self.assertEqual(err, b"")
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass

    def test_interrupted_runs_leave_nothing(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            for idle in (False, True):
                for name in ("out.csv", "out.parquet"):
                    with self.subTest(number=number, name=name, idle=idle):
                        self.interrupt(number, status, "run", "VIEW", "-d", "-",
                                       "-o", self.path(name), idle=idle)
                        self.assert_no_leftovers("view.json")
                self.interrupt(number, status, "export", "VIEW", "-d", "-", "-o", self.path("out"),
                               idle=idle)
                self.assert_no_leftovers(folder="out")
                os.rmdir(self.path("out"))

    def test_a_hangup_that_is_ignored_is_ignored(self):
        """As under nohup."""
        path = self.write("view.json", view("id=id"))
        process = start("run", path, "-d", "-", "-o", self.path("out.csv"), stdin=subprocess.PIPE,
                        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        lines = b'{"resourceType":"Patient","id":"%s"}\n' % (b"x" * 1000) * 4000
        process.stdin.write(lines)  # more than a pipe holds: it has begun to read
        process.send_signal(signal.SIGHUP)
        process.stdin.write(lines)
        process.communicate()
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.read("out.csv").count(b"\n"), 8001)

    def test_the_second_signal_leaves_nothing_either(self):
        path = self.write("view.json", view("id=id"))
        process = start("export", path, "-d", "-", "-o", self.path("out"), stdin=subprocess.PIPE)
        process.stdin.write(b'{"resourceType":"Patient","id":"%s"}\n' % (b"x" * 1000) * 4000)
        process.stdin.flush()
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.wait(60)
        process.stdin.close()
        self.assertIn(process.returncode, (130, 143))
        process.stdout.close()
        process.stderr.close()
        self.assert_no_leftovers(folder="out")

    def test_interrupted_fhirpath(self):
        for idle in (False, True):
            self.interrupt(signal.SIGINT, 130, "fhirpath", "id", "-", idle=idle)


if __name__ == "__main__":
    unittest.main()
