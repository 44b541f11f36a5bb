"""kiln run: what it reads, what it leaves out, what it counts."""
import csv
import gzip
import json
import os
import re
import unittest

from tests.support.cli import CliTest, patients, run, start, view


class Inputs(CliTest):
    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", view("id=id"))

    def ids(self, *data, **how):
        arguments = [part for path in data for part in ("-d", path)]
        return [row["id"] for row in self.kiln("run", self.view, *arguments, **how).rows]

    def test_rows_have_all_columns_in_order_with_null_for_nothing(self):
        data = self.write("Patient.ndjson", patients(1))
        wide = self.write("wide.json", view("b=birthDate", "a=id", "c=active"))
        self.assertEqual(self.kiln("run", wide, "-d", data).text,
                         '{"b":null,"a":"p0","c":null}\n')

    def test_a_folder_is_read_in_the_order_of_names_and_not_its_subfolders(self):
        self.write("d/b.ndjson", [{"resourceType": "Patient", "id": "second"}])
        self.write("d/a.ndjson", [{"resourceType": "Patient", "id": "first"}])
        self.write("d/c.txt", "no data")
        self.write("d/below/d.ndjson", [{"resourceType": "Patient", "id": "hidden"}])
        self.assertEqual(self.ids(self.path("d")), ["first", "second"])

    def test_a_glob_and_repeated_options_keep_their_order(self):
        for name in "xyz":
            self.write(f"{name}.ndjson", [{"resourceType": "Patient", "id": name}])
        self.assertEqual(self.ids(self.path("z.ndjson"), self.path("[xy].ndjson")),
                         ["z", "x", "y"])

    def test_a_json_file_is_a_resource_or_a_bundle(self):
        one = self.write("one.json", {"resourceType": "Patient", "id": "one"})
        bundle = self.write("many.json", {"resourceType": "Bundle", "entry": [
            {"resource": {"resourceType": "Patient", "id": "two"}},
            {"resource": {"resourceType": "Observation", "id": "no"}},
            {"fullUrl": "urn:uuid:x"},
            {"resource": {"resourceType": "Patient", "id": "three"}}]})
        self.assertEqual(self.ids(one, bundle), ["one", "two", "three"])

    def test_stdin_may_be_compressed(self):
        lines = "".join(json.dumps(p) + "\n" for p in patients(3)).encode()
        self.assertEqual(self.ids("-", stdin=lines), ["p0", "p1", "p2"])
        self.assertEqual(self.ids("-", stdin=gzip.compress(lines)), ["p0", "p1", "p2"])

    def test_the_view_may_come_from_stdin(self):
        data = self.write("p.ndjson", patients(1))
        outcome = self.kiln("run", "-", "-d", data, stdin=json.dumps(view("x=id")).encode())
        self.assertEqual(outcome.rows, [{"x": "p0"}])

    def test_blank_lines_a_missing_final_newline_crlf_and_a_byte_order_mark_do_not_matter(self):
        line = b'{"resourceType":"Patient","id":"%s"}'
        data = self.write("p.ndjson", b"\xef\xbb\xbf" + line % b"a" + b"\r\n\n  \n\t\n" + line % b"b")
        self.assertEqual(self.ids(data), ["a", "b"])

    def test_empty_data_gives_no_rows(self):
        self.assertEqual(self.ids(self.write("p.ndjson", b"")), [])
        self.assertEqual(self.ids("-", stdin=b""), [])

    def test_a_file_named_after_another_type_is_not_opened(self):
        self.write("d/Observation.ndjson", "this is not JSON\n")
        self.write("d/Patient-2.ndjson", patients(1))
        self.assertEqual(self.ids(self.path("d")), ["p0"])

    def test_lines_of_another_type_are_left_out_and_counted_if_the_name_promises_one(self):
        lines = patients(2) + [{"resourceType": "Observation", "id": "o"}] * 3
        named = self.write("Patient.000.ndjson", lines)
        outcome = self.kiln("run", self.view, "-d", named)
        self.assertEqual(len(outcome.rows), 2)
        self.assertRegex(outcome.err, r"warning: 3 lines .*another type")
        self.assert_points_at(outcome, named)
        unnamed = self.write("mixed.ndjson", lines)
        outcome = self.kiln("run", self.view, "-d", unnamed)
        self.assertEqual((len(outcome.rows), outcome.err), (2, ""))

    def test_the_keys_of_a_line_may_come_in_any_order(self):
        data = self.write("x.ndjson", ['{"id":"a","name":[{"family":"F"}],"resourceType":"Patient"}'])
        self.assertEqual(self.ids(data), ["a"])


