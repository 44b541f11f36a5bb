"""Files that hold up whoever opens them (data, views, exported ones), and more data files than
descriptors."""
import json
import os
import resource
import signal
import socket
import subprocess
import tempfile
import unittest

from tests.support.held_open import held_open
from tests.support.server import DEADLINE, KILN, Server, export_of, view

PATIENTS = "".join(f'{{"resourceType":"Patient","id":"p{i}"}}\n' for i in range(5))


class DataFilesTest(unittest.TestCase):
    def serve(self, *options, **how):
        server = Server(*options, **how)
        self.addCleanup(server.stop)
        return server

    def run_view(self, server, name="Patient"):
        return server.post("/$viewdefinition-run?_format=ndjson", view(name))

    def test_a_fifo_among_the_data_holds_up_nobody(self):
        server = self.serve(data={"Patient.ndjson": PATIENTS, "Group.ndjson": ""})
        self.assertEqual(len(self.run_view(server).text.splitlines()), 5)
        path = os.path.join(server.folder, "data", "Group.ndjson")
        os.remove(path)
        os.mkfifo(path)
        for _ in range(20):  # more than there are threads
            self.assertEqual(self.run_view(server).status, 503)
            self.assertEqual(server.kick_off(export_of(view("Patient"))).status, 503)
        for path_of_server in ("/health", "/metadata", "/metrics"):
            self.assertEqual(server.get(path_of_server).status, 200)
        server.wait_for_log("Group.ndjson")
        os.remove(path)
        self.assertEqual(len(self.run_view(server).text.splitlines()), 5)

    def test_a_data_file_that_does_not_answer_is_503(self):
        server = self.serve(data={"Patient.ndjson": PATIENTS, "Group.ndjson": ""})
        path = os.path.join(server.folder, "data", "Group.ndjson")
        with held_open(path):
            for _ in range(20):  # the first one has waited for all
                answer = self.run_view(server)
                self.assertEqual(answer.status, 503)
                self.assertIn("Retry-After", answer.headers)
                self.assertEqual(server.get("/health").status, 200)
            server.wait_for_log("does not answer: " + path)
        server.wait_until(lambda: self.run_view(server).status == 200, "it answers again")

    def test_views_that_do_not_answer_are_not_reloaded(self):
        server = self.serve(data={"Patient.ndjson": PATIENTS}, views={"a.json": view("Patient")})
        path = os.path.join(server.folder, "views", "a.json")

        def reload(line):
            before = server.log_text().count(line)
            server.process.send_signal(signal.SIGHUP)
            server.wait_until(lambda: server.log_text().count(line) > before,
                              "not in the log: " + line)

        def rows():
            return len(server.get("/ViewDefinition/a/$viewdefinition-run").text.splitlines())

        with held_open(path):
            reload("does not answer: " + path)
            self.assertIn("not reloaded", server.log_text())
            self.assertEqual(rows(), 5)
        reload("the views are reloaded")
        os.remove(path)
        os.mkfifo(path)
        reload("not a regular file but a FIFO: " + path)
        self.assertEqual(rows(), 5)

    def test_an_exported_file_that_does_not_answer_is_503(self):
        server = self.serve(data={"Patient.ndjson": PATIENTS})
        job = server.export(export_of(view("Patient")))
        url, = job.outputs()["patient"]
        path = next(name for name in server.exported_files() if name.endswith("patient.ndjson"))

        def refused():
            answer = server.request("GET", url)
            self.assertEqual((answer.status, answer.issues()[0][0]), (503, "transient"))
            self.assertIn("Retry-After", answer.headers)

        def told(what):  # ids of jobs are short in the log
            self.assertTrue(any(what in line and "patient.ndjson" in line
                                for line in server.log_text().splitlines()))

        with held_open(path):
            for _ in range(20):
                refused()
                self.assertEqual(server.get("/health").status, 200)
            server.wait_for_log("does not answer: ")
            told("does not answer: ")
        server.wait_until(lambda: server.request("GET", url).text == "".join(
            json.dumps({"id": f"p{i}"}, separators=(",", ":")) + "\n" for i in range(5)),
            "it answers again")
        os.remove(path)
        os.mkfifo(path)
        refused()
        server.wait_for_log("not a regular file but a FIFO: ")
        told("not a regular file but a FIFO: ")
        os.remove(path)
        self.assertEqual(server.request("GET", url).status, 404)

    def test_a_fifo_among_the_views_is_refused_at_the_start(self):
        server = Server(views={"a.json": view("Patient")}, start=False)
        self.addCleanup(server.stop)
        os.mkfifo(os.path.join(server.folder, "views", "b.json"))
        with self.assertRaises(AssertionError) as refused:
            server.start()
        self.assertIn("b.json", str(refused.exception))

    def test_the_log_of_an_export_is_no_data(self):
        server = self.serve(data={"Patient.ndjson": PATIENTS, "log.ndjson": '{"eventId":"x"}\n',
                                  "manifest.json": '{"output":[]}'})
        self.assertEqual(len(self.run_view(server).text.splitlines()), 5)
        self.assertEqual(len(server.export(export_of(view("Patient"))).rows("patient")), 5)
        server.wait_for_log("manifest.json")

    def test_more_files_than_descriptors(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
        data = {f"{i:04}.json": f'{{"resourceType":"Patient","id":"p{i}"}}' for i in range(400)}
        server = self.serve(data=data, before_start=limit)
        for _ in range(3):
            self.assertEqual(len(self.run_view(server).text.splitlines()), 400)
        jobs = [server.export(export_of(view("Patient"))) for _ in range(3)]
        for job in jobs:
            self.assertEqual([row["id"] for row in job.rows("patient")],
                             [f"p{i}" for i in range(400)])

    def test_no_descriptors_at_kick_off_is_for_now(self):
        server = self.serve(data={"Patient.ndjson": PATIENTS})
        open_now = len(os.listdir(f"/proc/{server.process.pid}/fd"))
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        address = server.base.rsplit("/", 1)[1].split(":")
        with socket.create_connection((address[0], int(address[1]))) as idle:
            idle.sendall(b"GET /health HTTP/1.1\r\n")
            # Room for the connection of a request, and for nothing that the request opens.
            for spare in range(1, 4):
                resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE,
                                 (open_now + spare, hard))
                try:
                    answer = self.run_view(server)
                except OSError:
                    continue
                self.assertIn(answer.status, (200, 503))
                if answer.status == 503:
                    break
            else:
                self.fail("descriptors never ran out")
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        self.assertEqual(self.run_view(server).status, 200)


