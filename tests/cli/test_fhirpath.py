"""kiln fhirpath: results, types, strictness, the tree, and the places of errors."""
import json
import os
import socket
import subprocess
import unittest

from tests.support.cli import KILN, CliTest, patients, run


class Evaluate(CliTest):
    def setUp(self):
        super().setUp()
        self.data = self.write("p.ndjson", [
            {"resourceType": "Patient", "id": "a", "active": True, "birthDate": "1974-12",
             "multipleBirthInteger": 2, "name": [{"family": "F", "given": ["G", "H"]}]},
            {"resourceType": "Observation", "id": "b", "valueQuantity": {"value": 1.50}}])

    def results(self, expression, *arguments):
        return self.kiln("fhirpath", expression, *arguments).rows

    def test_without_a_file_there_is_no_resource(self):
        self.assertEqual(self.results("(1 | 2 | 3).aggregate($total + $this, 0)"), [6])
        self.assertEqual(self.results("id"), [])

    def test_a_line_of_json_for_each_result(self):
        self.assertEqual(self.results("id", self.data), ["a", "b"])
        self.assertEqual(self.results("name.given", self.data), ["G", "H"])
        self.assertEqual(self.results("name", self.data), [{"family": "F", "given": ["G", "H"]}])
        self.assertEqual(self.results("active | multipleBirth", self.data), [True, 2])

    def test_each_resource_is_taken_as_what_it_is(self):
        self.assertEqual(self.results("Patient.id | Observation.value.value", self.data), ["a", 1.5])

    def test_a_decimal_keeps_its_text(self):
        data = self.write("o.json", '{"resourceType":"Observation","valueQuantity":{"value":1.50}}')
        self.assertEqual(self.kiln("fhirpath", "value.value", data).text, "1.50\n")

    def test_typed_names_the_type_and_gives_the_value_as_text(self):
        expected = {
            "active": {"type": "boolean", "value": "true"},
            "birthDate": {"type": "date", "value": "1974-12"},
            "multipleBirth": {"type": "integer", "value": "2"},
            "name.family": {"type": "string", "value": "F"},
            "1.50": {"type": "decimal", "value": "1.50"},
            "@T10:30": {"type": "time", "value": "10:30"},
            "@2024T": {"type": "dateTime", "value": "2024"},
            "4 'mg'": {"type": "Quantity", "value": "4 'mg'"},
            "4 days": {"type": "Quantity", "value": "4 days"},
        }
        patient = self.write("one.ndjson", patients(1, active=True, birthDate="1974-12",
                                                    multipleBirthInteger=2, name=[{"family": "F"}]))
        for expression, result in expected.items():
            with self.subTest(expression):
                self.assertEqual(self.results(expression, patient, "--typed"), [result])
        name, = self.results("name", patient, "--typed")
        self.assertEqual((name["type"], json.loads(name["value"])), ("HumanName", {"family": "F"}))

    def test_an_unknown_element_is_empty_unless_strict(self):
        self.assertEqual(self.results("nme", self.data), [])
        outcome = self.kiln("fhirpath", "nme", self.data, "--strict", status=1)
        self.assertIn("did you mean `name`?", outcome.err)
        self.assertIn("    nme\n    ^\n", outcome.err)

    def test_the_tree_is_json_with_types_and_offsets(self):
        tree = json.loads(self.kiln("fhirpath", "name.given.first()", "--ast",
                                    "--resource", "Patient").text)
        self.assertEqual((tree["name"], tree["type"], tree["cardinality"], tree["at"]),
                         ("first", "string", "0..1", 11))
        self.assertEqual((tree["input"]["name"], tree["input"]["cardinality"]), ("given", "0..*"))

    def test_trace_goes_to_stderr(self):
        outcome = self.kiln("fhirpath", "(1 | 2).trace('seen')")
        self.assertEqual(outcome.rows, [1, 2])
        self.assertEqual(outcome.err, "trace seen: 1\ntrace seen: 2\n")

    def test_a_bundle_is_taken_apart(self):
        bundle = self.write("b.json", {"resourceType": "Bundle", "entry": [
            {"resource": {"resourceType": "Patient", "id": "x"}},
            {"resource": {"resourceType": "Group", "id": "y"}}]})
        self.assertEqual(self.results("id", bundle), ["x", "y"])

    def test_fhir_version_chooses_the_types(self):
        data = self.write("e.ndjson", [{"resourceType": "Encounter", "class": {"code": "AMB"}}])
        self.assertEqual(self.results("class is Coding", data), [True])
        data5 = self.write("e5.ndjson", [{"resourceType": "Encounter", "class": [{"text": "x"}]}])
        self.assertEqual(self.results("class is CodeableConcept", data5, "--fhir-version", "R5"),
                         [True])


