"""An object store that misbehaves: a proxy before moto spoils each request of an upload and a deletion
in each way, once and for good (docs/impl/sinks.md)."""
import json
import unittest

from tests.support.fault_proxy import FaultProxy
from tests.support.server import Server, export_of, view
from tests.support.services import BUCKET, Moto, Unavailable

ROWS = 120_000
DATA = {"Observation.ndjson": "".join(
    json.dumps({"resourceType": "Observation", "id": f"{i:040}"}) + "\n" for i in range(ROWS))}
PASSING = ("500", "503", "slow-down", "cut", "cut-answer")


class S3FaultTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = Moto()
        try:
            cls.store.start()
        except Unavailable as reason:
            cls.store.stop()
            raise unittest.SkipTest(str(reason))

    @classmethod
    def tearDownClass(cls):
        cls.store.stop()

    def setUp(self):
        self.proxy = FaultProxy(self.store.port)
        self.addCleanup(self.proxy.stop)
        self.prefix = self.id().rsplit(".", 1)[1]
        self.server = Server("--export-sink", f"s3://{BUCKET}/{self.prefix}", "--s3-part-size", "5MiB",
                             "--export-cleanup-interval", "1", data=DATA,
                             environment={**self.store.environment(),
                                          "AWS_ENDPOINT_URL_S3": self.proxy.endpoint})
        self.addCleanup(self.server.stop)

    def export(self):
        return self.server.export(export_of(view("Observation", id="id"), _format="ndjson"))

    def stored(self):
        return self.store.keys(self.prefix)

    def requests_of_an_export(self):
        before = len(self.proxy.requests)
        self.export().manifest()
        return len(self.proxy.requests) - before

    def test_a_fault_at_each_request_of_an_upload_is_got_over(self):
        self.requests_of_an_export()  # with what a start looks for
        requests = self.requests_of_an_export()
        self.assertGreaterEqual(requests, 4, self.proxy.requests)  # begin, two parts, complete
        jobs = 2
        for at in range(1, requests + 1):
            for fault in PASSING:
                with self.subTest(request=at, fault=fault):
                    start = len(self.proxy.requests)
                    self.proxy.fault = lambda n: fault if n == start + at else None
                    rows = self.export().rows("observation")
                    jobs += 1
                    self.assertEqual((len(rows), rows[-1]["id"]), (ROWS, f"{ROWS - 1:040}"))
                    self.assertEqual(len(self.store.keys(self.prefix, uploads=False)), jobs)
        # An upload that began in an answer that was lost stays until its job's output goes.
        self.assertLessEqual(len(self.stored()), jobs + 1)

    def test_a_fault_at_each_request_of_a_deletion_is_got_over(self):
        for at in (1, 2, 3):
            for fault in PASSING:
                with self.subTest(request=at, fault=fault):
                    deleting = []

                    def spoil(number):
                        line = self.proxy.requests[-1]
                        if not any(word in line for word in ("list-type", "?delete", "uploads&")):
                            return None
                        deleting.append(line)
                        return fault if len(deleting) == at else None

                    job = self.export()
                    self.server.wait_until(self.stored, "nothing is written")
                    self.proxy.fault = spoil
                    self.server.request("DELETE", job.status_url)
                    if job.poll().status == 404:
                        self.server.wait_until(lambda: not self.stored(), "output stays")
                    self.proxy.fault = lambda number: None
                    self.tidy()

    def tidy(self):
        """Completed before the cancel came: nothing of it is owed. A new prefix of keys to look at."""
        for line in self.stored():
            self.store.request("DELETE", f"/{BUCKET}/{line}")

    def check_down(self, fault):
        """The store is away for longer than a job: the job fails, its output is owed, and goes when
        the store is back, though the server was restarted meanwhile."""
        begun = []

        def spoil(number):
            if "partNumber=2" in self.proxy.requests[-1]:
                begun.append(number)
            return fault if begun else None

        self.proxy.fault = spoil
        job = self.export()
        answer = job.wait()
        self.assertEqual((answer.status, answer.issues()[0][0]), (500, "exception"))
        self.assertNotIn("127.0.0.1", answer.text)  # where the store is, is nobody's business
        self.assertTrue(self.stored())
        self.server.end(9)
        if fault != "down":  # a store that refuses is a fault of the options: there is no start
            self.proxy.fault = lambda number: None
        self.server.start()
        self.assertEqual(job.wait().json(), answer.json())
        self.proxy.fault = lambda number: None
        self.server.wait_until(lambda: not self.stored(), "the output stays")
        self.assertEqual(len(self.export().rows("observation")), ROWS)

    def test_credentials_revoked(self):
        self.check_down("revoked")

    def test_a_clock_that_is_wrong(self):
        self.check_down("clock")

    def test_a_store_that_is_down(self):
        self.check_down("down")


if __name__ == "__main__":
    unittest.main()
