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

    def fill(self):
        """Takes all the room that is left."""
        with open(os.path.join(self.disk, "filler"), "wb", buffering=0) as file:
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
        answers = [server.kick_off(export_of(view("Patient"))) for _ in range(20)]
        self.assertIn(503, [answer.status for answer in answers])
        for answer in answers:
            if answer.status != 202:
                self.assertEqual((answer.status, answer.issues()[0][0]), (503, "transient"))
                self.assertNotIn(self.disk, answer.text)
        self.assertEqual(before.wait().body, manifest.body)
        self.assertEqual(server.get("/health").status, 200)
        os.remove(os.path.join(self.disk, "filler"))
        self.assertEqual(server.export(export_of(view("Patient"))).rows("patient"), [{"id": "a"}])
        # What was accepted came to its end.
        server.wait_until(lambda: "accepted" not in server.get("/export").text
                          and "in-progress" not in server.get("/export").text, "a job hangs")
        server.restart(9)
        self.assertEqual(before.wait().json()["parameter"][0], manifest.json()["parameter"][0])


if __name__ == "__main__":
    unittest.main()