class StandardInput(CliTest):
    """Without files: what is piped in, or nothing."""

    def setUp(self):
        super().setUp()
        self.lines = b'{"resourceType":"Patient","id":"a"}\n{"resourceType":"Patient","id":"b"}\n'

    def test_a_pipe_is_read(self):
        self.assertEqual(self.kiln("fhirpath", "id", stdin=self.lines).rows, ["a", "b"])
        self.assertEqual(self.kiln("fhirpath", "id", "-", stdin=self.lines).rows, ["a", "b"])
        outcome = self.kiln("fhirpath", "id", stdin=b"nonsense\n", status=1)
        self.assertIn("at <stdin>:1:1", outcome.err)

    def test_a_redirected_file_is_read(self):
        with open(self.write("p.ndjson", self.lines.decode()), "rb") as file:
            self.assertEqual(self.kiln("fhirpath", "id", stdin=file).rows, ["a", "b"])

    def test_a_socket_is_read(self):
        ours, theirs = socket.socketpair()
        with theirs:
            ours.sendall(self.lines)
            ours.close()
            self.assertEqual(self.kiln("fhirpath", "id", stdin=theirs).rows, ["a", "b"])

    def test_an_empty_pipe_or_file_is_no_resource(self):
        self.assertEqual(self.kiln("fhirpath", "1 + 1", stdin=b"").rows, [2])
        with open(self.write("empty", ""), "rb") as file:
            self.assertEqual(self.kiln("fhirpath", "1 + 1", stdin=file).rows, [2])
        with open(os.devnull, "rb") as file:
            self.assertEqual(self.kiln("fhirpath", "1 + 1", stdin=file).rows, [2])

    def test_a_file_that_a_loop_of_the_shell_reads_is_left_to_it(self):
        self.write("list", "1 + 1\n2 + 2\n3 + 3\n")
        loop = f'while read -r e; do "{KILN}" fhirpath "$e"; done < list'
        done = subprocess.run(["bash", "-c", loop], cwd=self.folder, capture_output=True, check=True)
        self.assertEqual(done.stdout, b"2\n4\n6\n")

    def test_files_beat_it(self):
        data = self.write("p.ndjson", patients(1))
        self.assertEqual(self.kiln("fhirpath", "id", data, stdin=self.lines).rows, ["p0"])


