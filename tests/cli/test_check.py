"""kiln check: every problem with file, line, column and JSON path."""
import base64
import json
import unittest

from tests.support.cli import CliTest, view

BROKEN = """{
  "resourceType": "ViewDefinition",
  "name": "broken",
  "resource": "Patient",
  "select": [
    {"column": [
      {"name": "id", "path": "getResourceKey()"},
      {"name": "id", "path": "birthDat"},
      {"name": "2nd", "path": "name.first("}
    ]},
    {"forEach": "nme", "column": [{"name": "x", "path": "family"}]}
  ],
  "where": [{"path": "name"}]
}
"""


def library(sql, code="sql-query", labels=(), parameters=()):
    return json.dumps({
        "resourceType": "Library", "name": "counts",
        "type": {"coding": [{"code": code, "system":
                 "http://hl7.org/fhir/uv/sql-on-fhir/CodeSystem/LibraryTypesCodes"}]},
        "relatedArtifact": [{"type": "depends-on", "label": label, "resource": "http://v/" + label}
                            for label in labels],
        "parameter": [{"use": "in", "name": name, "type": "integer"} for name in parameters],
        "content": [{"contentType": "application/sql",
                     "data": base64.b64encode(sql.encode()).decode()}]}, indent=1)


class Check(CliTest):
    def test_issue_a_good_library_is_ok(self):
        path = self.write("q.json", library("SELECT count(*) FROM patients WHERE age > $age",
                                            labels=["patients"], parameters=["age"]))
        outcome = self.kiln("check", path)
        self.assertEqual(outcome.out, b"")
        self.assertIn(f"ok: {path}: SQLQuery counts, 1 tables, 1 parameters", outcome.err)

    def test_issue_all_errors_of_a_library_with_their_places(self):
        path = self.write("q.json", library("SELECT *\nFROM patient\nWHERE age > $agee",
                                            labels=["patients", "two words"], parameters=["age"]))
        outcome = self.kiln("check", path, status=1)
        self.assert_points_at(outcome, f"{path} (SQL):2:6, content[0].data")
        self.assertIn("did you mean `patients`?", outcome.err)
        self.assert_points_at(outcome, f"{path} (SQL):3:13, content[0].data")
        self.assertIn("did you mean `age`?", outcome.err)
        self.assertIn(", relatedArtifact[1].label", outcome.err)

    def test_issue_sql_errors_have_their_place(self):
        path = self.write("q.json", library("SELECT 1 +\n  FROM"))
        outcome = self.kiln("check", path, status=1)
        self.assertIn(f"{path} (SQL):2:", outcome.err)

    def test_issue_a_library_without_sql_is_an_error(self):
        path = self.write("q.json", library("SELECT 1", code="asset-collection"))
        self.assertIn(f"{path}:4:", self.kiln("check", path, status=1).err)

    def test_a_good_view_is_ok(self):
        path = self.write("good.json", view("id=id", "born=birthDate"))
        outcome = self.kiln("check", path)
        self.assertEqual(outcome.out, b"")
        self.assertIn("ok: " + path, outcome.err)
        self.assertIn("2 columns", outcome.err)

    def test_errors_of_form_come_with_their_places(self):
        path = self.write("broken.json", BROKEN)
        outcome = self.kiln("check", path, status=1)
        self.assert_points_at(outcome, f"{path}:9:16, select[0].column[2].name")

    def test_all_errors_of_meaning_are_reported_at_once(self):
        path = self.write("broken.json", BROKEN.replace('"2nd"', '"second"'))
        outcome = self.kiln("check", path, status=1)
        self.assertIn("two columns are named 'id'", outcome.err)
        self.assert_points_at(outcome, f"{path}:8:31, select[0].column[1].path")
        self.assertIn("did you mean `birthDate`?", outcome.err)
        # The end of the expression, behind the parenthesis.
        self.assert_points_at(outcome, f"{path}:9:46, select[0].column[2].path")
        self.assert_points_at(outcome, f"{path}:11:18, select[1].forEach")
        self.assert_points_at(outcome, f"{path}:13:22, where[0].path")

    def test_offsets_count_from_inside_the_quotes_and_over_escapes(self):
        path = self.write("v.json", '{"resource":"Patient","select":[{"column":[\n'
                          r'{"name":"x","path":"name.where(use = \u0027official\u0027).famly"}]}]}')
        outcome = self.kiln("check", path, status=1)
        column = r'{"name":"x","path":"name.where(use = \u0027official\u0027).famly"}'.index("famly")
        self.assert_points_at(outcome, f"{path}:2:{column + 1}, select[0].column[0].path")

    def test_json_errors_have_positions(self):
        path = self.write("v.json", '{\n "resource": "Patient",\n "select": [}\n')
        outcome = self.kiln("check", path, status=1)
        self.assert_points_at(outcome, f"{path}:3:13")

    def test_several_files_are_all_checked_and_one_error_is_enough(self):
        good = self.write("good.json", view("id=id"))
        bad = self.write("bad.json", view("id=idd"))
        outcome = self.kiln("check", bad, good, self.path("missing.json"), status=1)
        self.assertIn("ok: " + good, outcome.err)
        self.assertIn("'idd'", outcome.err)
        self.assertIn("missing.json: No such file", outcome.err)

    def test_warnings_and_hints_do_not_fail(self):
        suspicious = view("id=id", "given=name.given")
        suspicious["selekt"] = []
        path = self.write("v.json", suspicious)
        outcome = self.kiln("check", path)
        self.assertIn("unknown element: 'selekt'", outcome.err)
        self.assertIn("did you mean `select`?", outcome.err)
        self.assertIn("column 'given' may get several values", outcome.err)
        # The hint is check's alone.
        data = self.write("p.ndjson", [])
        self.assertNotIn("several values", self.kiln("run", path, "-d", data).err)

    def test_fhir_version_is_respected(self):
        path = self.write("v.json", view("c=class.code", resource="Encounter"))
        self.assertIn("ok: ", self.kiln("check", path).err)
        outcome = self.kiln("check", path, "--fhir-version", "R5", status=1)
        self.assertIn("'code' of CodeableConcept", outcome.err)
        outcome = self.kiln("check", path, "--fhir-version", "R9", status=2)
        self.assertIn("R9", outcome.err)

    def test_what_is_no_view_is_an_error(self):
        patient = self.write("p.json", {"resourceType": "Patient"})
        outcome = self.kiln("check", patient, status=1)
        self.assertIn("not a ViewDefinition: Patient", outcome.err)
        self.kiln("check", self.write("list.json", "[]"), status=1)
        self.kiln("check", self.write("empty.json", ""), status=1)

    def test_standard_input(self):
        good = json.dumps(view("id=id")).encode()
        self.assertIn("ok: -: sample over Patient", self.kiln("check", "-", stdin=good).err)
        outcome = self.kiln("check", "-", stdin=BROKEN.encode(), status=1)
        self.assert_points_at(outcome, "<stdin>:9:16, select[0].column[2].name")
        with open(self.write("v.json", good.decode()), "rb") as file:
            self.kiln("check", self.path("v.json"), "/dev/stdin", stdin=file)

    def test_standard_input_is_there_once(self):
        good = json.dumps(view("id=id")).encode()
        for names in (("-", "-"), ("-", "/dev/stdin"), ("/dev/fd/0", "-")):
            self.kiln("check", *names, stdin=good, status=2)

    def test_a_file_that_is_not_there_may_be_another_one(self):
        self.write("patients.json", view("id=id"))
        for path in (self.path("patinets.json"), self.path("Patients.JSON")):
            outcome = self.kiln("check", path, status=1)
            self.assertIn(f"did you mean `{self.path('patients.json')}`?", outcome.err)
        self.assertNotIn("did you mean", self.kiln("check", self.path("x.json"), status=1).err)
        self.assertNotIn("did you mean", self.kiln("check", self.path("no/v.json"), status=1).err)

    def test_a_view_in_a_bundle_or_in_parameters_is_found(self):
        for kind, member in (("Bundle", "entry"), ("Parameters", "parameter")):
            path = self.write(kind + ".json", {
                "resourceType": kind, member: [{"resource": {"resourceType": "Patient"}},
                                               {"resource": view("id=id", name="inside")}]})
            self.assertIn("inside over Patient", self.kiln("check", path).err)


if __name__ == "__main__":
    unittest.main()
