"""A disk with no room left: a small file system of its own, where one may be mounted."""
import os
import random
import subprocess
import tempfile
import unittest

from tests.support.server import Server, export_of, view

ROWS = 200_000
# What does not get small in a Parquet file.
CHANCE = random.Random(7)
DATA = {"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n',
        "Observation.ndjson": "".join('{"resourceType":"Observation","id":"%040x"}\n'
                                      % CHANCE.getrandbits(160) for _ in range(ROWS))}
LARGE = view("Observation", id="id", again="id")
MIB = 1 << 20


class FullDiskTest(unittest.TestCase):
    def setUp(self):
        self.disk = tempfile.mkdtemp(prefix="kiln-disk-")
        self.addCleanup(os.rmdir, self.disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "none", self.disk],
                                 capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("cannot mount a small file system: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)

    def fill(self, name="filler"):
        """Takes all the room that is left."""
        with open(os.path.join(self.disk, name), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def files(self):
        return [name for _, _, names in os.walk(self.disk) for name in names]

    def check_fails_cleanly(self, server, form):
        job = server.export(export_of(view("Patient"), LARGE, _format=form))
        answer = job.wait()
        self.assertEqual((answer.status, answer.issues()[0][0]), (500, "exception"))
        self.assertNotIn(self.disk, answer.text)
        self.assertEqual(job.wait().body, answer.body)
        self.assertEqual(server.get(f"/export/{job.id}/files/patient.{form}").status, 404)
        server.wait_for_log("No space left")

    def test_issue_a_full_sink_fails_the_job_and_leaves_no_debris(self):
        server = Server("--export-sink", "file:" + self.disk, data=DATA)
        self.addCleanup(server.stop)
        for form in ("ndjson", "csv"):
            self.check_fails_cleanly(server, form)
            server.wait_until(lambda: not self.files(), f"debris: {self.files()}")
        # And there is room again.
        self.assertEqual(server.export(export_of(view("Patient"))).rows("patient"), [{"id": "a"}])

    def test_issue_a_full_scratch_folder_fails_the_job_and_leaves_no_debris(self):
        state = os.path.join(self.disk, "state")
        server = Server(data=DATA, state=state)
        self.addCleanup(server.stop)
        self.check_fails_cleanly(server, "parquet")
        server.wait_until(lambda: not server.exported_files(), "debris")
        self.assertEqual(os.listdir(os.path.join(state, "scratch")), [])
        self.assertEqual(server.export(export_of(view("Patient"))).rows("patient"), [{"id": "a"}])

    def test_issue_a_full_state_directory_takes_no_jobs_and_loses_none(self):
        server = Server(data=DATA, state=os.path.join(self.disk, "state"))
        self.addCleanup(server.stop)
        before = server.export(export_of(view("Patient")))
        manifest = before.wait()
        self.fill()
        for _ in range(5):
            answer = server.kick_off(export_of(view("Patient")))
            self.assertEqual((answer.status, answer.issues()[0][0]), (503, "transient"))
            self.assertNotIn(self.disk, answer.text)
        self.assertEqual(server.get("/ready").status, 503)
        self.assertIn('kiln_export_obstacles{obstacle="disk"} 1', server.get("/metrics").text)
        server.wait_for_log("obstacle=disk")
        self.assertEqual(before.wait().body, manifest.body)
        self.assertEqual(server.get("/health").status, 200)
        os.remove(os.path.join(self.disk, "filler"))
        self.assertEqual(server.export(export_of(view("Patient"))).rows("patient"), [{"id": "a"}])
        self.assertEqual(server.get("/ready").status, 200)
        server.restart(9)
        self.assertEqual(before.wait().json()["parameter"][0], manifest.json()["parameter"][0])

    def test_issue_1_8_a_cancel_on_a_full_disk(self):
        server = Server("--export-max-running", "1", data={
            **DATA, "Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n' * 400_000},
            state=os.path.join(self.disk, "state"))
        self.addCleanup(server.stop)
        # Output that does not fill the disk by itself: it has no rows.
        slow = view("Patient")
        slow["where"] = [{"path": "id.replaceMatches('a', 'b') = 'a'"}]
        jobs = [server.export(export_of(slow)) for _ in range(6)]
        self.fill()
        for job in jobs:
            self.assertEqual(server.request("DELETE", job.status_url).status, 202)
            self.assertEqual(job.poll().status, 404)
        server.wait_until(lambda: "kiln_export_deletion_debts 0" in server.get("/metrics").text,
                          "debts stay")
        os.remove(os.path.join(self.disk, "filler"))
        self.assertEqual(server.get("/ready").status, 200)
        self.assertTrue(os.path.exists(os.path.join(self.disk, "state", "reserve")))

    def expired_on_a_full_disk(self, then):
        """Output of 1.6 MB is what fills the disk, together with what is not ours."""
        state = os.path.join(self.disk, "state")
        server = Server("--export-output-ttl", "6", "--export-cleanup-interval", "1", data={
            "Observation.ndjson": '{"resourceType":"Observation","id":"%s"}\n' % ("o" * 30) * 40_000},
            state=state)
        self.addCleanup(server.stop)
        job = server.export(export_of(view("Observation")))
        job.wait()
        self.fill()
        then(server, state)
        self.assertEqual(server.get("/ready").status, 503)
        server.wait_until(lambda: not server.exported_files(), "expired output stays")
        self.assertEqual(job.poll().status, 404)
        server.wait_until(lambda: server.get("/ready").status == 200, "it does not recover")
        self.assertEqual(server.kick_off(export_of(view("Observation"))).status, 202)

    def test_issue_1_8_expired_output_goes_from_a_full_disk(self):
        self.expired_on_a_full_disk(lambda server, state: None)

    def test_issue_1_8_a_restart_on_a_full_disk(self):
        self.expired_on_a_full_disk(lambda server, state: server.restart(9))

    def test_issue_1_8_an_orderly_restart_on_a_full_disk(self):
        self.expired_on_a_full_disk(lambda server, state: server.restart())

    def test_issue_1_8_a_restart_without_any_reserve(self):
        def take_it(server, state):
            server.end(9)
            os.remove(os.path.join(state, "reserve"))
            self.fill("more")
            server.start()

        self.expired_on_a_full_disk(take_it)


if __name__ == "__main__":
    unittest.main()