class Options(CliTest):
    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", view("id=id"))
        self.data = self.write("p.ndjson", patients(50))

    def test_limit_cuts_the_rows_in_every_text_format(self):
        for limit in (0, 1, 7, 50, 99):
            expected = [{"id": f"p{i}"} for i in range(min(limit, 50))]
            for fmt in ("ndjson", "json", "csv"):
                with self.subTest(limit=limit, format=fmt):
                    text = self.kiln("run", self.view, "-d", self.data, "--limit", limit,
                                     "-f", fmt).text
                    if fmt == "json":
                        rows = json.loads(text)
                    elif fmt == "ndjson":
                        rows = [json.loads(line) for line in text.splitlines()]
                    else:
                        header, *cells = text.splitlines()
                        self.assertEqual(header, "id")
                        rows = [{"id": cell} for cell in cells]
                    self.assertEqual(rows, expected)

    def test_limit_stops_reading_before_a_bad_line_far_behind(self):
        filler = [{"resourceType": "Patient", "id": "x", "gender": "g" * 1000}]
        data = self.write("big.ndjson", filler * 40000 + ["not JSON"])
        self.kiln("run", self.view, "-d", data, "--threads", 1, status=1)
        outcome = self.kiln("run", self.view, "-d", data, "--limit", 5, "--threads", 1)
        self.assertEqual(len(outcome.rows), 5)

    def test_table_stats_are_on_stderr(self):
        outcome = self.kiln("run", self.view, "-d", self.data, "--table-stats")
        self.assertEqual(len(outcome.rows), 50)
        self.assertRegex(outcome.err, r"rows 50, resources 50, read .*B, [0-9.]+ s, .*peak memory")

    def test_progress_goes_to_stderr_alone(self):
        plain = self.kiln("run", self.view, "-d", self.data)
        shown = self.kiln("run", self.view, "-d", self.data, "--progress", "always")
        self.assertEqual(plain.out, shown.out)
        self.assertEqual(self.kiln("run", self.view, "-d", self.data, "--progress", "never").err, "")

    def test_fhir_version_chooses_the_model(self):
        # Encounter.class is a Coding in R4 and a list of CodeableConcept in R5.
        encounter = self.write("view5.json", view("code=class.code", resource="Encounter"))
        data = self.write("e.ndjson", [{"resourceType": "Encounter", "class": {"code": "AMB"}}])
        self.assertEqual(self.kiln("run", encounter, "-d", data).rows, [{"code": "AMB"}])
        outcome = self.kiln("run", encounter, "-d", data, "--fhir-version", "R5", status=1)
        self.assertIn("'code' of CodeableConcept", outcome.err)
        named = self.write("named.json", view("code=class.code", resource="Encounter",
                                              fhirVersion=["4.0.1", "5.0.0"]))
        self.kiln("run", named, "-d", data, status=1)
        outcome = self.kiln("run", named, "-d", data, "--fhir-version", "R4B")
        self.assertRegex(outcome.err, r"warning: .*R4B")

    def test_lenient_casts_make_nulls_and_count_them(self):
        typed = view("id=id", "born=birthDate")
        typed["select"][0]["column"][1]["tag"] = [{"name": "ansi/type", "value": "DATE"}]
        path = self.write("typed.json", typed)
        data = self.write("p2.ndjson", [
            {"resourceType": "Patient", "id": "a", "birthDate": "2001-02-03"},
            {"resourceType": "Patient", "id": "b", "birthDate": "2001"}])
        outcome = self.kiln("run", path, "-d", data, status=1)
        self.assertIn("column 'born'", outcome.err)
        self.assertIn('"2001"', outcome.err)
        self.assert_points_at(outcome, f"{data}:2:53")
        outcome = self.kiln("run", path, "-d", data, "--lenient-casts")
        self.assertEqual([row["born"] for row in outcome.rows], ["2001-02-03", None])
        self.assertIn("1 values that do not fit", outcome.err)

    def test_csv_guard_quotes_formulas(self):
        data = self.write("f.ndjson", [{"resourceType": "Patient", "id": text}
                                       for text in ("=1+1", "-2", "@x", "safe")])
        plain = self.kiln("run", self.view, "-d", data, "-f", "csv").text
        guarded = self.kiln("run", self.view, "-d", data, "-f", "csv", "--csv-guard").text
        self.assertEqual(plain, "id\n=1+1\n-2\n@x\nsafe\n")
        self.assertEqual([cells[0] for cells in csv.reader(guarded.splitlines())],
                         ["id", "'=1+1", "'-2", "'@x", "safe"])


