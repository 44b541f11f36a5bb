"""What the server says of itself: metadata, health, readiness, metrics, artefacts."""
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

    def test_cli_health_and_ready(self):
        self.assertEqual(self.server.get("/health").status, 200)
        self.assertEqual(self.server.get("/ready").status, 200)

    def test_ops_7_metrics(self):
        self.server.export(export_of(view("Patient"))).wait()
        text = self.server.get("/metrics").text
        for name in METRICS:
            self.assertIn("\n# TYPE " + name, "\n" + text)
        self.assertIn('kiln_export_jobs{state="completed"} ', text)
        self.assertRegex(text, r'kiln_http_requests_total\{route="[^"]+",status="202"\} [1-9]')

    def test_ops_6_published_views_can_be_read_and_searched(self):
        answer = self.server.get("/ViewDefinition/patients")
        self.assertEqual(answer.json()["url"], "http://example.org/patients")
        bundle = self.server.get("/ViewDefinition?url=http://example.org/patients").json()
        self.assertEqual((bundle["resourceType"], bundle["total"]), ("Bundle", 1))
        self.assertEqual(self.server.get("/ViewDefinition/other").status, 404)

    def test_cli_the_log_has_no_data(self):
        self.server.post("/$viewdefinition-run", view("Patient", secret="'s3cr3t-value'"))
        self.assertNotIn("s3cr3t-value", self.server.log_text())


if __name__ == "__main__":
    unittest.main()
