"""What a restart finds, after an orderly end and after a kill (operations.md §4, §7)."""
import os
import shutil
import signal
import socket
import unittest
import urllib.parse

from tests.support.server import DEADLINE, Job, Server, export_of, view

SLOW = view("Observation", id="id", x="id.replaceMatches('o', 'p')")
ROWS = 200_000


class RestartTest(unittest.TestCase):
    def setUp(self):
        self.server = Server("--export-max-running", "1", data={
            "Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n',
            "Observation.ndjson": '{"resourceType":"Observation","id":"o"}\n' * ROWS})
        self.addCleanup(self.server.stop)

    def small_server(self, *options, **how):
        server = Server(*options, data={"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'},
                        **how)
        self.addCleanup(server.stop)
        return server

    def data_path(self, name):
        return os.path.join(self.server.folder, "data", name)

    def until_it_runs(self, job):
        self.server.wait_until(
            lambda: any(job.id[:8] in line and "export in-progress" in line
                        for line in self.server.log_text().splitlines()), "it does not start")

    def bodies(self, job):
        return {url.rsplit("/", 1)[1]: self.server.request("GET", url).body
                for urls in job.outputs().values() for url in urls}

    def check_completed(self, number):
        job = self.server.export(export_of(view("Patient"), SLOW))
        before = self.bodies(job)
        expires = job.wait().headers["Expires"]
        self.server.restart(number)
        self.assertEqual(self.bodies(job), before)
        self.assertEqual(job.wait().headers["Expires"], expires)

    def test_ops_4_a_completed_job_is_served_as_before(self):
        self.check_completed(signal.SIGTERM)

    def test_ops_4_a_completed_job_is_served_as_before_after_a_kill(self):
        self.check_completed(signal.SIGKILL)

    def check_unfinished(self, number):
        running = self.server.export(export_of(SLOW))
        queued = self.server.export(export_of(view("Patient")))
        self.until_it_runs(running)
        self.server.restart(number)
        self.assertEqual(len(running.rows("observation")), ROWS)
        self.assertEqual(queued.rows("patient"), [{"id": "a"}])
        # Nothing of the first attempt is left.
        self.server.wait_until(lambda: len(self.server.exported_files()) == 2,
                               f"orphans: {self.server.exported_files()}")

    def test_ops_4_unfinished_jobs_end_after_an_orderly_stop(self):
        self.check_unfinished(signal.SIGTERM)

    def test_ops_4_unfinished_jobs_end_after_a_kill(self):
        self.check_unfinished(signal.SIGKILL)

    def test_ops_7_input_that_changed_meanwhile_fails_the_job(self):
        running = self.server.export(export_of(SLOW))
        self.until_it_runs(running)
        self.server.end(signal.SIGKILL)
        with open(self.data_path("Observation.ndjson"), "w", encoding="utf-8") as file:
            file.write('{"resourceType":"Observation","id":"other"}\n')
        self.server.start()
        answer = running.wait()
        self.assertEqual((answer.status, answer.issues()[0][0]), (409, "conflict"))
        self.server.wait_until(lambda: not self.server.exported_files(), "its files stay")

    def test_ops_7_a_change_of_what_no_view_reads_is_nothing(self):
        running = self.server.export(export_of(SLOW))
        self.until_it_runs(running)
        self.server.end(signal.SIGKILL)
        os.remove(self.data_path("Patient.ndjson"))
        self.server.start()
        self.assertEqual(len(running.rows("observation")), ROWS)

    def test_exp_2_input_that_grew_meanwhile_is_read_to_its_old_length(self):
        running = self.server.export(export_of(SLOW))
        self.until_it_runs(running)
        self.server.end(signal.SIGKILL)
        with open(self.data_path("Observation.ndjson"), "a", encoding="utf-8") as file:
            file.write('{"resourceType":"Observation","id":"late"}\n')
        self.server.start()
        self.assertEqual(len(running.rows("observation")), ROWS)

    def test_ops_7_jobs_of_a_memory_sink_are_gone(self):
        server = self.small_server("--export-sink", "memory:")
        job = server.export(export_of(view("Patient")))
        self.assertEqual(job.rows("patient"), [{"id": "a"}])
        server.restart()
        self.assertEqual(job.poll().status, 404)

    def test_ops_4_a_sink_that_has_output_is_kept(self):
        """Of completed jobs, and what is owed to deletion."""
        server = self.small_server()
        job = server.export(export_of(view("Patient")))
        job.wait()
        server.end()
        options = list(server.options)
        server.options += ["--export-sink", "file:" + os.path.join(server.folder, "other")]
        with self.assertRaises(AssertionError):
            server.start()
        self.assertEqual(server.end(), 1)
        self.assertIn("the state directory has jobs whose output is in file:", server.log_text())
        server.options = options
        server.start()
        self.assertEqual(job.rows("patient"), [{"id": "a"}])

    def test_ops_4_a_sink_that_has_a_part_of_the_output_is_refused(self):
        server = self.small_server()
        jobs = [server.export(export_of(view("Patient"))) for _ in range(2)]
        for job in jobs:
            job.wait()
        server.end()
        other = os.path.join(server.folder, "other")
        shutil.copytree(os.path.join(server.state, "exports"), other)
        shutil.rmtree(os.path.join(other, os.listdir(other)[0], jobs[0].id))
        server.options += ["--export-sink", "file:" + other]
        with self.assertRaises(AssertionError):
            server.start()
        self.assertEqual(server.end(), 1)

    def test_ops_4_the_sink_is_known_by_every_name(self):
        """A folder that is not there yet, a final slash, a link."""
        server = self.small_server(start=False)
        folder = os.path.join(server.folder, "out")
        os.symlink(server.folder, os.path.join(server.folder, "link"))
        server.options += ["--export-sink", "file:" + folder]
        for name in (folder, folder + "/", os.path.join(server.folder, "link", "out")):
            server.options[-1] = "file:" + name
            server.start()
            job = server.export(export_of(view("Patient")))
            job.wait()
            for path, _, names in os.walk(folder, topdown=False):  # nothing that tells
                for one in names:
                    os.remove(os.path.join(path, one))
            server.end()
        server.options[-1] = "file:" + os.path.join(server.folder, "loop", "x")
        os.symlink("loop", os.path.join(server.folder, "loop"))
        with self.assertRaises(AssertionError):
            server.start()
        self.assertEqual(server.end(), 1)

    def test_ops_4_a_sink_can_be_moved_with_its_output(self):
        server = self.small_server()
        job = server.export(export_of(view("Patient")))
        job.wait()
        server.end()
        moved = server.state + "-moved"
        os.rename(server.state, moved)
        server.state = moved
        server.start()
        self.assertEqual(job.rows("patient"), [{"id": "a"}])

    def test_ops_4_a_sink_without_output_can_be_changed(self):
        server = self.small_server()
        server.end()
        server.options += ["--export-sink", "file:" + os.path.join(server.folder, "other")]
        server.start()
        self.assertEqual(server.export(export_of(view("Patient"))).rows("patient"), [{"id": "a"}])

    def test_ops_4_a_memory_sink_can_be_changed(self):
        server = self.small_server("--export-sink", "memory:")
        job = server.export(export_of(view("Patient")))
        job.wait()
        server.end()
        server.options[server.options.index("memory:")] = "file:"
        server.start()
        self.assertEqual(job.poll().status, 404)
        self.assertEqual(server.export(export_of(view("Patient"))).rows("patient"), [{"id": "a"}])

    def test_ops_4_6_foreign_files_in_the_sink_are_left_alone(self):
        job = self.server.export(export_of(view("Patient")))
        job.wait()
        instance = os.path.join(self.server.state, "exports",
                                os.listdir(os.path.join(self.server.state, "exports"))[0])
        orphan = os.path.join(instance, "f" * 32, "1")
        os.makedirs(orphan)
        foreign = [os.path.join(instance, "notes", "mine.txt"),
                   os.path.join(self.server.state, "exports", "other-server", "f" * 32, "1", "x")]
        for path in [*foreign, os.path.join(orphan, "left.csv")]:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write("x")
        self.server.restart()
        self.server.wait_until(lambda: not os.path.exists(os.path.dirname(orphan)),
                               "the orphan stays")
        for path in foreign:
            self.assertTrue(os.path.exists(path), path)
        self.assertEqual(job.rows("patient"), [{"id": "a"}])

    def test_ops_7_an_idempotency_key_outlives_a_restart(self):
        body = export_of(view("Patient"))
        first = self.server.kick_off(body, Idempotency_Key="k")
        self.server.restart(signal.SIGKILL)
        again = self.server.kick_off(body, Idempotency_Key="k")
        self.assertEqual(Job(self.server, first.headers["Content-Location"]).id,
                         Job(self.server, again.headers["Content-Location"]).id)

    def test_cli_sigterm_cuts_what_does_not_end(self):
        """A download that is not taken is reset, never ended as if it were whole."""
        job = self.server.export(export_of(view("Observation", id="id", a="id", b="id", c="id")))
        url = urllib.parse.urlsplit(job.outputs()["observation"][0])
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(DEADLINE)
            client.connect((url.hostname, url.port))
            client.sendall(f"GET {url.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 200 "))
            self.assertEqual(self.server.end(signal.SIGTERM), 0)
            with self.assertRaises(ConnectionResetError):
                while client.recv(1 << 20):
                    pass

    def test_cli_sigterm_exits_0(self):
        self.server.export(export_of(SLOW))
        self.assertEqual(self.server.end(signal.SIGTERM), 0)


if __name__ == "__main__":
    unittest.main()
