"""What holds over any object store: a test module gives its Store to store_cases()."""
import hashlib
import json
import os
import subprocess
import unittest

from tests.cli.test_sql import library
from tests.support.server import Server, export_of, parts_of, view
from tests.support.services import BUCKET, Unavailable

PATIENTS = "".join(json.dumps({"resourceType": "Patient", "id": f"p{i:06}",
                               "birthDate": "1980-01-01"}) + "\n" for i in range(1000))
SLOW = "".join(json.dumps({"resourceType": "Observation", "id": f"o{i:07}", "status": "final"}) + "\n"
               for i in range(400_000))


class StoreCase(unittest.TestCase):
    store_class = None

    @classmethod
    def setUpClass(cls):
        cls.store = cls.store_class()
        try:
            cls.store.start()
        except Unavailable as reason:
            cls.store.stop()
            raise unittest.SkipTest(str(reason))

    @classmethod
    def tearDownClass(cls):
        cls.store.stop()

    def server(self, *options, **more):
        more.setdefault("data", {"Patient.ndjson": PATIENTS, "Observation.ndjson": SLOW})
        prefix = self.id().rsplit(".", 1)[1]
        server = Server("--export-sink", f"s3://{BUCKET}/{prefix}", *options,
                        environment=self.store.environment(), **more)
        self.addCleanup(server.stop)
        return server


def metric(server, name):
    for line in server.get("/metrics").text.splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    raise AssertionError(f"no metric {name}")


def store_cases(store):
    """The test cases over `store`, a class of tests.support.services."""

    class SinkContract(StoreCase):
        store_class = store

        def test_contract_of_sinks(self):
            program = os.path.join(os.environ["KILN_BUILD"], "tests", "kiln_s3_contract")
            result = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    text=True, env={**os.environ, **self.store.environment(),
                                                    "KILN_S3_BUCKET": BUCKET})
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertIn("[  PASSED  ]", result.stdout)
            self.assertNotIn("SKIPPED", result.stdout)

    class ExportToStore(StoreCase):
        store_class = store

        def test_export_is_downloaded_through_the_server(self):
            server = self.server()
            job = server.export(export_of(view("Patient", birth="birthDate"), _format="csv"))
            output = next(dict(parts) for name, parts in parts_of(job.manifest()) if name == "output")
            answer = server.get(output["location"])
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.text, "birth\n" + "1980-01-01\n" * 1000)
            self.assertEqual(answer.headers["ETag"].strip('"'), hashlib.sha256(answer.body).hexdigest())
            part = server.get(output["location"], Range="bytes=6-15")
            self.assertEqual((part.status, part.text), (206, "1980-01-01"))
            head = server.request("HEAD", output["location"])
            self.assertEqual(head.headers["Content-Length"], str(len(answer.body)))

        def test_exp_1_a_query_and_its_view_go_there(self):
            of_patients = {**view("Patient", id="id"), "id": "patients", "url": "http://x.org/patients"}
            server = self.server(views={"patients.json": of_patients})
            job = server.export({"resourceType": "Parameters", "parameter": [
                {"name": "subject", "part": [
                    {"name": "name", "valueString": "some"},
                    {"name": "subjectResource", "resource": library(
                        "SELECT id FROM p WHERE id < 'p000003' ORDER BY id DESC",
                        [("p", "http://x.org/patients")])}]},
                {"name": "subject", "part": [
                    {"name": "name", "valueString": "all"},
                    {"name": "subjectCanonical", "valueCanonical": "http://x.org/patients"}]}]},
                path="/$sql-export")
            self.assertEqual([row["id"] for row in job.rows("some")], ["p000002", "p000001", "p000000"])
            self.assertEqual(len(job.rows("all")), 1000)

        def test_large_output_goes_up_in_parts(self):
            server = self.server("--s3-part-size", "5MiB")
            job = server.export(export_of(view("Observation", id="id", a="status", b="id", c="id"),
                                          _format="ndjson"))
            output = next(dict(parts) for name, parts in parts_of(job.manifest()) if name == "output")
            body = server.get(output["location"]).body
            self.assertGreater(len(body), 15 << 20)
            self.assertEqual(body.count(b"\n"), 400_000)

        def test_presigned_download_is_at_the_store(self):
            server = self.server("--s3-presign")
            job = server.export(export_of(view("Patient"), _format="csv"))
            url = job.outputs()["patient"][0]
            answer = server.get(url)
            self.assertIn(answer.status, (302, 303, 307))
            location = answer.headers["Location"]
            self.assertTrue(location.startswith(self.store.endpoint), location)
            status, body = self.store.request("GET", location[len(self.store.endpoint):])
            self.assertEqual((status, body.count(b"\n")), (200, 1001))

        def test_exp_17_cancel_takes_the_output_away(self):
            server = self.server("--s3-part-size", "5MiB", "--export-cleanup-interval", "1")
            job = server.export(export_of(view("Patient"), view("Observation", id="id"),
                                          _format="ndjson"))
            self.assertEqual(server.request("DELETE", job.status_url).status, 202)
            self.assertEqual(job.poll().status, 404)
            server.wait_until(lambda: metric(server, "kiln_export_deletion_debts") == 0,
                              "the debt is not paid")
            self.assertEqual(self.files(server), [])

        def test_expired_output_goes(self):
            server = self.server("--export-output-ttl", "1", "--export-cleanup-interval", "1")
            job = server.export(export_of(view("Patient"), _format="csv"))
            job.manifest()
            server.wait_until(lambda: job.poll().status == 404, "the job does not expire")
            server.wait_until(lambda: self.files(server) == [], "the files do not go")

        def test_completed_job_survives_a_kill(self):
            server = self.server()
            job = server.export(export_of(view("Patient"), _format="csv"))
            url = job.outputs()["patient"][0]
            before = server.get(url).body
            server.restart(9)
            self.assertEqual(server.get(url).body, before)

        def test_a_kill_during_an_upload_leaves_only_the_next_attempts_file(self):
            server = self.server("--s3-part-size", "5MiB", "--export-cleanup-interval", "1")
            job = server.export(export_of(view("Observation", id="id", a="status", b="id", c="id"),
                                          _format="ndjson"))
            server.wait_until(lambda: self.files(server), "nothing is written")
            server.restart(9)
            self.assertEqual(len(job.rows("observation")), 400_000)
            server.wait_until(lambda: metric(server, "kiln_export_deletion_debts") == 0,
                              "the debt is not paid")
            server.wait_until(lambda: len(self.files(server)) == 1, "an attempt's file stays")

        def files(self, server):
            """Keys and unfinished uploads of this test."""
            return self.store.keys(self.id().rsplit(".", 1)[1])

    return SinkContract, ExportToStore
