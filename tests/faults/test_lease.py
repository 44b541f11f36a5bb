"""Two servers with one instance id over a shared sink: a copied state directory (issue 1.11)."""
import os
import shutil
import unittest

from tests.support.server import Server, export_of, view

DATA = {"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'}


class LeaseTest(unittest.TestCase):
    def server(self, *options, **how):
        server = Server("--export-cleanup-interval", "1", "--export-sink",
                        "file:" + self.exports, *options, data=DATA, **how)
        self.addCleanup(server.stop)
        return server

    def setUp(self):
        first = Server(start=False)
        self.addCleanup(first.stop)
        self.exports = os.path.join(first.folder, "shared")
        self.copy = os.path.join(first.folder, "copy")

    def copied(self, server, *options):
        """A second server over a copy of the first one's state as it is now."""
        shutil.copytree(server.state, self.copy)
        return self.server(*options, state=self.copy)

    def until_replaced(self, server):
        server.wait_until(lambda: server.get("/ready").status == 503, "it does not notice")

    def test_issue_1_11_the_other_servers_finished_output_stays(self):
        first = self.server()
        known = first.export(export_of(view("Patient")))
        known.wait()
        shutil.copytree(first.state, self.copy)
        unknown = first.export(export_of(view("Patient")))  # to the copy
        unknown.wait()
        second = self.server(state=self.copy)
        self.until_replaced(first)
        # Both have had time for more than a pass.
        own = second.export(export_of(view("Patient")))
        self.assertEqual(own.rows("patient"), [{"id": "a"}])
        second.request("DELETE", own.status_url + "/result")
        second.wait_until(lambda: not os.path.exists(self.folder_of(own)), "output stays")
        for job in (known, unknown):
            self.assertEqual(job.rows("patient"), [{"id": "a"}])
        first.restart()  # takes the lease back, and leaves what is the other's
        self.until_replaced(second)
        mine = first.export(export_of(view("Patient")))
        mine.wait()
        first.request("DELETE", mine.status_url + "/result")
        first.wait_until(lambda: not os.path.exists(self.folder_of(mine)), "output stays")
        for job in (known, unknown):
            self.assertEqual(job.rows("patient"), [{"id": "a"}])

    def folder_of(self, job):
        instance = [name for name in os.listdir(self.exports) if not name.startswith(".")][0]
        return os.path.join(self.exports, instance, job.id)

    def test_issue_1_11_a_replaced_server_deletes_nothing_and_says_so(self):
        first = self.server()
        jobs = [first.export(export_of(view("Patient"))) for _ in range(2)]
        for job in jobs:
            job.wait()
        second = self.copied(first)
        self.until_replaced(first)
        answer = first.get("/ready")
        self.assertEqual(answer.issues()[0][0], "transient")
        refused = first.kick_off(export_of(view("Patient")))
        self.assertEqual((refused.status, refused.issues()[0][0]), (503, "transient"))
        self.assertIn('kiln_export_obstacles{obstacle="lease"} 1', first.get("/metrics").text)
        first.wait_for_log("obstacle=lease")
        # Removed by its clients, but it is not for this server any more to delete it.
        self.assertEqual(first.request("DELETE", jobs[0].status_url + "/result").status, 202)
        self.assertEqual(jobs[0].poll().status, 404)
        self.assertEqual(jobs[1].rows("patient"), [{"id": "a"}])
        self.assertEqual(second.get("/ready").status, 200)
        self.assertTrue(os.path.exists(self.folder_of(jobs[0])))
        self.assertIn("kiln_export_deletion_debts 1", first.get("/metrics").text)

    def test_issue_1_10_a_new_state_names_the_instances_that_it_finds(self):
        first = self.server()
        first.export(export_of(view("Patient"))).wait()
        self.assertNotIn("instances=", first.log_text())
        instance = os.listdir(self.exports)[0]
        os.mkdir(os.path.join(self.exports, "notes"))
        second = self.server()
        second.wait_for_log(instance)
        self.assertNotIn("notes", second.log_text())
        second.restart()
        self.assertEqual(second.log_text().count("instances="), 1)


if __name__ == "__main__":
    unittest.main()
