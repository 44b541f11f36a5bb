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


def library(sql, code="sql-query", labels=(), parameters=(), **more):
    return json.dumps({
        "resourceType": "Library", "name": "counts", **more,
        "type": {"coding": [{"code": code, "system":
                 "http://hl7.org/fhir/uv/sql-on-fhir/CodeSystem/LibraryTypesCodes"}]},
        "relatedArtifact": [{"type": "depends-on", "label": label, "resource": "http://v/" + label}
                            for label in labels],
        "parameter": [{"use": "in", "name": name, "type": "integer"} for name in parameters],
        "content": [{"contentType": "application/sql",
                     "data": base64.b64encode(sql.encode()).decode()}]}, indent=1)


class Libraries(CliTest):
    """The columns that a Library's SQL names, against those of what it depends on."""

    def setUp(self):
        super().setUp()
        self.patients = self.write("views/patients.json", view(
            "patient_id=id", "born=birthDate", "active=active", name="patients",
            url="http://v/patients"))
        self.write("views/conditions.json", view(
            "condition_id=id", "subject_id=subject.reference", name="conditions",
            resource="Condition", url="http://v/conditions"))
        self.views = self.path("views")

    def query(self, sql, labels=("patients",), **more):
        return self.write("q.json", library(sql, labels=labels, **more))

    def check(self, *files, status=0):
        return self.kiln("check", *files, "-v", self.views, status=status)

    def assert_column(self, sql, place, near, labels=("patients",)):
        path = self.query(sql, labels)
        outcome = self.check(path, status=1)
        self.assert_points_at(outcome, f"{path} (SQL):{place}")
        self.assertIn(f"did you mean `{near}`?", outcome.err)

    def test_issue_columns_are_there(self):
        path = self.query("SELECT patient_id, CAST(born AS DATE) AS day FROM patients\n"
                          "WHERE active = ($wanted = 1) AND length(born) < $least",
                          parameters=["wanted", "least"])
        self.assertIn(f"ok: {path}: SQLQuery counts, 1 tables, 2 parameters, 2 columns\n",
                      self.check(path).err)

    def test_issue_an_unknown_column_has_its_place_and_what_was_meant(self):
        self.assert_column("SELECT active,\n       patient_idd\nFROM patients", "2:8", "patient_id")
        self.assert_column("SELECT p.active\nFROM patients p\nWHERE p.borm > '2000'", "3:7", "born")
        self.assert_column('SELECT "p".active, "p" . "borm" FROM patients p', "1:20", "born")
        self.assert_column("WITH a AS (SELECT born FROM patients) SELECT a.bornn FROM a", "1:46",
                           "born")
        self.assert_column("SELECT pp.born FROM patients p", "1:8", "p")
        self.assert_column("SELECT idd FROM (SELECT patient_id AS id FROM patients) p\nJOIN\n"
                           "(SELECT condition_id AS id FROM conditions) c ON true", "1:8", "c.id",
                           ["patients", "conditions"])
        path = self.query("SELECT altogether_other FROM patients")
        outcome = self.check(path, status=1)
        self.assertNotIn("did you mean", outcome.err)
        # Where DuckDB knows no place there is the SQL at least.
        path = self.query("SELECT * EXCLUDE (borm) FROM patients")
        self.assert_points_at(self.check(path, status=1), f"{path} (SQL)")

    def test_issue_types_count(self):
        path = self.query("SELECT born + born AS twice FROM patients")
        self.assert_points_at(self.check(path, status=1), f"{path} (SQL):1:13")
        path = self.query("SELECT date_trunc('month', $day) AS m FROM patients",
                          parameters=["day"])  # an integer
        self.assert_points_at(self.check(path, status=1), f"{path} (SQL):1:8")
        self.assertIn("INTERVAL", self.check(self.query(
            "SELECT INTERVAL 1 DAY AS d FROM patients"), status=1).err)

    def test_issue_what_is_checked_too_may_be_depended_on(self):
        path = self.query("SELECT patient_idd FROM patients")
        outcome = self.kiln("check", path, self.patients, status=1)
        self.assert_points_at(outcome, f"{path} (SQL):1:8")
        self.assertIn("ok: " + self.patients, outcome.err)
        # It comes before that of the same name in the folder, and may stand in it.
        draft = self.write("drafts/patients.json", view("patient_idd=id", name="patients",
                                                        url="http://v/patients"))
        self.check(path, draft)
        self.check(path, self.patients, status=1)

    def test_issue_sql_views_have_columns(self):
        self.write("views/adults.json", library(
            "SELECT patient_id AS id FROM patients WHERE active", "sql-view", ["patients"],
            url="http://v/adults", name="adults"))
        self.assert_column("SELECT a.id, a.ids\nFROM adults a", "1:14", "id", ["adults"])
        self.assertIn("1 columns", self.check(self.query("SELECT id FROM adults",
                                                         ["adults"])).err)

    def test_issue_an_error_of_a_dependency_is_told_once(self):
        lost = self.write("views/lost.json", library(
            "SELECT patient_idd FROM patients", "sql-view", ["patients"], url="http://v/lost"))
        broken = self.write("views/broken.json", view("x=idd", name="broken", url="http://v/broken"))
        for name, place in ((lost, lost + " (SQL):1:8"),
                            (broken, broken + ":11:15, select[0].column[0].path")):
            label = name.split("/")[-1][:-5]
            path = self.query("SELECT * FROM " + label, [label])
            self.assert_points_at(self.check(path, status=1), place)
            outcome = self.check(name, path, status=1)
            self.assertEqual(outcome.err.count("  at " + place + "\n"), 1, outcome.err)
            self.assertIn("which stand above", outcome.err)

    def test_issue_what_is_not_there_is_told_and_no_error(self):
        path = self.query("SELECT nothing FROM patient", ["patient"])
        outcome = self.check(path)
        self.assertIn("warning: columns are not checked: no such ViewDefinition or SQLView: "
                      "http://v/patient\n", outcome.err)
        self.assertIn("did you mean `http://v/patients`?", outcome.err)
        self.assertIn("ok: " + path, outcome.err)
        self.assertIn("relatedArtifact[0].resource\n", outcome.err)
        self.kiln("check", "--strict", path, "-v", self.views, status=1)

    def test_issue_what_may_not_be_depended_on_is_an_error(self):
        self.write("views/q2.json", library("SELECT 1 AS one", url="http://v/q2"))
        outcome = self.check(self.query("SELECT one FROM q2", ["q2"]), status=1)
        self.assertIn("a SQLQuery cannot be depended on: http://v/q2", outcome.err)
        path = self.write("views/a.json", library("SELECT 1 AS one FROM b", "sql-view", ["b"],
                                                  url="http://v/a"))
        self.write("views/b.json", library("SELECT 1 AS one FROM a", "sql-view", ["a"],
                                           url="http://v/b"))
        self.assertIn("in a circle", self.check(path, status=1).err)

    def test_issue_what_is_declared_and_not_used_is_a_hint(self):
        path = self.query("SELECT born FROM patients", ["patients", "conditions"],
                          parameters=["age"])
        outcome = self.check(path)
        self.assertIn("the SQL does not mention the parameter: age", outcome.err)
        self.assertIn("the SQL does not mention the table: conditions", outcome.err)

    def test_issue_two_of_the_same_name_are_told(self):
        other = self.write("other/patients.json", view("x=id", name="patients",
                                                       url="http://v/patients"))
        outcome = self.kiln("check", self.patients, other, self.query("SELECT born FROM patients"))
        self.assertIn("two artefacts with the same", outcome.err)
        self.assertNotIn("two artefacts", self.kiln("check", self.patients, other).err)

    def test_standard_input_may_be_a_library(self):
        text = library("SELECT bornn FROM patients", labels=["patients"]).encode()
        outcome = self.kiln("check", "-", "-v", self.views, stdin=text, status=1)
        self.assert_points_at(outcome, "<stdin> (SQL):1:8")

    def test_a_folder_that_is_not_there(self):
        self.kiln("check", self.patients, "-v", self.path("nowhere"), status=1)


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