class ReopenedTest(unittest.TestCase):
    """A run reads more files than may be open, and one of them is not what it was when it is opened
    again. That the run has begun is told by the rows of its standard input."""
    piped = 30

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kiln-test-")
        self.addCleanup(folder.cleanup)
        self.view = os.path.join(folder.name, "view.json")
        with open(self.view, "w", encoding="utf-8") as out:
            json.dump(view("Patient"), out)
        self.data = os.path.join(folder.name, "data")
        os.mkdir(self.data)
        for i in range(40):
            with open(self.file(i), "w", encoding="utf-8") as out:
                out.write(PATIENTS)
        self.closed = self.file(20)  # neither among the last opened nor among the next

    def file(self, i):
        return os.path.join(self.data, f"{i:02}.ndjson")

    def begin(self):
        def few_descriptors():
            resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))
        process = subprocess.Popen(
            [KILN, "run", self.view, "-d", "-", "-d", self.data, "--threads", "1", "-f", "ndjson"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=few_descriptors)
        self.addCleanup(process.kill)
        for i in range(self.piped):  # more than a part, and few rows
            process.stdin.write(f'{{"resourceType":"Patient","id":"p{i}","x":"{"-" * 100_000}"}}\n')
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), '{"id":"p0"}\n')
        return process

    def end(self, process):
        process.stdin.close()
        out, err = process.stdout.read(), process.stderr.read()
        return process.wait(DEADLINE), out, err

    def test_without_a_fault(self):
        status, out, err = self.end(self.begin())
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(len(out.splitlines()) + 1, self.piped + 40 * 5)

    def test_one_that_does_not_answer(self):
        process = self.begin()
        with held_open(self.closed):
            status, _, err = self.end(process)
        self.assertEqual(status, 1, err)
        self.assertIn("does not answer: " + self.closed, err)

    def test_one_that_became_a_fifo(self):
        process = self.begin()
        os.remove(self.closed)
        os.mkfifo(self.closed)
        status, _, err = self.end(process)
        self.assertEqual(status, 1, err)
        self.assertIn("not a regular file but a FIFO: " + self.closed, err)

    def test_one_that_does_not_answer_from_the_start(self):
        for path in (self.closed, self.view):
            with held_open(path):
                done = subprocess.run([KILN, "run", self.view, "-d", self.data],
                                      capture_output=True, text=True, check=False, timeout=DEADLINE)
            self.assertEqual(done.returncode, 1)
            self.assertIn("does not answer: " + path, done.stderr)


if __name__ == "__main__":
    unittest.main()