class OnError(CliTest):
    """--on-error and --validate."""

    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", view("id=id"))
        self.data = self.write("p.ndjson", [
            '{"resourceType":"Patient","id":"a"}',
            '{"resourceType":"Patient","id":}',
            '{"resourceType":"Patient","id":"b"}',
            'garbage',
            '{"resourceType":"Patient","id":"c"}'])

    def test_fail_stops_at_the_first_bad_line(self):
        outcome = self.kiln("run", self.view, "-d", self.data, status=1)
        self.assert_points_at(outcome, f"{self.data}:2:32")
        self.assertNotIn(":4:", outcome.err)

    def test_skip_counts_bad_lines_and_names_them(self):
        outcome = self.kiln("run", self.view, "-d", self.data, "--on-error", "skip")
        self.assertEqual([row["id"] for row in outcome.rows], ["a", "b", "c"])
        self.assert_points_at(outcome, f"{self.data}:2:32")
        self.assert_points_at(outcome, f"{self.data}:4:1")
        self.assertIn("skipped: 2 bad lines, 0 resources", outcome.err)

    def test_skip_leaves_out_all_rows_of_a_resource_that_breaks_a_rule(self):
        path = self.write("each.json", {
            "resourceType": "ViewDefinition", "name": "each", "resource": "Patient",
            "select": [{"forEach": "name", "column": [{"name": "given", "path": "given"}]}]})
        data = self.write("n.ndjson", [
            {"resourceType": "Patient", "name": [{"given": ["A"]}, {"given": ["B", "C"]}]},
            {"resourceType": "Patient", "name": [{"given": ["D"]}]}])
        outcome = self.kiln("run", path, "-d", data, status=1)
        self.assertIn("column 'given': 2 values", outcome.err)
        self.assertIn("view 'each'", outcome.err)
        self.assert_points_at(outcome, f"{data}:1:1")
        outcome = self.kiln("run", path, "-d", data, "--on-error", "skip")
        self.assertEqual(outcome.rows, [{"given": "D"}])
        self.assertIn("skipped: 0 bad lines, 1 resources", outcome.err)

    def test_only_so_many_bad_lines_are_shown_and_all_are_counted(self):
        data = self.write("bad.ndjson", ["x"] * 500 + patients(1))
        for threads in (1, 3):
            outcome = self.kiln("run", self.view, "-d", data, "--on-error", "skip",
                                "--threads", threads)
            self.assertIn("skipped: 500 bad lines", outcome.err)
            self.assertEqual(len(re.findall("^warning:", outcome.err, re.M)), 10)
            self.assert_points_at(outcome, f"{data}:1:1")
            self.assert_points_at(outcome, f"{data}:10:1")

    def test_full_finds_what_needed_does_not_look_at(self):
        cases = {
            "behind": '{"resourceType":"Patient","id":"a","name":[tru]}',
            "escape": r'{"resourceType":"Patient","id":"a","x":"\q"}',
            "number": '{"resourceType":"Patient","id":"a","x":01}',
            "utf-8": b'{"resourceType":"Patient","id":"a","x":"\xff"}',
            "twice": '{"resourceType":"Patient","id":"a","x":1,"x":2}',
            "trailing": '{"resourceType":"Patient","id":"a","x":{"y":1,}}',
        }
        for name, line in cases.items():
            with self.subTest(name):
                line = line if isinstance(line, bytes) else line.encode()
                if name != "twice":  # which no cut does; every byte of a last line is looked at
                    self.kiln("run", self.view, "-d", self.write("last.ndjson", line), status=1)
                data = self.write(name + ".ndjson", line + b'\n{"resourceType":"Group"}\n')
                self.assertEqual(self.kiln("run", self.view, "-d", data).rows, [{"id": "a"}])
                outcome = self.kiln("run", self.view, "-d", data, "--validate", "full", status=1)
                self.assertRegex(outcome.err, rf"at {re.escape(data)}:1:[0-9]+\n")

    def test_full_accepts_good_data(self):
        data = self.write("good.ndjson", patients(3, name=[{"family": "Ä\n\"\\😀", "given": []}],
                                                  multipleBirthInteger=-0, active=True))
        plain = self.kiln("run", self.view, "-d", data)
        full = self.kiln("run", self.view, "-d", data, "--validate", "full")
        self.assertEqual((plain.out, plain.err), (full.out, full.err))


