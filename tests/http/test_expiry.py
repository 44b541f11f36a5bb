"""Expiry (operations.md §4.6, §4.8, Configuration of the export)."""
import datetime
import email.utils
import socket
import unittest
import urllib.parse

from tests.support.server import DEADLINE, Server, export_of, parts_of, view

DATA = {"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'}


class ExpiryTest(unittest.TestCase):
    def server(self, *options, environment=None, data=None):
        server = Server(*options, data=data or DATA, environment=environment)
        self.addCleanup(server.stop)
        return server

    def ttl_of(self, server):
        """Seconds from the completion of a job to its Expires."""
        answer = server.export(export_of(view("Patient"))).wait()
        end = datetime.datetime.fromisoformat(dict(parts_of(answer.json()))["exportEndTime"])
        expires = email.utils.parsedate_to_datetime(answer.headers["Expires"])
        return (expires - end).total_seconds()

    def test_ops_4_8_expires_is_completion_and_ttl(self):
        self.assertAlmostEqual(self.ttl_of(self.server()), 86_400, delta=1)

    def test_ops_4_8_a_ttl_below_a_day_is_allowed_and_logged(self):
        server = self.server("--export-output-ttl", "3600")
        self.assertAlmostEqual(self.ttl_of(server), 3600, delta=1)
        server.wait_for_log("less than the guide's minimum")

    def test_ops_4_8_variables_of_both_names_and_who_wins(self):
        hfs = {"HFS_EXPORT_OUTPUT_TTL": "1000"}
        ours = {"KILN_EXPORT_OUTPUT_TTL": "2000"}
        self.assertAlmostEqual(self.ttl_of(self.server(environment=hfs)), 1000, delta=1)
        self.assertAlmostEqual(self.ttl_of(self.server(environment={**hfs, **ours})), 2000, delta=1)
        self.assertAlmostEqual(self.ttl_of(self.server("--export-output-ttl", "3000",
                                                       environment=ours)), 3000, delta=1)

    def test_ops_4_6_after_the_ttl_every_url_is_404_and_the_output_is_gone(self):
        server = self.server("--export-output-ttl", "1", "--export-cleanup-interval", "0")
        job = server.export(export_of(view("Patient")))
        server.wait_until(lambda: job.poll().status == 404, "the job stays")
        for tail in ("/result", "/files/patient.ndjson"):
            self.assertEqual(server.request("GET", job.status_url + tail).status, 404)
        self.assertEqual(server.request("DELETE", job.status_url).status, 404)
        server.wait_until(lambda: not server.exported_files(), "the output stays")
        server.wait_until(lambda: "kiln_export_reaped_total 1" in server.get("/metrics").text,
                          "it is not counted")

    def test_ops_7_a_ttl_of_0_expires_at_once(self):
        server = self.server("--export-output-ttl", "0", "--export-cleanup-interval", "1")
        job = server.export(export_of(view("Patient")))
        server.wait_until(lambda: job.poll().status == 404, "the job stays")
        server.wait_until(lambda: not server.exported_files(), "the output stays")

    def test_ops_4_6_running_jobs_are_immune(self):
        server = self.server(
            "--export-output-ttl", "0", "--export-cleanup-interval", "0", "--export-max-running",
            "1", data={**DATA, "Observation.ndjson":
                       '{"resourceType":"Observation","id":"o"}\n' * 300_000})
        running = server.export(export_of(view("Observation", id="id",
                                               x="id.replaceMatches('o', 'p')")))
        queued = server.export(export_of(view("Patient")))
        server.wait_until(
            lambda: any(running.id[:8] in line and "export completed" in line
                        for line in server.log_text().splitlines()), "it does not complete")
        server.wait_until(lambda: queued.poll().status == 404, "the queued one does not end")
        server.wait_until(
            lambda: any(queued.id[:8] in line and "export completed" in line
                        for line in server.log_text().splitlines()), "it does not complete")
        server.wait_until(lambda: not server.exported_files(), "output stays")

    def test_ops_4_6_a_failed_job_expires_too(self):
        server = self.server("--export-output-ttl", "1", "--export-cleanup-interval", "0",
                             data={"Patient.ndjson": '{"resourceType":"Patient","id":7x\n'})
        job = server.export(export_of(view("Patient")))
        server.wait_until(lambda: job.poll().status == 404, "the job stays")

    def test_issue_a_download_under_way_when_its_job_expires_ends_well(self):
        server = self.server(
            "--export-output-ttl", "2", "--export-cleanup-interval", "1",
            data={"Observation.ndjson": '{"resourceType":"Observation","id":"o"}\n' * 400_000})
        job = server.export(export_of(view("Observation", id="id", again="id")))
        url = urllib.parse.urlsplit(job.outputs()["observation"][0])
        client = socket.socket()
        self.addCleanup(client.close)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.settimeout(DEADLINE)
        client.connect((url.hostname, url.port))
        client.sendall(f"GET {url.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        received = bytearray(client.recv(100))
        server.wait_until(lambda: not server.exported_files(), "the output stays")
        self.assertEqual(job.poll().status, 404)
        while piece := client.recv(1 << 20):
            received += piece
        head, _, body = bytes(received).partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "))
        self.assertEqual(body, b'{"id":"o","again":"o"}\n' * 400_000)

    def test_ops_4_8_a_job_expires_while_the_server_is_down(self):
        server = self.server("--export-output-ttl", "1", "--export-cleanup-interval", "0")
        job = server.export(export_of(view("Patient")))
        server.restart()
        server.wait_until(lambda: job.poll().status == 404, "the job stays")
        server.wait_until(lambda: not server.exported_files(), "the output stays")


if __name__ == "__main__":
    unittest.main()
