"""DELETE of a status URL (operations.md §4.5, §4.6)."""
import os
import unittest

from tests.support.server import Server, export_of, view

SLOW = view("Observation", id="id", x="id.replaceMatches('o', 'p')")


class CancelTest(unittest.TestCase):
    def setUp(self):
        self.server = Server("--export-max-running", "1", "--poll-limit", "1000", data={
            "Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n',
            "Observation.ndjson": '{"resourceType":"Observation","id":"o"}\n' * 600_000})
        self.addCleanup(self.server.stop)

    def delete(self, job):
        return self.server.request("DELETE", job.status_url)

    def assert_gone(self, job):
        for tail in ("", "/result", "/files/observation.ndjson", "/files/patient.ndjson"):
            answer = self.server.request("GET", job.status_url + tail)
            self.assertEqual((answer.status, answer.issues()[0][0]), (404, "not-found"), tail)

    def log_lines(self, job):
        return [line for line in self.server.log_text().splitlines() if job.id[:8] in line]

    def until_it_runs(self, job):
        self.server.wait_until(
            lambda: any("export in-progress" in line for line in self.log_lines(job)),
            "the job does not start")

    def test_ops_4_5_a_running_job(self):
        job = self.server.export(export_of(SLOW))
        self.until_it_runs(job)
        self.server.wait_until(self.server.exported_files, "it writes nothing")
        self.assertEqual(self.delete(job).status, 202)
        self.assert_gone(job)
        self.assertEqual(self.delete(job).status, 404)
        self.server.wait_until(lambda: not self.server.exported_files(), "its files stay")
        self.assertNotIn(job.id, self.server.get("/export").text)
        # The slot is back.
        self.assertEqual(self.server.export(export_of(view("Patient"))).rows("patient"),
                         [{"id": "a"}])
        self.assertEqual(len(self.server.exported_files()), 1)

    def test_issue_a_cancel_frees_the_slot_in_every_format(self):
        for form, more in (("csv", {}), ("json", {}), ("parquet", {}), ("csv", {"_compression": "gzip"}),
                           ("ndjson", {"_compression": "zstd"})):
            with self.subTest(form=form, **more):
                job = self.server.export(export_of(SLOW, _format=form, **more))
                self.until_it_runs(job)
                self.assertEqual(self.delete(job).status, 202)
                # The only slot has to be back for this one.
                self.server.export(export_of(view("Patient"))).manifest()
                self.assert_gone(job)
                self.server.wait_until(
                    lambda: not [path for path in self.server.exported_files() if job.id in path],
                    "its files stay")
                self.assertEqual(os.listdir(os.path.join(self.server.state, "scratch")), [])

    def test_ops_4_5_a_queued_job_never_starts(self):
        ahead = self.server.export(export_of(SLOW))
        queued = self.server.export(export_of(view("Patient")))
        self.assertEqual(self.delete(queued).status, 202)
        self.assert_gone(queued)
        self.assertEqual(self.delete(queued).status, 404)
        self.assertEqual(self.delete(ahead).status, 202)
        self.server.export(export_of(view("Patient"))).wait()
        self.assertFalse([line for line in self.log_lines(queued) if "in-progress" in line])

    def test_ops_4_5_a_completed_job_stays_as_it_is(self):
        job = self.server.export(export_of(view("Patient")))
        before = job.wait()
        for _ in range(2):
            self.assertEqual(self.delete(job).status, 202)
        self.assertEqual(job.poll().status, 303)
        after = job.wait()
        self.assertEqual((after.body, after.headers["Expires"]),
                         (before.body, before.headers["Expires"]))
        self.assertEqual(job.rows("patient"), [{"id": "a"}])

    def test_ops_4_5_a_failed_job_stays_as_it_is(self):
        server = Server(data={"Patient.ndjson": '{"resourceType":"Patient","id":7x\n'})
        self.addCleanup(server.stop)
        job = server.export(export_of(view("Patient")))
        before = job.wait()
        self.assertEqual(before.status, 422)
        for _ in range(2):
            self.assertEqual(server.request("DELETE", job.status_url).status, 202)
        self.assertEqual(job.wait().body, before.body)

    def test_ops_4_5_unknown_jobs_are_404(self):
        for name in ("0" * 32, "nonsense", ".."):
            answer = self.server.request("DELETE", "/export/" + name)
            self.assertEqual(answer.status, 404, name)

    def test_ops_4_6_a_cancelled_job_stays_gone_after_a_restart(self):
        job = self.server.export(export_of(SLOW))
        self.until_it_runs(job)
        self.assertEqual(self.delete(job).status, 202)
        self.server.restart()
        self.assert_gone(job)
        self.server.wait_until(lambda: not self.server.exported_files(), "its files stay")

    def remove(self, server, job):
        return server.request("DELETE", job.status_url + "/result").status

    def test_ops_7_delete_of_the_result_removes_a_finished_job(self):
        job = self.server.export(export_of(view("Patient")))
        self.assertEqual(job.wait().status, 200)
        self.assertEqual(self.remove(self.server, job), 202)
        self.assert_gone(job)
        self.assertEqual(self.remove(self.server, job), 404)
        self.assertEqual(self.delete(job).status, 404)
        self.assertNotIn(job.id, self.server.get("/export").text)
        self.server.wait_until(lambda: not self.server.exported_files(), "its files stay")
        self.server.restart()
        self.assert_gone(job)

    def test_ops_7_delete_of_the_result_removes_a_failed_job(self):
        server = Server(data={"Patient.ndjson": '{"resourceType":"Patient","id":7x\n'})
        self.addCleanup(server.stop)
        job = server.export(export_of(view("Patient")))
        self.assertEqual(job.wait().status, 422)
        self.assertEqual(self.remove(server, job), 202)
        self.assertEqual(job.poll().status, 404)
        self.assertEqual(self.remove(server, job), 404)

    def test_ops_7_delete_of_the_result_of_an_unfinished_job_is_404(self):
        running = self.server.export(export_of(SLOW))
        self.until_it_runs(running)
        queued = self.server.export(export_of(view("Patient")))
        unknown = running.status_url[:-4] + "0000"
        for url in (running.status_url, queued.status_url, unknown):
            answer = self.server.request("DELETE", url + "/result")
            self.assertEqual((answer.status, answer.issues()[0][0]), (404, "not-found"))
        self.assertEqual(running.poll().status, 202)
        self.assertEqual(self.delete(running).status, 202)
        self.assertEqual(queued.wait().status, 200)


if __name__ == "__main__":
    unittest.main()