class Terminal(CliTest):
    def test_a_terminal_gets_an_aligned_table(self):
        import pty  # only where there are terminals
        data = self.write("p.ndjson", [{"resourceType": "Patient", "id": "a"},
                                       {"resourceType": "Patient", "id": "longer-than-the-name"}])
        path = self.write("v.json", view("id=id", "active=active"))
        controller, terminal = pty.openpty()
        self.addCleanup(os.close, controller)
        process = start("run", path, "-d", data, stdout=terminal)
        process.communicate()
        os.close(terminal)
        shown = os.read(controller, 10000).decode().splitlines()
        self.assertEqual(process.returncode, 0)
        self.assertRegex(shown[0], r"^ *id +active")
        columns = {line.index("longer") for line in shown if "longer" in line}
        self.assertEqual(len(columns), 1)
        self.assertFalse(any(line.startswith("{") for line in shown))


class Filters(CliTest):
    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", view("id=id"))
        group = {"resourceType": "Group", "id": "g",
                 "member": [{"entity": {"reference": "Patient/p1"}}]}
        self.data = self.write("data.ndjson", patients(3) + [group])

    def test_patients_and_members_of_groups_pass(self):
        outcome = self.kiln("run", self.view, "-d", self.data, "--patient", "Patient/p2",
                            "--group", "g")
        self.assertEqual([row["id"] for row in outcome.rows], ["p1", "p2"])

    def test_all_that_are_not_there_are_told_and_no_output_is_left(self):
        out = self.path("out.csv")
        outcome = self.kiln("run", self.view, "-d", self.data, "--patient", "x", "--patient", "p1",
                            "--patient", "y", "--group", "z", "-o", out, status=1)
        self.assertEqual(outcome.err, "error: no such patient: x\nerror: no such patient: y\n"
                                      "error: no such group: z\n")
        self.assertFalse(os.path.exists(out))

    def test_data_that_cannot_be_read_twice_have_no_cohort(self):
        with open(self.data, "rb") as data:
            outcome = run("run", self.view, "-d", "-", "--patient", "p1", stdin=data.read())
        self.assertEqual(outcome.status, 2)
        self.assertIn("read the data twice", outcome.err)

    def test_a_bad_instant_is_told_beside_a_bad_view(self):
        bad = self.write("bad.json", view("id=idd"))
        outcome = self.kiln("run", bad, "-d", self.data, "--since", "now", status=2)
        self.assertIn("idd", outcome.err)
        self.assertIn("--since is not an instant: now", outcome.err)


class Help(unittest.TestCase):
    def test_help_and_version_always_work(self):
        for arguments in (["--help"], ["run", "--help"], ["export", "--help"], ["check", "--help"],
                          ["schema", "--help"], ["fhirpath", "--help"]):
            outcome = run(*arguments)
            self.assertEqual((outcome.status, outcome.err), (0, ""), arguments)
            self.assertIn("Usage: kiln", outcome.text)
        version = run("--version")
        self.assertEqual(version.status, 0)
        self.assertRegex(version.text, r"^kiln \d+\.\d+\.\d+ \([0-9a-z-]+\)\nDuckDB .+\nsimdjson ")


if __name__ == "__main__":
    unittest.main()
