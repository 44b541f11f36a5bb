"""An object store that misbehaves: a proxy before moto spoils each request of an upload, a download and
a deletion in each way, once and for good (docs/impl/sinks.md)."""
import concurrent.futures
import hashlib
import json
import signal
import unittest

from tests.support.fault_proxy import FaultProxy
from tests.support.server import Server, export_of, view
from tests.support.services import BUCKET, Moto, Unavailable

ROWS = 120_000
DATA = {"Observation.ndjson": "".join(
    json.dumps({"resourceType": "Observation", "id": f"{i:040}"}) + "\n" for i in range(ROWS))}
PASSING = ("500", "503", "slow-down", "cut", "cut-answer", "delay", "stall", "stall-answer")


DELETING = ("list-type=", "&uploads= ", "?delete= ", "DELETE /")


class S3FaultCase(unittest.TestCase):
    options = ()
    data = DATA

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
                             "--export-cleanup-interval", "1", "--export-max-running", "1",
                             *self.options, data=self.data,
                             environment={**self.store.environment(),
                                          "AWS_ENDPOINT_URL_S3": self.proxy.endpoint})
        self.addCleanup(self.server.stop)

    def export(self):
        return self.server.export(export_of(view("Observation", id="id"), _format="ndjson"))

    def stored(self):
        return self.store.keys(self.prefix)

    def spoil(self, fault, *words):
        """From now on, each request whose first line has one of the words."""
        self.spoiled = []

        def choose(number):
            line = self.proxy.requests[number - 1]
            if not any(word in line for word in words):
                return None
            self.spoiled.append(line)
            return fault

        self.proxy.fault = choose


class PassingFaultTest(S3FaultCase):
    """What comes once is got over; what stays is told, and owed."""
    options = ("--s3-timeout", "1")

    def asked(self):
        """Requests without those of the lease, which come by the clock."""
        return [line for line in self.proxy.requests if "/.lease" not in line]

    def spoil_request(self, number, fault):
        self.proxy.fault = lambda n: (fault if "/.lease" not in self.proxy.requests[n - 1]
                                      and len(self.asked()) == number else None)

    def requests_of_an_export(self):
        before = len(self.asked())
        self.export().manifest()
        return len(self.asked()) - before

    def test_a_fault_at_each_request_of_an_upload_is_got_over(self):
        self.requests_of_an_export()  # with what a start looks for
        requests = self.requests_of_an_export()
        self.assertGreaterEqual(requests, 4, self.proxy.requests)  # begin, two parts, complete
        jobs = 2
        for at in range(1, requests + 1):
            for fault in PASSING:
                with self.subTest(request=at, fault=fault):
                    self.spoil_request(len(self.asked()) + at, fault)
                    rows = self.export().rows("observation")
                    jobs += 1
                    self.assertEqual((len(rows), rows[-1]["id"]), (ROWS, f"{ROWS - 1:040}"))
                    self.assertEqual(len(self.store.keys(self.prefix, uploads=False)), jobs)
        # Uploads that began in answers that were lost stay until their jobs' output goes.
        self.assertLessEqual(len(self.stored()), jobs + 2)

    def test_a_fault_at_each_request_of_a_download_is_got_over(self):
        url = self.export().outputs()["observation"][0]
        start = len(self.asked())
        whole = self.server.get(url)
        self.assertEqual(hashlib.sha256(whole.body).hexdigest(), whole.headers["ETag"].strip('"'))
        requests = len(self.asked()) - start
        self.assertGreaterEqual(requests, 3)
        for at in range(1, requests + 1):
            for fault in PASSING:
                with self.subTest(request=at, fault=fault):
                    self.spoil_request(len(self.asked()) + at, fault)
                    self.assertEqual(self.server.get(url).body, whole.body)

    def check_down(self, fault):
        """The store is away for longer than a job: the job fails, its output is owed, and goes when
        the store is back, though the server was restarted meanwhile."""
        begun = []

        def spoil(number):
            if "partNumber=2" in self.proxy.requests[number - 1]:
                begun.append(number)
            return fault if begun else None

        self.proxy.fault = spoil
        job = self.export()
        answer = job.wait()
        self.assertEqual((answer.status, answer.issues()[0][0]), (500, "exception"))
        self.assertNotIn("127.0.0.1", answer.text)  # where the store is, is nobody's business
        self.assertTrue(self.stored())
        self.server.end(9)
        if fault != "cut":  # a store that refuses is a fault of the options: there is no start
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
        self.check_down("cut")

    def test_ops_6_503_a_download_from_a_store_that_is_down(self):
        url = self.export().outputs()["observation"][0]
        for fault, expected in (("cut", (503, "transient")), ("503", (503, "transient")),
                                ("revoked", (500, "exception"))):
            self.proxy.fault = lambda number: fault
            answer = self.server.get(url)
            self.assertEqual((answer.status, answer.issues()[0][0]), expected, fault)
            self.assertNotIn("127.0.0.1", answer.text)
        self.proxy.fault = lambda number: None
        self.assertEqual(self.server.get(url).status, 200)


