"""The bytes of each format, the same for any number of threads, complete or not there."""
import csv
import gzip
import io
import json
import os
import shutil
import stat
import subprocess
import unittest

from tests.support.cli import CliTest, patients, start, view

AWKWARD = ['plain', 'com,ma', 'qu"ote', 'line\nbreak', 'tab\tand\\back', 'ünïcödé 😀', ' spaces ',
           '\u0001\u007f', '', "'", '=formula', 'null', '007', '1e5', '\u2028']


class Formats(CliTest):
    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", view(
            "id=id", "active=active", "n=multipleBirth.ofType(integer)", "born=birthDate"))
        self.data = self.write("p.ndjson", [
            {"resourceType": "Patient", "id": text or None, "active": i % 2 == 0,
             "multipleBirthInteger": i} if text else {"resourceType": "Patient"}
            for i, text in enumerate(AWKWARD)])
        self.rows = [{"id": text, "active": i % 2 == 0, "n": i, "born": None} if text else
                     {"id": None, "active": None, "n": None, "born": None}
                     for i, text in enumerate(AWKWARD)]

    def run_to(self, *arguments, **how):
        return self.kiln("run", self.view, "-d", self.data, *arguments, **how)

    def test_ndjson_is_compact_with_a_newline_after_each_row(self):
        outcome = self.run_to("-f", "ndjson")
        self.assertEqual(outcome.rows, self.rows)
        self.assertEqual(outcome.out.count(b"\n"), len(self.rows))
        self.assertTrue(outcome.out.startswith(
            b'{"id":"plain","active":true,"n":0,"born":null}\n'))

    def test_json_is_one_array(self):
        self.assertEqual(json.loads(self.run_to("-f", "json").out), self.rows)
        empty = self.write("none.ndjson", [])
        self.assertEqual(json.loads(self.kiln("run", self.view, "-d", empty, "-f", "json").out), [])

    def test_csv_reads_back_and_null_is_empty(self):
        text = self.run_to("-f", "csv").text
        self.assertNotIn("\r", text)
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        self.assertEqual(header, ["id", "active", "n", "born"])
        self.assertEqual(rows, [["" if v is None else str(v).lower() if isinstance(v, bool) else
                                 str(v) for v in row.values()] for row in self.rows])

    def test_header_options(self):
        with_header = self.run_to("-f", "csv").out
        self.assertEqual(self.run_to("-f", "csv", "--header").out, with_header)
        without = self.run_to("-f", "csv", "--no-header").out
        self.assertEqual(b"id,active,n,born\n" + without, with_header)

    def test_decimals_keep_their_text(self):
        path = self.write("o.json", view("v=value.ofType(Quantity).value", resource="Observation"))
        data = self.write("o.ndjson", [
            '{"resourceType":"Observation","valueQuantity":{"value":%s}}' % n
            for n in ("1.0", "1.50", "-0.000", "1E+2", "12345678901234567890.123456789")])
        self.assertEqual(self.kiln("run", path, "-d", data, "-f", "csv").text.split(),
                         ["v", "1.0", "1.50", "-0.000", "1E+2", "12345678901234567890.123456789"])

    def test_lists_are_arrays_in_json_and_refused_in_csv(self):
        lists = view("g=name.given")
        lists["select"][0]["column"][0]["collection"] = True
        path = self.write("lists.json", lists)
        data = self.write("l.ndjson", [
            {"resourceType": "Patient", "name": [{"given": ["a", "b"]}, {"given": ["c"]}]},
            {"resourceType": "Patient"}])
        self.assertEqual(self.kiln("run", path, "-d", data).rows,
                         [{"g": ["a", "b", "c"]}, {"g": []}])
        outcome = self.kiln("run", path, "-d", data, "-o", self.path("l.csv"), status=1)
        self.assertIn("column 'g'", outcome.err)
        self.assertFalse(os.path.exists(self.path("l.csv")))

    def test_the_ending_of_the_output_chooses_the_format_and_an_option_beats_it(self):
        for ending in ("csv", "ndjson", "json"):
            self.run_to("-o", self.path("out." + ending))
            self.assertEqual(self.read("out." + ending), self.run_to("-f", ending).out)
        self.run_to("-o", self.path("out"))
        self.assertEqual(self.read("out"), self.run_to("-f", "ndjson").out)
        for name in ("odd.csv", "odd.txt"):
            self.run_to("-o", self.path(name), "-f", "json")
            self.assertEqual(self.read(name), self.run_to("-f", "json").out)
        self.assertEqual(self.run_to("-o", "-", "-f", "csv").out, self.run_to("-f", "csv").out)

    def test_an_ending_that_is_no_format_is_an_error_that_lists_them(self):
        for name in ("out.txt", "out.CSV", "out.csv.bz2", "out.", "d.csv/out.tsv"):
            with self.subTest(name):
                outcome = self.run_to("-o", self.path(name), status=2)
                for known in (".csv", ".ndjson", ".json", ".parquet"):
                    self.assertIn(known, outcome.err)
                self.assertFalse(os.path.exists(self.path(name)))

    def test_parquet(self):
        self.run_to("-o", self.path("out.parquet"))
        content = self.read("out.parquet")
        self.assertEqual((content[:4], content[-4:]), (b"PAR1", b"PAR1"))
        for name in (b"id", b"active", b"born"):
            self.assertIn(name, content)


