"""Whoever asks how the server is gets an answer, whatever others make it do."""
import json
import signal
import socket
import unittest
import urllib.parse

from tests.support.server import DEADLINE, Server, view


def nested(depth):
    """A path whose compilation once cost twice as much with each level."""
    path = "item"
    for _ in range(depth):
        path = f"repeat({path})"
    return path + ".linkId.first()"


class BusyTest(unittest.TestCase):
    def setUp(self):
        self.server = Server("--request-timeout", "60", data={"Patient.ndjson": "".join(
            json.dumps({"resourceType": "Patient", "id": f"p{i}"}) + "\n" for i in range(50_000))})
        self.addCleanup(self.server.stop)

    def send(self, body, path="/$viewdefinition-run"):
        """A request whose answer nobody waits for."""
        text = json.dumps(body).encode()
        where = urllib.parse.urlsplit(self.server.base)
        client = socket.create_connection((where.hostname, where.port), timeout=DEADLINE)
        self.addCleanup(client.close)
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nPrefer: respond-async\r\n"
                       "Content-Type: application/json\r\n"
                       f"Content-Length: {len(text)}\r\n\r\n".encode() + text)

    def occupy(self):
        """More slow requests than there are threads: small ones that are hard to compile, large
        ones, views that take long, cohorts that have to be looked for."""
        hard = view("Questionnaire", x=nested(40))
        large = view("Patient", **{f"c{i}": "name.where(use = 'official').given.first()"
                                   for i in range(5_000)})
        slow = view("Patient", x="id.replaceMatches('p', 'q').replaceMatches('q', 'p')")
        for number in range(20):
            self.send(hard)
            self.send(hard, "/$viewdefinition-export")
            self.send(slow, "/$viewdefinition-run?_format=parquet")
            self.send(slow, f"/$viewdefinition-run?patient=p{number}")
            if number < 4:
                self.send(large)

    def test_ops_7_probes_are_answered(self):
        self.occupy()
        for _ in range(5):
            self.assertEqual(self.server.get("/health").status, 200)
            self.assertEqual(self.server.get("/ready").status, 200)
            self.assertIn("kiln_export_jobs", self.server.get("/metrics").text)

    def test_cli_sigterm_ends_it(self):
        self.occupy()
        self.assertEqual(self.server.get("/health").status, 200)
        self.server.process.send_signal(signal.SIGTERM)
        # It gives requests eight seconds, and may not need much more to end.
        self.assertEqual(self.server.process.wait(DEADLINE), 0)


if __name__ == "__main__":
    unittest.main()
