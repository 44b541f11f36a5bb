"""Data files that hold up whoever opens them, and more of them than descriptors."""
import os
import resource
import socket
import unittest

from tests.support.server import Server, export_of, view

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


if __name__ == "__main__":
    unittest.main()