class Files(CliTest):
    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", view("id=id"))
        self.data = self.write("p.ndjson", patients(100))
        self.bad = self.write("bad.ndjson", patients(100) + ["{"])

    def test_an_output_is_replaced_when_complete_and_kept_on_failure(self):
        for name in ("out.csv", "out.parquet"):
            with self.subTest(name):
                self.write(name, "old")
                self.kiln("run", self.view, "-d", self.bad, "-o", self.path(name), status=1)
                self.assertEqual(self.read(name), b"old")
                self.kiln("run", self.view, "-d", self.data, "-o", self.path(name))
                self.assertNotEqual(self.read(name), b"old")
                os.unlink(self.path(name))
        self.assert_no_leftovers("view.json", "p.ndjson", "bad.ndjson")

    def test_a_new_file_has_the_usual_permissions(self):
        old = os.umask(0o027)
        self.addCleanup(os.umask, old)
        for name in ("out.csv", "out.parquet"):
            self.kiln("run", self.view, "-d", self.data, "-o", self.path(name))
            self.assertEqual(stat.S_IMODE(os.stat(self.path(name)).st_mode), 0o640, name)

    def test_a_named_pipe_is_written_as_it_is(self):
        os.mkfifo(self.path("pipe"))
        process = start("run", self.view, "-d", self.data, "-f", "csv", "-o", self.path("pipe"))
        with open(self.path("pipe"), "rb") as pipe:
            content = pipe.read()
        process.communicate()
        self.assertEqual(process.returncode, 0)
        self.assertEqual(content.count(b"\n"), 101)
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe")).st_mode))


class Sameness(CliTest):
    """The same bytes for any number of threads, any packing and from stdin."""

    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", {
            "resource": "Patient", "name": "v", "select": [
                {"column": [{"name": "id", "path": "id"}]},
                {"forEachOrNull": "name", "column": [
                    {"name": "i", "path": "%rowIndex"},
                    {"name": "given", "path": "given.join(' ')"}]}]})
        self.lines = [{"resourceType": "Patient", "id": f"p{i}", "note": "x" * (i * 37 % 3000),
                       "name": [{"given": [f"g{i}", "é"]}] * (i % 4)} for i in range(6000)]
        self.data = self.write("p.ndjson", self.lines)
        self.assertGreater(os.path.getsize(self.data), 6 << 20)  # several parts

    def test_threads_do_not_change_a_byte(self):
        for fmt in ("csv", "ndjson", "json"):
            expected = self.kiln("run", self.view, "-d", self.data, "-f", fmt, "--threads", 1).out
            self.assertGreater(expected.count(b"\n"), 8000)
            for threads in (2, 5):
                with self.subTest(format=fmt, threads=threads):
                    again = self.kiln("run", self.view, "-d", self.data, "-f", fmt,
                                      "--threads", threads).out
                    self.assertTrue(again == expected, "other bytes")
                    limited = self.kiln("run", self.view, "-d", self.data, "-f", fmt, "--limit",
                                        5000, "--threads", threads).out
                    one = self.kiln("run", self.view, "-d", self.data, "-f", fmt, "--limit", 5000,
                                    "--threads", 1).out
                    self.assertTrue(limited == one, "other bytes with a limit")

    def test_packing_and_stdin_do_not_change_a_byte(self):
        expected = self.kiln("run", self.view, "-d", self.data).out
        plain = self.read("p.ndjson")
        half = len(plain) // 3
        packed = {"gz": gzip.compress(plain, 1),
                  "members.gz": gzip.compress(plain[:half], 1) + gzip.compress(plain[half:], 1)}
        if shutil.which("zstd"):
            packed["zst"] = subprocess.run(["zstd", "-qc"], input=plain, check=True,
                                           stdout=subprocess.PIPE).stdout
        for name, content in packed.items():
            path = self.write("q.ndjson." + name.split(".")[-1], content)
            for threads in (1, 5):
                with self.subTest(name=name, threads=threads):
                    again = self.kiln("run", self.view, "-d", path, "--threads", threads).out
                    self.assertTrue(again == expected, "other bytes")
                    again = self.kiln("run", self.view, "-d", "-", "--threads", threads,
                                      stdin=content).out
                    self.assertTrue(again == expected, "other bytes from stdin")
        with open(self.data, "rb") as file:
            self.assertTrue(self.kiln("run", self.view, "-d", "-", stdin=file).out == expected)

    def test_splitting_the_data_into_files_does_not_change_a_byte(self):
        expected = self.kiln("run", self.view, "-d", self.data).out
        for i in range(7):
            self.write(f"d/part-{i}.ndjson", self.lines[i * 1000:(i + 1) * 1000])
        for threads in (1, 5):
            again = self.kiln("run", self.view, "-d", self.path("d"), "--threads", threads).out
            self.assertTrue(again == expected, "other bytes")


if __name__ == "__main__":
    unittest.main()