class Minus(CliTest):
    def test_an_expression_may_begin_with_a_minus(self):
        data = self.write("p.ndjson", patients(1, name=[{"family": "x"}]))
        for expression, result in (("-1", -1), ("-(1 + 1)", -2), ("- 3", -3), ("-name.count()", -1),
                                   ("--5", 5), ("-Patient.name.count()", -1), ("-%rowIndex", None),
                                   ("-1.5", -1.5), ("-(2)", -2), ("-r", None)):
            for arguments in ((expression,), (expression, "--typed"), ("--typed", expression),
                              ("--fhir-version", "R5", expression), ("--", expression)):
                with self.subTest(arguments):
                    if result is None:  # no such thing, but an expression
                        outcome = run("fhirpath", *arguments, data)
                        self.assertNotEqual(outcome.status, 2, outcome.err)
                        continue
                    row, = self.kiln("fhirpath", *arguments, data).rows
                    row = float(row["value"]) if "--typed" in arguments else row
                    self.assertEqual(row, result)

    def test_options_are_options(self):
        self.assertIn("--typed", self.kiln("fhirpath", "--help").text)
        self.assertIn("--typed", self.kiln("fhirpath", "-h").text)
        for arguments in (("--tpyed", "1"), ("1", "--tpyed"), ("1", "-x"), ("--fhir-version",)):
            self.kiln("fhirpath", *arguments, status=2)
        data = self.write("-odd.ndjson", patients(1))
        self.assertEqual(self.kiln("fhirpath", "--", "-1", data).rows, [-1])
        self.assertEqual(self.kiln("fhirpath", "-1", "--", os.path.basename(data),
                                   cwd=self.folder).rows, [-1])


class Errors(CliTest):
    def fails(self, expression, caret, *arguments, status=1):
        outcome = self.kiln("fhirpath", expression, *arguments, status=status)
        self.assertEqual(outcome.out, b"")
        self.assertIn("\n    " + " " * caret + "^\n", outcome.err)
        return outcome

    def test_syntax_errors_point_at_the_place(self):
        self.fails("1 +", 3)
        self.fails("name.where(use = 'official'", 27)
        self.fails("a b", 2)
        self.fails("'open", 0)
        self.fails("1 # 2", 2)

    def test_the_line_of_a_long_expression_is_shown(self):
        outcome = self.fails("1 +\n  2 ++", 6)
        self.assertIn("\n      2 ++\n", outcome.err)

    def test_a_caret_counts_characters_not_bytes(self):
        self.fails("'äöü' & )", 8)

    def test_names_that_do_not_exist_have_suggestions(self):
        outcome = self.fails("name.frist()", 5)
        self.assertIn("did you mean `first`?", outcome.err)
        self.fails("%nope", 0)

    def test_an_error_of_evaluation_names_the_resource(self):
        data = self.write("p.ndjson", patients(2) + patients(1, name=[{}, {}]))
        outcome = self.kiln("fhirpath", "name.single().exists()", data, status=1)
        self.assertEqual(outcome.rows, [False, False])
        self.assert_points_at(outcome, f"{data}:3:1")

    def test_a_bad_line_has_its_position(self):
        data = self.write("p.ndjson", patients(1) + ['{"resourceType":"Patient",}'])
        outcome = self.kiln("fhirpath", "id", data, status=1)
        self.assertEqual(outcome.rows, ["p0"])
        self.assert_points_at(outcome, f"{data}:2:27")

    def test_endless_and_huge_expressions_end_with_an_error(self):
        for expression, word in (
                ("1.repeatAll($this)", "too much memory"),
                ("1.repeat($this + 1)", "too m"),  # many steps, or much memory
                ("'a'.repeatAll($this & $this)", "too"),
                ("(" * 30000 + "1", "nested too deeply"),
                ("-" * 30000 + "1", "nested too deeply"),
                ("a" + ".a" * 20000, "nested too deeply"),
                ("1" + " + 1" * 10000, "nested too deeply"),
                ("'" + "x" * 70000 + "'", "longer than 65536 bytes")):
            with self.subTest(expression[:30]):
                outcome = self.kiln("fhirpath", expression, status=1)
                self.assertIn(word, outcome.err)
                self.assertLess(len(outcome.err), 1000)

    def test_usage(self):
        self.assertIn("EXPRESSION", self.kiln("fhirpath", status=2).err)
        self.assertIn("Pashent", self.kiln("fhirpath", "id", "--ast", "--resource", "Pashent",
                                           status=2).err)
        self.assertIn("--ast", self.kiln("fhirpath", "id", "--resource", "Patient", status=2).err)


if __name__ == "__main__":
    unittest.main()
