"""What the server says of itself: metadata, health, readiness, metrics, artefacts."""
import json
import os
import unittest

from tests.support.server import Server, export_of, view

PUBLISHED = {**view("Patient"), "id": "patients", "url": "http://example.org/patients"}
METRICS = ("kiln_export_jobs", "kiln_export_rows_total", "kiln_export_bytes_total",
           "kiln_export_job_duration_seconds", "kiln_export_deletion_debts",
           "kiln_export_reaped_total", "kiln_sink_errors_total", "kiln_http_requests_total",
           "kiln_http_request_duration_seconds")


class MetadataTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(data={"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'},
                            views={"patients.json": PUBLISHED})
        cls.addClassCleanup(cls.server.stop)

    def test_ops_6_metadata_lists_what_works(self):
        statement = self.server.get("/metadata").json()
        self.assertEqual(statement["resourceType"], "CapabilityStatement")
        self.assertEqual(statement["fhirVersion"], "4.0.1")
        rest = statement["rest"][0]
        names = {operation["name"] for operation in rest["operation"]}
        self.assertLessEqual({"viewdefinition-run", "viewdefinition-export"},
                             {name.lstrip("$") for name in names})
        kinds = {resource["type"] for resource in rest["resource"]}
        self.assertIn("ViewDefinition", kinds)

    def test_ops_6_operation_definitions_can_be_read(self):
        statement = self.server.get("/metadata").json()
        for operation in statement["rest"][0]["operation"]:
            canonical = operation["definition"]
            if not canonical.startswith(self.server.base):
                continue
            definition = self.server.request("GET", canonical).json()
            self.assertEqual(definition["resourceType"], "OperationDefinition")
            for parameter in definition["parameter"]:  # FHIR: a type or parts (opd-1)
                self.assertNotEqual("type" in parameter, "part" in parameter, parameter["name"])

    def test_cli_health_and_ready(self):
        self.assertEqual(self.server.get("/health").status, 200)
        self.assertEqual(self.server.get("/ready").status, 200)

    def test_ops_6_the_operations_definitions_are_whole(self):
        types = {one["type"]: one for one in
                 self.server.get("/metadata").json()["rest"][0]["resource"]}
        self.assertEqual([one["code"] for one in types["OperationDefinition"]["interaction"]],
                         ["read"])
        for name, out in (("viewdefinition-run", "return"), ("viewdefinition-export", "exportId")):
            parameters = self.server.get("/OperationDefinition/" + name).json()["parameter"]
            self.assertIn((out, "out"), [(one["name"], one["use"]) for one in parameters])
            formats = [one for one in parameters if one["name"] == "_format" and one["use"] == "in"]
            self.assertEqual("fhir" in formats[0]["documentation"], name == "viewdefinition-run")

    def test_ops_7_metrics(self):
        self.server.export(export_of(view("Patient"))).wait()
        text = self.server.get("/metrics").text
        for name in METRICS:
            self.assertIn("\n# TYPE " + name, "\n" + text)
        self.assertIn('kiln_export_jobs{state="completed"} ', text)
        self.assertRegex(text, r'kiln_http_requests_total\{route="[^"]+",status="202"\} [1-9]')

    def test_issue_metrics_count_failures_of_the_sink_from_zero(self):
        text = self.server.get("/metrics").text
        for operation in ("create", "write", "finish", "open", "read", "remove", "list"):
            self.assertIn('kiln_sink_errors_total{operation="%s"} 0' % operation, text)
        server = Server(data={"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'})
        self.addCleanup(server.stop)
        job = server.export(export_of(view("Patient")))
        url = job.outputs()["patient"][0]
        for path in server.exported_files():
            os.remove(path)
        self.assertEqual(server.get(url).status, 404)
        self.assertIn('kiln_sink_errors_total{operation="read"} 1', server.get("/metrics").text)
        server.wait_for_log("download failed")

    def test_issue_the_log_has_a_line_per_request_and_transition_with_the_job(self):
        server = Server("--log-format", "json", data={
            "Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'})
        self.addCleanup(server.stop)
        job = server.export(export_of(view("Patient"), _format="csv"))
        url = job.outputs()["patient"][0]
        server.get(url)
        server.request("DELETE", job.status_url)
        server.get("/export/" + "x" * 40)
        server.end()
        lines = [json.loads(line) for line in server.log_text().splitlines()]
        # Whoever has the id has the job, so that a log has its beginning only.
        self.assertNotIn(job.id, server.log_text())
        of_job = [line for line in lines if line.get("job") == job.id[:8]]
        events = [line["message"] for line in of_job if line["message"] != "request"]
        self.assertIn("export requested", events)
        self.assertEqual([one for one in events if one != "export requested"],
                         ["export accepted", "export in-progress", "export attempt ended",
                          "export completed"])
        requested = next(line for line in of_job if line["message"] == "export requested")
        self.assertEqual((requested["subjects"], requested["format"]), (1, "csv"))
        requests = [(line["method"], line["route"], line["status"]) for line in of_job
                    if line["message"] == "request"]
        for expected in (("GET", "/export/{job}", 303), ("GET", "/export/{job}/result", 200),
                         ("GET", "/export/{job}/files/{file}", 200),
                         ("DELETE", "/export/{job}", 202)):
            self.assertIn(expected, requests)
        posted = [line for line in lines if line.get("method") == "POST"]
        self.assertEqual([line["id"] for line in posted], [requested["id"]])
        # What is no job's id is not repeated.
        self.assertNotIn("x" * 40, server.log_text())

    def test_ops_6_published_views_can_be_read_and_searched(self):
        answer = self.server.get("/ViewDefinition/patients")
        self.assertEqual(answer.json()["url"], "http://example.org/patients")
        bundle = self.server.get("/ViewDefinition?url=http://example.org/patients").json()
        self.assertEqual((bundle["resourceType"], bundle["total"]), ("Bundle", 1))
        self.assertEqual(self.server.get("/ViewDefinition/other").status, 404)

    def test_cli_the_log_has_no_data(self):
        self.server.post("/$viewdefinition-run", view("Patient", secret="'s3cr3t-value'"))
        self.server.wait_for_log("$viewdefinition-run")
        self.assertNotIn("s3cr3t-value", self.server.log_text())


if __name__ == "__main__":
    unittest.main()
