"""$viewdefinition-run: levels, ways of asking, formats (operations.md §1, §2)."""
import base64
import http.client
import json
import unittest

from tests.support.server import Server, view

PATIENTS = "".join(json.dumps({"resourceType": "Patient", "id": f"p{i}", "active": i % 2 == 0}) + "\n"
                   for i in range(3))
PUBLISHED = {**view("Patient", id="id", active="active"), "id": "patients",
             "url": "http://example.org/patients", "version": "1"}


def inline(definition, *more):
    return {"resourceType": "Parameters",
            "parameter": [{"name": "viewResource", "resource": definition}, *more]}


class RunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(data={"Patient.ndjson": PATIENTS}, views={"patients.json": PUBLISHED})
        cls.addClassCleanup(cls.server.stop)

    def ids(self, answer):
        self.assertEqual(answer.status, 200, answer.text)
        return [json.loads(line)["id"] for line in answer.text.splitlines()]

    def assert_problem(self, answer, status, *issues):
        self.assertEqual((answer.status, answer.issues()), (status, list(issues)))

    def test_ops_1_the_three_levels(self):
        for answer in (
                self.server.get("/ViewDefinition/patients/$viewdefinition-run"),
                self.server.post("/ViewDefinition/patients/$viewdefinition-run",
                                 {"resourceType": "Parameters"}),
                self.server.get("/ViewDefinition/$viewdefinition-run"
                                "?viewReference=ViewDefinition/patients"),
                self.server.get("/$viewdefinition-run?viewCanonical=http://example.org/patients"),
                self.server.get("/$viewdefinition-run"
                                "?viewCanonical=http://example.org/patients%7C1"),
                self.server.post("/$viewdefinition-run", inline(PUBLISHED)),
                self.server.post("/ViewDefinition/$viewdefinition-run", inline(PUBLISHED))):
            self.assertEqual(self.ids(answer), ["p0", "p1", "p2"])

    def test_ops_1_older_names_and_a_bare_view(self):
        self.assertEqual(self.ids(self.server.post("/ViewDefinition/$run", PUBLISHED)),
                         ["p0", "p1", "p2"])
        self.assertEqual(self.ids(self.server.post("/ViewDefinition/patients/$run",
                                                   {"resourceType": "Parameters"})),
                         ["p0", "p1", "p2"])

    def test_ops_1_a_resource_cannot_come_by_get(self):
        self.assert_problem(self.server.get("/$viewdefinition-run?viewResource=x"), 400,
                            ("invalid", "viewResource"))

    def test_ops_1_one_way_of_naming_the_view(self):
        answer = self.server.get("/$viewdefinition-run")
        self.assert_problem(answer, 400, ("required", "viewCanonical"))
        self.assertEqual(answer.json()["issue"][0]["expression"],
                         ["viewCanonical", "viewReference", "viewResource"])
        answer = self.server.post("/$viewdefinition-run", inline(
            PUBLISHED, {"name": "viewReference", "valueReference": {"reference": "patients"}}))
        self.assertEqual((answer.status, answer.issues()[0][0]), (400, "invalid"))

    def test_ops_7_subject_parameters_at_instance_level_are_invalid(self):
        answer = self.server.post("/ViewDefinition/patients/$viewdefinition-run", inline(PUBLISHED))
        self.assert_problem(answer, 400, ("invalid", "viewResource"))

    def test_ops_6_404_unknown_subject(self):
        self.assert_problem(self.server.get("/ViewDefinition/nope/$viewdefinition-run"), 404,
                            ("not-found", ""))
        self.assert_problem(self.server.get("/$viewdefinition-run?viewReference=nope"), 404,
                            ("not-found", "viewReference"))

    def test_ops_7_405_a_named_path_is_no_id(self):
        answer = self.server.get("/ViewDefinition/$run")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))
        answer = self.server.request("DELETE", "/ViewDefinition/$run")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))

    def test_ops_7_limit_has_no_ceiling(self):
        answer = self.server.get(
            "/ViewDefinition/patients/$viewdefinition-run?_limit=" + "9" * 30)
        self.assertEqual(self.ids(answer), ["p0", "p1", "p2"])
        answer = self.server.get(
            "/ViewDefinition/patients/$viewdefinition-run?_limit=-" + "9" * 30)
        self.assert_problem(answer, 400, ("invalid", "_limit"))

    def test_ops_7_a_plus_that_nobody_encoded(self):
        path = "/ViewDefinition/patients/$viewdefinition-run"
        self.assertEqual(
            self.server.get(path + "?_since=2024-06-01T00:00:00+02:00").status, 200)
        answer = self.server.get(path + "?_format=application/fhir+json")
        self.assertEqual(answer.json()["resourceType"], "Parameters")

    def test_ops_6_a_resource_without_a_type_is_named(self):
        answer = self.server.post("/$viewdefinition-run", inline(
            PUBLISHED, {"name": "resource", "resource": {"id": "x"}}))
        self.assert_problem(answer, 400, ("invalid", "resource"))

    def test_ops_6_400_unknown_parameter(self):
        self.assert_problem(
            self.server.get("/ViewDefinition/patients/$viewdefinition-run?colour=red"), 400,
            ("not-supported", "colour"))
        answer = self.server.get("/ViewDefinition/patients/$viewdefinition-run?a%7Cb=1")
        self.assertEqual(answer.json()["issue"][0]["expression"], ["a|b"])

    def test_ops_6_422_a_view_that_does_not_compile(self):
        answer = self.server.post("/$viewdefinition-run", inline(view("Patient", bad="birthdate")))
        self.assertEqual(answer.status, 422)
        self.assertIn("viewResource", answer.issues()[0][1])

    def test_ops_2_formats(self):
        run = "/ViewDefinition/patients/$viewdefinition-run?_format="
        rows = [{"id": "p0", "active": True}, {"id": "p1", "active": False},
                {"id": "p2", "active": True}]
        csv = "id,active\np0,true\np1,false\np2,true\n"
        for spelling, kind, body in (("csv", "text/csv", csv), ("text/csv", "text/csv", csv)):
            answer = self.server.get(run + spelling)
            self.assertTrue(answer.headers["Content-Type"].startswith(kind))
            self.assertEqual(answer.text, body)
        self.assertEqual(self.server.get(run + "csv&header=false").text, csv.split("\n", 1)[1])
        answer = self.server.get(run + "json")
        self.assertTrue(answer.headers["Content-Type"].startswith("application/json"))
        self.assertEqual(answer.json(), rows)
        answer = self.server.get(run + "ndjson")
        self.assertTrue(answer.headers["Content-Type"].startswith("application/x-ndjson"))
        self.assertEqual([json.loads(line) for line in answer.text.splitlines()], rows)
        answer = self.server.get(run + "parquet")
        self.assertTrue(answer.headers["Content-Type"].startswith("application/vnd.apache.parquet"))
        self.assertEqual((answer.body[:4], answer.body[-4:]), (b"PAR1", b"PAR1"))

    def test_ops_2_fhir_rows(self):
        answer = self.server.get("/ViewDefinition/patients/$viewdefinition-run?_format=fhir&_limit=1")
        self.assertTrue(answer.headers["Content-Type"].startswith("application/fhir+json"))
        self.assertEqual(answer.json(), {"resourceType": "Parameters", "parameter": [
            {"name": "row", "part": [{"name": "id", "valueId": "p0"},
                                     {"name": "active", "valueBoolean": True}]}]})

    def test_ops_2_fhir_without_rows_has_no_parameter(self):
        answer = self.server.post("/$viewdefinition-run?_format=fhir", view("Group"))
        self.assertEqual(answer.json(), {"resourceType": "Parameters"})

    def test_ops_2_unknown_format_names_the_supported(self):
        answer = self.server.get("/ViewDefinition/patients/$viewdefinition-run?_format=xml")
        self.assert_problem(answer, 400, ("not-supported", "_format"))
        for name in ("ndjson", "csv", "json", "parquet"):
            self.assertIn(name, answer.text)

    def test_ops_2_accept_chooses_where_no_format_is_given(self):
        run = "/ViewDefinition/patients/$viewdefinition-run"
        for accept, kind in (("text/csv", "text/csv"), ("*/*", "application/x-ndjson"),
                             ("application/json;q=0.5, text/csv;q=0.4", "application/json"),
                             ("application/fhir+json", "application/fhir+json"),
                             ("image/png, */*;q=0.1", "application/x-ndjson")):
            answer = self.server.get(run, Accept=accept)
            self.assertEqual(answer.status, 200, accept)
            self.assertTrue(answer.headers["Content-Type"].startswith(kind), accept)

    def test_com_5_format_beats_accept(self):
        run = "/ViewDefinition/patients/$viewdefinition-run"
        raw = {"ndjson": "application/x-ndjson", "csv": "text/csv", "json": "application/json",
               "parquet": "application/vnd.apache.parquet", "fhir": "application/fhir+json"}
        for name, kind in raw.items():
            for accept in ("text/csv", "image/png", "application/octet-stream", "text/html, */*",
                           "application/json;q=0", "application/fhir+xml, text/csv",
                           "application/fhir+json, text/html;q=0.1"):
                answer = self.server.get(f"{run}?_format={name}", Accept=accept)
                self.assertEqual(answer.status, 200, (name, accept))
                self.assertTrue(answer.headers["Content-Type"].startswith(kind), (name, accept))
                self.assertFalse(answer.body.startswith(b'{"resourceType":"Binary"'))

    def test_ops_2_weights_that_are_none(self):
        run = "/ViewDefinition/patients/$viewdefinition-run"
        for weight in ("nan", "-1", "1e9", "inf", "x", "", "0x1"):
            answer = self.server.get(run, Accept=f"text/csv;Q=0.5, application/json;q={weight}")
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.headers["Content-Type"].startswith("application/json"), weight)

    def test_com_5_octet_stream_means_raw(self):
        run = "/ViewDefinition/patients/$viewdefinition-run"
        for accept in ("application/octet-stream", "application/octet-stream, image/png;q=0.5"):
            answer = self.server.get(run, Accept=accept)
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.headers["Content-Type"].startswith("application/x-ndjson"))

    def test_ops_6_406_what_cannot_be_represented(self):
        run = "/ViewDefinition/patients/$viewdefinition-run"
        for path, accept in ((run, "application/fhir+xml"), (run, "image/png"),
                             (run + "?_format=csv", "application/fhir+xml"),
                             (run + "?_format=fhir", "application/fhir+xml"),
                             (run + "?_format=ndjson", "application/fhir+json;q=0.5, text/csv;q=0"),
                             (run + "?_format=ndjson", "application/fhir+json"),
                             (run + "?_format=parquet", "application/fhir+json")):
            answer = self.server.get(path, Accept=accept)
            self.assertEqual((answer.status, answer.issues()[0][0]), (406, "not-supported"), path)

    def test_ops_2_a_binary_for_those_who_take_fhir_only(self):
        run = "/ViewDefinition/patients/$viewdefinition-run?_format="
        for name, kind in (("csv", "text/csv"), ("json", "application/json")):
            answer = self.server.get(run + name, Accept="application/fhir+json")
            binary = answer.json()
            self.assertEqual((binary["resourceType"], binary["contentType"]), ("Binary", kind))
            self.assertEqual(base64.b64decode(binary["data"]), self.server.get(run + name).body)

    def test_ops_2_limit(self):
        run = "/ViewDefinition/patients/$viewdefinition-run?_limit="
        self.assertEqual(self.ids(self.server.get(run + "2")), ["p0", "p1"])
        for bad in ("0", "-1", "x", "1.5"):
            self.assert_problem(self.server.get(run + bad), 400, ("invalid", "_limit"))

    def test_ops_1_the_body_beats_the_query(self):
        answer = self.server.post("/$viewdefinition-run?_limit=1",
                                  inline(PUBLISHED, {"name": "_limit", "valueInteger": 2}))
        self.assertEqual(self.ids(answer), ["p0", "p1"])

    def test_ops_1_resources_instead_of_the_servers_data(self):
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [
            {"resource": {"resourceType": "Patient", "id": "in-bundle"}},
            {"resource": {"resourceType": "Group", "id": "other"}}]}
        answer = self.server.post("/$viewdefinition-run", inline(
            PUBLISHED,
            {"name": "resource", "resource": {"resourceType": "Patient", "id": "given"}},
            {"name": "resource", "resource": {"resourceType": "Group", "id": "ignored"}},
            {"name": "resource", "resource": bundle}))
        self.assertEqual(self.ids(answer), ["given", "in-bundle"])

    def test_ops_7_source_and_context_are_not_supported(self):
        answer = self.server.get("/ViewDefinition/patients/$viewdefinition-run?source=x")
        self.assert_problem(answer, 400, ("not-supported", "source"))

    def test_ops_6_405_names_the_allowed_methods(self):
        answer = self.server.request("DELETE", "/ViewDefinition/patients/$viewdefinition-run")
        self.assertEqual(answer.status, 405)
        self.assertEqual(answer.headers["Allow"], "GET, HEAD, POST")
        self.assertEqual(answer.issues()[0][0], "not-supported")

    def test_ops_6_415_and_bad_json_with_its_place(self):
        answer = self.server.request("POST", "/$viewdefinition-run", "<a/>",
                                     {"Content-Type": "application/fhir+xml"})
        self.assertEqual((answer.status, answer.issues()[0][0]), (415, "not-supported"))
        answer = self.server.request("POST", "/$viewdefinition-run", '{"a":\n  }',
                                     {"Content-Type": "application/json"})
        self.assertEqual((answer.status, answer.issues()[0][0]), (400, "invalid"))
        self.assertIn("request body:2:3", answer.text)

    def test_ops_6_422_inline_artefact_of_another_kind(self):
        answer = self.server.post("/$viewdefinition-run",
                                  inline({"resourceType": "Patient", "id": "x"}))
        self.assertEqual((answer.status, answer.issues()[0]), (422, ("invalid", "viewResource")))

    def test_ops_2_rows_stream_in_chunks(self):
        lines = "".join(json.dumps({"resourceType": "Patient", "id": f"{i:0>50}"}) + "\n"
                        for i in range(50_000))
        server = Server(data={"Patient.ndjson": lines})
        self.addCleanup(server.stop)
        connection = server.connection()
        self.addCleanup(connection.close)
        connection.request("POST", "/$viewdefinition-run", json.dumps(view("Patient")),
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        self.assertEqual(response.headers["Transfer-Encoding"], "chunked")
        self.assertIsNone(response.headers["Content-Length"])
        self.assertEqual(response.read().count(b"\n"), 50_000)

    def test_ops_2_a_failure_in_mid_stream_cuts_the_body(self):
        lines = "".join(json.dumps({"resourceType": "Patient", "id": f"{i:0>50}"}) + "\n"
                        for i in range(100_000))
        server = Server(data={"Patient.ndjson": lines + '{"resourceType":"Patient","id":7x\n'})
        self.addCleanup(server.stop)
        with self.assertRaises((ConnectionError, http.client.IncompleteRead)):
            server.post("/$viewdefinition-run", view("Patient"))

    def test_ops_7_bad_data_before_the_first_row_is_422(self):
        server = Server(data={"Patient.ndjson": '{"resourceType":"Patient","id":7x\n'})
        self.addCleanup(server.stop)
        answer = server.post("/$viewdefinition-run", view("Patient"))
        self.assertEqual(answer.status, 422)


if __name__ == "__main__":
    unittest.main()
