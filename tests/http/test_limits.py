"""Bytes from anyone: limits, slow clients, bad requests (operations.md §6, §7)."""
import json
import os
import resource
import socket
import unittest
import urllib.parse

from tests.support.server import DEADLINE, Server, export_of, parts_of, view


class LimitsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--request-timeout", "1", "--max-body-size", "100KiB",
                            data={"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'})
        cls.addClassCleanup(cls.server.stop)

    def connect(self):
        where = urllib.parse.urlsplit(self.server.base)
        connection = socket.create_connection((where.hostname, where.port), timeout=DEADLINE)
        self.addCleanup(connection.close)
        return connection

    def raw(self, data):
        """All that the server answers until it closes."""
        connection = self.connect()
        connection.sendall(data)
        return self.read_all(connection)

    def read_all(self, connection):
        answer = b""
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionError:
                return answer
            if not piece:
                return answer
            answer += piece

    def assert_outcome(self, answer, status):
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertIn(str(status).encode(), head.split(b"\r\n")[0])
        self.assertEqual(json.loads(body)["resourceType"], "OperationOutcome")

    def test_ops_6_413_a_body_that_is_too_long(self):
        body = json.dumps({**view("Patient"), "text": "x" * 200_000})
        answer = self.server.request("POST", "/$viewdefinition-run", body,
                                     {"Content-Type": "application/json"})
        self.assertEqual((answer.status, answer.issues()[0][0]), (413, "too-long"))

    def test_ops_7_431_a_head_that_is_too_long(self):
        self.assert_outcome(self.raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 100_000 +
                                     b"\r\n\r\n"), 431)

    def test_ops_7_400_what_is_no_http(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET /health\r\n\r\n",
                     b"GET /health HTTP/1.1\r\nHost x\r\n\r\n",
                     b"GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                     b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                     b"GET /health HTTP/1.1\r\n\r\n",
                     b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
                     b"GET /health HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n",
                     b"GET /health HTTP/1.1\r\nHost: localhost\nA: b\r\n\r\n",
                     b"GET /health HTTP/1.1\r\nHost: localhost\rA: b\r\n\r\n",
                     b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n",
                     b"GET /health%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                     b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                     b"Content-Length: 1\r\n\r\nx",
                     b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n"):
            answer = self.raw(data)
            self.assertEqual(answer.split(b" ")[1], b"400", data)
            self.assertEqual(self.server.get("/health").status, 200)

    def test_ops_7_408_a_head_that_does_not_come(self):
        connection = self.connect()
        connection.sendall(b"GET /health HTTP/1.1\r\nHo")
        self.assert_outcome(self.read_all(connection), 408)

    def test_ops_7_408_a_body_that_does_not_come(self):
        connection = self.connect()
        connection.sendall(b"POST /$viewdefinition-run HTTP/1.1\r\nHost: localhost\r\n"
                           b"Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{")
        self.assert_outcome(self.read_all(connection), 408)

    def test_ops_7_http_1_0_is_served(self):
        answer = self.raw(b"GET /health HTTP/1.0\r\n\r\n")
        self.assertIn(b" 200 ", answer.split(b"\r\n")[0])

    def test_ops_7_keep_alive_and_pipelining(self):
        answer = self.raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3 +
                          b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        self.assertEqual(answer.count(b"HTTP/1.1 200 "), 4)

    def test_ops_7_methods_that_no_one_knows(self):
        answer = self.server.request("BREW", "/health")
        self.assertIn(answer.status, (405, 501))
        self.assertEqual(answer.json()["resourceType"], "OperationOutcome")

    def test_ops_6_every_error_is_an_operation_outcome(self):
        for method, path in (("GET", "/"), ("GET", "/nothing"), ("GET", "/export/x"),
                             ("DELETE", "/metadata"), ("GET", "/ViewDefinition/x"),
                             ("PUT", "/ViewDefinition/x"), ("POST", "/$viewdefinition-export"),
                             ("GET", "/Patient/a/$viewdefinition-run")):
            answer = self.server.request(method, path)
            self.assertGreaterEqual(answer.status, 400, path)
            self.assertEqual(answer.json()["resourceType"], "OperationOutcome", path)


    def test_ops_6_absurd_nesting_is_an_error(self):
        for text in ("[" * 50_000, '{"a":' * 15_000):
            answer = self.server.request("POST", "/$viewdefinition-run", text,
                                         {"Content-Type": "application/json"})
            self.assertIn(answer.status, (400, 422))
        deep = view("Patient", x="(" * 20_000 + "1" + ")" * 20_000)
        self.assertEqual(self.server.post("/$viewdefinition-run", deep).status, 422)


class ManyConnectionsTest(unittest.TestCase):
    """5,000 connections that do not get on do not stop others, however many the server may have."""

    def hold(self, server, count):
        """Half of them silent, half of them in the middle of a head."""
        where = urllib.parse.urlsplit(server.base)
        for number in range(count):
            connection = socket.create_connection((where.hostname, where.port), timeout=DEADLINE)
            self.addCleanup(connection.close)
            if number % 2:
                connection.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")

    def server(self, descriptors=None):
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))) \
            if descriptors else None
        server = Server("--request-timeout", "600", before_start=limit,
                        data={"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'})
        self.addCleanup(server.stop)
        return server

    def setUp(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 6000:
            self.skipTest(f"this process may have only {hard} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def check(self, server):
        answer = server.post("/$viewdefinition-run", view("Patient"))
        self.assertEqual(answer.text, '{"id":"a"}\n')
        self.assertEqual(server.export(export_of(view("Patient"))).rows("patient"), [{"id": "a"}])

    def test_issue_5000_connections_do_not_stop_others(self):
        server = self.server()
        self.hold(server, 5000)
        self.check(server)

    def test_issue_5000_connections_where_there_is_no_room_for_them(self):
        server = self.server(descriptors=256)
        self.hold(server, 5000)
        self.check(server)


class FaultTest(unittest.TestCase):
    def test_ops_6_500_tells_an_id_and_the_log_the_rest(self):
        server = Server(data={"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'})
        self.addCleanup(server.stop)
        os.remove(os.path.join(server.folder, "data", "Patient.ndjson"))
        for answer in (server.post("/$viewdefinition-run", view("Patient")),
                       server.post("/$viewdefinition-run?patient=a", view("Patient")),
                       server.kick_off(export_of(view("Patient")))):
            self.assertEqual((answer.status, answer.issues()), (500, [("exception", "")]))
            text = answer.json()["issue"][0]["diagnostics"]
            self.assertNotIn(server.folder, text)
            server.wait_for_log(" id=" + text.rsplit(" ", 1)[1] + " error=")
        self.assertIn(server.folder, server.log_text())


class MemoryTest(unittest.TestCase):
    """A view can make millions of rows out of one small resource."""

    def test_ops_2_rows_stream_though_one_resource_has_millions(self):
        names = [f"n{i}" for i in range(100)]
        product = view("Patient")
        product["select"] += [{"forEach": "name.given", "column": [{"name": f"c{k}", "path": "$this"}]}
                              for k in range(3)]
        patient = {"resourceType": "Patient", "id": "a", "name": [{"given": names}]}
        server = Server("--export-max-running", "1",
                        data={"Patient.ndjson": (json.dumps(patient) + "\n") * 500})
        self.addCleanup(server.stop)
        answer = server.post("/$viewdefinition-run?_format=csv&_limit=2", product)
        self.assertEqual(answer.text.splitlines(), ["id,c0,c1,c2", "a,n0,n0,n0", "a,n0,n0,n1"])
        job = server.export(export_of(product, _format="csv"))
        server.wait_until(lambda: dict(parts_of(job.poll().json())).get("rowsWritten", 0),
                          "no row is written before the last is there")
        self.assertEqual(server.request("DELETE", job.status_url).status, 202)
        self.assertEqual(server.export(export_of(view("Patient"))).wait().status, 200)
        with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        self.assertLess(peak, 300 * 1024)


class SilentLogTest(unittest.TestCase):
    def test_issue_nobody_who_reads_the_log_stops_no_request(self):
        """stderr is a pipe that is full."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        server = Server(start=False, data={"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'})
        self.addCleanup(server.stop)
        server.start(log=writer)
        os.close(writer)
        for _ in range(3000):  # lines of more than 100 bytes; a pipe holds 64 KiB
            self.assertEqual(server.get("/health").status, 200)
        self.assertEqual(server.export(export_of(view("Patient"))).rows("patient"), [{"id": "a"}])
        self.assertEqual(server.end(), 0)


if __name__ == "__main__":
    unittest.main()
