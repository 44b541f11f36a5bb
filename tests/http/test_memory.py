"""One bound on the memory of the server (docs/impl/memory.md)."""
import concurrent.futures
import resource
import socket
import subprocess
import unittest
import urllib.parse

from tests.support.load import memory_of
from tests.support.server import DEADLINE, KILN, Server, export_of, view

MIB = 1 << 20
PATIENT = {"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'}
# Doubles a collection until something says no.
HOSTILE = ("(" + " | ".join(map(str, range(1, 41))) +
           ").aggregate(iif($total.empty(), 1, $total.combine($total))).count()")


class MemoryTest(unittest.TestCase):
    def start(self, *options, **how):
        server = Server(*options, data=PATIENT, **how)
        self.addCleanup(server.stop)
        return server

    def run_hostile(self, server):
        return server.post("/$viewdefinition-run", view("Patient", n=HOSTILE))

    def attack(self, server, times):
        """All answers of so many hostile evaluations at once; each is refused by a limit."""
        with concurrent.futures.ThreadPoolExecutor(times) as pool:
            under_way = [pool.submit(self.run_hostile, server) for _ in range(times)]
            self.assertEqual(server.get("/health").status, 200)
            answers = [each.result() for each in under_way]
        for answer in answers:
            self.assertIn(answer.status, (422, 503), answer.text)
            if answer.status == 503:
                self.assertIn("Retry-After", answer.headers)
                self.assertEqual(answer.issues()[0][0], "transient")
        self.assertEqual(server.get("/health").status, 200)
        return answers

    def test_hostile_evaluations_at_once_stay_under_the_limit_and_it_goes_back(self):
        limit = 192 * MIB
        server = self.start("--memory-limit", str(limit), "--threads", "1")
        before = memory_of(server.process, "VmRSS")
        for _ in range(2):
            self.attack(server, 6)
        self.assertLess(memory_of(server.process, "VmHWM"), before + limit + 48 * MIB)
        server.wait_until(lambda: memory_of(server.process, "VmRSS") < before + 48 * MIB,
                          "what is free does not go back to the system")

    def test_no_memory_at_all_ends_requests_and_not_the_server(self):
        def bounded():
            resource.setrlimit(resource.RLIMIT_AS, (1200 * MIB, 1200 * MIB))

        server = self.start("--memory-limit", "100GiB", "--threads", "4", before_start=bounded)
        self.attack(server, 8)
        answer = server.post("/$viewdefinition-run", view("Patient"))
        self.assertEqual((answer.status, answer.text), (200, '{"id":"a"}\n'))

    def hold(self, server, size):
        """A request whose body is not whole yet."""
        where = urllib.parse.urlsplit(server.base)
        connection = socket.create_connection((where.hostname, where.port), timeout=DEADLINE)
        self.addCleanup(connection.close)
        connection.sendall(b"POST /$viewdefinition-run HTTP/1.1\r\nHost: %s\r\n"
                           b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" %
                           (where.netloc.encode(), size + 1) + b" " * size)
        return connection

    def test_a_job_waits_for_memory_and_then_runs(self):
        server = self.start("--memory-limit", "64MiB", "--threads", "1")
        held = []

        def is_refused():
            # A body may hold up to twice its size: less than 16 MiB are free when this one, of
            # more than 8 MiB, is refused, and enough for a small request.
            held.append(self.hold(server, MIB))
            answer = server.request("POST", "/$viewdefinition-run", " " * (9 * MIB),
                                    {"Content-Type": "application/json"})
            return answer.status == 503 and "Retry-After" in answer.headers

        server.wait_until(is_refused, "a body that does not fit is taken")
        job = server.export(view("Patient"))
        for _ in range(3):
            self.assertEqual(server.get("/health").status, 200)
            self.assertEqual(job.poll().status, 202, "it needs a quarter of the limit")
        for connection in held:
            connection.close()
        self.assertEqual(job.rows("patient"), [{"id": "a"}])

    def test_parquet_draws_on_the_budget(self):
        """DuckDB has half of it while a Parquet output is open: more than two such jobs go one after
        the other or together, a run that has no room is told to come again."""
        server = self.start("--memory-limit", "64MiB", "--threads", "1")
        jobs = [server.export(export_of(view("Patient"), _format=name))
                for name in ("parquet", "ndjson", "parquet", "parquet")]
        for job in jobs:
            self.assertEqual(job.wait().status, 200)
        run = "/$viewdefinition-run?_format=parquet"
        self.assertEqual(server.post(run, view("Patient")).status, 200)
        held = []

        def is_refused():
            held.append(self.hold(server, MIB))
            answer = server.post(run, view("Patient"))
            if answer.status == 200:
                return False
            self.assertEqual((answer.status, answer.issues()[0][0]), (503, "transient"))
            self.assertIn("Retry-After", answer.headers)
            return True

        server.wait_until(is_refused, "DuckDB takes more than there is")
        self.assertEqual(server.post("/$viewdefinition-run", view("Patient")).status, 200)
        job = server.export(export_of(view("Patient"), _format="parquet"))
        self.assertEqual(job.poll().status, 202)
        for connection in held:
            connection.close()
        self.assertEqual(job.wait().status, 200)
        server.wait_until(lambda: server.post(run, view("Patient")).status == 200, "there is room")

    def test_parquet_into_the_memory_sink(self):
        """The sink has half of the limit, a job a quarter, DuckDB an eighth."""
        server = self.start("--memory-limit", "64MiB", "--export-sink", "memory:",
                            "--export-memory-limit", "32MiB", "--threads", "4")
        jobs = [server.export(export_of(view("Patient"), _format="parquet")) for _ in range(3)]
        for job in jobs:
            self.assertEqual(job.wait().status, 200)

    def test_the_memory_sink_leaves_half_to_the_jobs(self):
        for size, status in (("33MiB", 2), ("32MiB", None)):
            server = Server("--memory-limit", "64MiB", "--export-sink", "memory:",
                            "--export-memory-limit", size, data=PATIENT, start=False)
            self.addCleanup(server.stop)
            if status is None:
                server.start()
                self.assertEqual(server.export(view("Patient")).rows("patient"), [{"id": "a"}])
            else:
                done = subprocess.run([KILN, "serve", "--port", "0", "--state-dir", server.state,
                                       *server.options], capture_output=True, check=False,
                                      timeout=DEADLINE)
                self.assertEqual(done.returncode, status, done.stderr)

    def test_a_job_that_needs_too_much_fails_alone(self):
        server = self.start("--memory-limit", "64MiB", "--threads", "1")
        answer = server.export(view("Patient", n=HOSTILE)).wait()
        self.assertEqual((answer.status, answer.issues()[0][0]), (422, "processing"))
        self.assertEqual(server.get("/health").status, 200)


if __name__ == "__main__":
    unittest.main()
