"""A state directory that is removed, replaced or damaged (issue 1.10)."""
import os
import shutil
import unittest

from tests.support.server import Server, export_of, view

DATA = {"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'}


class LostStateTest(unittest.TestCase):
    def setUp(self):
        self.server = Server(data=DATA)
        self.addCleanup(self.server.stop)
        self.job = self.server.export(export_of(view("Patient")))
        self.job.wait()

    def path(self, name):
        return os.path.join(self.server.state, name)

    def expect_refusals(self):
        server = self.server
        answer = server.kick_off(export_of(view("Patient")))
        self.assertEqual((answer.status, answer.issues()[0][0]), (503, "transient"))
        self.assertNotIn(server.folder, answer.text)
        self.assertEqual(answer.headers.get_all("Retry-After"), ["30"])
        self.assertEqual(server.get("/ready").status, 503)
        self.assertEqual(server.get("/health").status, 200)
        self.assertEqual(server.get("/ViewDefinition").status, 200)
        self.assertIn('kiln_export_obstacles{obstacle="state"} 1', server.get("/metrics").text)
        server.wait_for_log("obstacle=state")

    def test_issue_1_10_the_database_is_removed(self):
        os.remove(self.path("jobs.sqlite"))
        self.expect_refusals()
        self.assertEqual(self.job.rows("patient"), [{"id": "a"}])

    def test_issue_1_10_the_lock_is_removed(self):
        os.remove(self.path("lock"))
        self.expect_refusals()
        self.assertEqual(self.job.rows("patient"), [{"id": "a"}])

    def test_issue_1_10_another_database_takes_its_place(self):
        shutil.copy(self.path("jobs.sqlite"), self.path("copy"))
        os.rename(self.path("copy"), self.path("jobs.sqlite"))
        self.expect_refusals()
        self.assertEqual(self.job.rows("patient"), [{"id": "a"}])

    def test_issue_1_10_everything_is_removed(self):
        shutil.rmtree(self.server.state)
        self.expect_refusals()
        self.assertEqual(self.job.wait().status, 200)

    def test_issue_1_10_the_database_is_written_over(self):
        with open(self.path("jobs.sqlite"), "r+b") as file:
            file.write(b"something else")
        self.expect_refusals()


class DamagedStateTest(unittest.TestCase):
    """At a start: told at once."""

    def check(self, harm):
        server = Server(data=DATA)
        self.addCleanup(server.stop)
        for _ in range(20):
            server.export(export_of(view("Patient"))).wait()
        self.assertEqual(server.end(), 0)
        with open(os.path.join(server.state, "jobs.sqlite"), "r+b") as file:
            harm(file)
        with self.assertRaises(AssertionError):
            server.start()
        self.assertEqual(server.end(), 1)
        self.assertIn("jobs.sqlite", server.log_text().splitlines()[-1])
        self.assertIn("damaged", server.log_text().splitlines()[-1])

    def test_issue_1_10_no_database(self):
        self.check(lambda file: file.write(b"something else altogether"))

    def test_issue_1_10_a_page_of_chance(self):
        def harm(file):
            size = file.seek(0, os.SEEK_END)
            for page in range(1, size // 4096):
                file.seek(page * 4096)
                file.write(b"\xa5" * 4096)

        self.check(harm)

    def test_issue_1_10_cut(self):
        self.check(lambda file: file.truncate(8192))


if __name__ == "__main__":
    unittest.main()