class DeletionFaultTest(S3FaultCase):
    """What is deleted is a finished file and half of another."""
    options = ("--s3-timeout", "1", "--export-part-rows", str(ROWS))
    data = {"Observation.ndjson": 2 * DATA["Observation.ndjson"]}

    def test_a_fault_at_each_request_of_a_deletion_is_got_over(self):
        for at in (1, 2, 3, 4):  # list of uploads, the end of one, list of objects, their removal
            for fault in PASSING:
                with self.subTest(request=at, fault=fault):
                    self.check(at, fault)

    def check(self, at, fault):
        deleting = []

        def spoil(number):
            line = self.proxy.requests[number - 1]
            if "part2" in line and "partNumber=1" in line:
                return "stall"
            if not any(word in line for word in DELETING):
                return None
            deleting.append(line)
            return fault if len(deleting) == at else None

        self.proxy.fault = spoil
        job = self.export()
        self.server.wait_until(lambda: len(self.stored()) == 2, "it is not half done")
        self.assertEqual(self.server.request("DELETE", job.status_url).status, 202)
        self.server.wait_until(lambda: not self.stored(), "output stays")
        self.assertGreaterEqual(len(deleting), at)


class EndlessListTest(S3FaultCase):
    """A store that says for ever that there is more (issue 1.9)."""
    data = {"Observation.ndjson": '{"resourceType":"Observation","id":"o"}\n'}

    def test_issue_1_9_a_list_without_end_keeps_nothing_from_being_deleted(self):
        self.server.wait_until(lambda: any("delimiter=" in line for line in self.proxy.requests),
                               "no look for orphans")
        self.spoil("endless", "delimiter=")
        self.server.restart()
        removed, kept = self.export(), self.export()
        for job in (removed, kept):
            job.wait()
        self.server.wait_until(lambda: self.spoiled, "no look for orphans")
        self.assertEqual(self.server.request("DELETE", removed.status_url + "/result").status, 202)
        self.server.wait_until(lambda: not [key for key in self.stored() if removed.id in key],
                               "output stays")
        self.assertLessEqual(len(self.spoiled), 50)
        self.assertRegex(self.server.get("/metrics").text,
                         'kiln_sink_errors_total{operation="list"} [1-9]')
        self.server.wait_for_log("does not end")
        self.assertEqual(len(kept.rows("observation")), 1)

    def test_issue_1_9_nor_does_a_deletion_ask_without_end(self):
        job = self.export()
        job.wait()
        self.spoil("endless", job.id + "%2F HTTP")
        self.server.request("DELETE", job.status_url + "/result")
        self.server.wait_until(lambda: len(self.spoiled) >= 2, "nothing is deleted")
        self.assertLessEqual(len(self.spoiled), 50)
        self.assertIn("kiln_export_deletion_debts 1", self.server.get("/metrics").text)
        self.proxy.fault = lambda number: None
        self.server.wait_until(lambda: not self.stored(), "output stays")


class StalledStoreTest(S3FaultCase):
    """A store that takes requests and says nothing holds up nobody who need not wait for it."""
    options = ("--s3-timeout", "3600", "--request-timeout", "5")

    def test_ops_4_5_a_cancel_frees_the_slot(self):
        self.spoil("stall", "partNumber=1")
        job = self.export()
        self.server.wait_until(lambda: self.spoiled, "no part is sent")
        self.assertEqual(self.server.request("DELETE", job.status_url).status, 202)
        self.proxy.fault = lambda number: None
        self.assertEqual(len(self.export().rows("observation")), ROWS)
        self.server.wait_until(lambda: len(self.stored()) == 1, "output stays")

    def test_cli_sigterm_during_an_upload(self):
        self.spoil("stall", "partNumber=1")
        self.export()
        self.server.wait_until(lambda: self.spoiled, "no part is sent")
        self.assertEqual(self.server.end(signal.SIGTERM), 0)

    def test_cli_sigterm_during_a_deletion(self):
        self.spoil("stall", "partNumber=1")
        job = self.export()
        self.server.wait_until(lambda: self.spoiled, "no part is sent")
        self.spoil("stall", job.id + "%2F&uploads= ")
        self.assertEqual(self.server.request("DELETE", job.status_url).status, 202)
        self.server.wait_until(lambda: self.spoiled, "nothing is deleted")
        self.assertEqual(self.server.end(signal.SIGTERM), 0)
        self.proxy.fault = lambda number: None
        self.server.start()
        self.server.wait_until(lambda: not self.stored(), "output stays")

    def test_cli_sigterm_during_downloads(self):
        url = self.export().outputs()["observation"][0]
        self.spoil("stall", "GET /")
        connections = [self.server.connection() for _ in range(20)]
        for connection in connections:
            self.addCleanup(connection.close)
            connection.request("GET", url)
        self.server.wait_until(lambda: self.spoiled, "nothing is read")
        self.assertEqual(self.server.end(signal.SIGTERM), 0)

    def test_issue_downloads_that_wait_hold_up_no_other_request(self):
        job = self.export()
        url = job.outputs()["observation"][0]
        self.spoil("stall", "GET /")
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            waiting = [pool.submit(self.server.get, url) for _ in range(40)]
            self.server.wait_until(lambda: len(self.spoiled) >= 8, "nothing is read")
            self.assertEqual(job.poll().status, 303)
            self.assertEqual(self.server.get("/health").status, 200)
            self.assertFalse(any(one.done() for one in waiting))
            for one in waiting:
                answer = one.result()
                self.assertEqual((answer.status, answer.issues()[0][0]), (504, "timeout"))


if __name__ == "__main__":
    unittest.main()
