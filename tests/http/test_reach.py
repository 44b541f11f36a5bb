"""Who may reach the server: Host, Origin, CORS, the address it listens on (operations.md §7)."""
import os
import subprocess
import unittest

from tests.support.server import KILN, Server, export_of, view

DATA = {"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'}
PAGE = "https://pages.example"


class HostTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allowed-host", "kiln.internal", "--base-url",
                            "https://kiln.example/fhir", data=DATA)
        cls.addClassCleanup(cls.server.stop)

    def test_ops_7_421_a_host_that_is_not_ours(self):
        for path in ("/health", "/metadata", "/ViewDefinition", "/export", "/nothing"):
            for host in ("evil.example", "127.0.0.1.evil.example", "127.evil.example:8080", ""):
                answer = self.server.get(path, Host=host)
                self.assertEqual((answer.status, answer.issues()), (421, [("forbidden", "")]), host)
        answer = self.server.request("POST", "/$viewdefinition-run", view("Patient"),
                                     {"Host": "evil.example"})
        self.assertEqual(answer.status, 421)

    def test_ops_7_names_that_are_ours(self):
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "127.1.2.3:8080", "[::1]:8080",
                     "kiln.internal:8080", "Kiln.Example", "kiln.example:443"):
            self.assertEqual(self.server.get("/health", Host=host).status, 200, host)

    def test_ops_7_an_absolute_target_names_the_host(self):
        connection = self.server.connection()
        self.addCleanup(connection.close)
        connection.putrequest("GET", "http://evil.example/health", skip_host=True)
        connection.putheader("Host", "localhost")
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 421)


class OriginTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--cors-origin", PAGE, data=DATA)
        cls.addClassCleanup(cls.server.stop)

    def run_from(self, origin, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if origin is not None:
            headers["Origin"] = origin
        return self.server.request("POST", "/$viewdefinition-run", view("Patient"), headers)

    def test_ops_7_403_a_page_that_is_not_listed(self):
        for origin in ("https://evil.example", "null", "http://pages.example",
                       "https://pages.example:8443", "http://localhost:1", PAGE + ", " + PAGE):
            answer = self.run_from(origin)
            self.assertEqual((answer.status, answer.issues()), (403, [("forbidden", "")]), origin)
            self.assertNotIn("Access-Control-Allow-Origin", answer.headers)
            self.assertIn("Origin", answer.headers["Vary"])

    def test_ops_7_403_cross_site(self):
        self.assertEqual(self.run_from(None, Sec_Fetch_Site="cross-site").status, 403)
        self.assertEqual(self.server.get("/metadata", Sec_Fetch_Site="cross-site").status, 403)
        self.assertEqual(self.run_from(None, Sec_Fetch_Site="same-origin").status, 200)

    def test_ops_7_our_own_pages(self):
        self.assertEqual(self.run_from(self.server.base).status, 200)
        self.assertEqual(self.run_from(self.server.base.upper(), Sec_Fetch_Site="same-origin").status,
                         200)

    def test_ops_7_a_listed_page_may_read_the_answers(self):
        for answer in (self.run_from(PAGE, Sec_Fetch_Site="cross-site"),
                       self.server.get("/nothing", Origin=PAGE),
                       self.server.get("/metadata", Origin=PAGE),
                       self.server.kick_off(export_of(view("Patient")), Origin=PAGE)):
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], PAGE)
            self.assertIn("Origin", answer.headers["Vary"])
            exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
            for name in ("Content-Location", "Location", "Retry-After", "X-Progress", "ETag",
                         "Content-Range"):
                self.assertIn(name, exposed)

    def test_ops_7_preflight(self):
        ask = {"Origin": PAGE, "Access-Control-Request-Method": "POST",
               "Access-Control-Request-Headers": "content-type, prefer"}
        answer = self.server.request("OPTIONS", "/$viewdefinition-export", headers=ask)
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], PAGE)
        self.assertIn("POST", answer.headers["Access-Control-Allow-Methods"].split(", "))
        allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
        for name in ("content-type", "prefer", "idempotency-key", "range", "if-match"):
            self.assertIn(name, allowed)
        ask["Origin"] = "https://evil.example"
        answer = self.server.request("OPTIONS", "/$viewdefinition-export", headers=ask)
        self.assertEqual(answer.status, 403)
        self.assertNotIn("Access-Control-Allow-Origin", answer.headers)

    def test_ops_7_415_a_body_without_a_type_from_a_page(self):
        body = '{"resourceType":"ViewDefinition","resource":"Patient",' \
               '"select":[{"column":[{"name":"id","path":"id"}]}]}'
        for headers, status in (({}, 200), ({"Origin": PAGE}, 415),
                                ({"Origin": self.server.base}, 415),
                                ({"Origin": PAGE, "Content-Type": "application/json"}, 200),
                                ({"Content-Type": "text/plain"}, 415)):
            connection = self.server.connection()
            self.addCleanup(connection.close)
            connection.request("POST", "/$viewdefinition-run", body, headers)
            self.assertEqual(connection.getresponse().status, status, headers)


class ListenTest(unittest.TestCase):
    """`--host` is what its address is, not what it looks like."""

    def refused(self, *options):
        """(exit status, lines on stderr)"""
        server = Server(start=False)
        self.addCleanup(server.stop)
        done = subprocess.run([KILN, "serve", "--port", "0", "--state-dir", server.state, *options],
                              capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.stdout, "")
        self.assertFalse(os.path.exists(server.state))
        return done.returncode, done.stderr.splitlines()

    def test_ops_7_what_only_looks_like_loopback(self):
        for host in ("127.evil.invalid", "127.0.0.1.evil.invalid", "localhost.evil.invalid", ""):
            status, lines = self.refused("--host", host)
            self.assertEqual((status, len(lines)), (2, 1), lines)

    def test_ops_7_what_is_not_loopback_needs_two_words(self):
        url = ("--base-url", "http://kiln.example")
        for host in ("0.0.0.0", "::", "0"):
            for more in ((), ("--allow-unauthenticated",), url):
                status, lines = self.refused("--host", host, *more)
                self.assertEqual((status, len(lines)), (2, 1), (host, more, lines))
                self.assertIn("--host", lines[0])

    def test_ops_7_open_to_all_is_a_warning(self):
        server = Server("--host", "0.0.0.0", "--allow-unauthenticated", "--base-url",
                        "http://kiln.example", "--log-format", "json")
        self.addCleanup(server.stop)
        server.base = server.base.replace("0.0.0.0", "127.0.0.1")
        server.wait_for_log('"level":"warning"')
        self.assertEqual(server.get("/health").status, 200)
        self.assertEqual(server.get("/health", Host="kiln.example").status, 200)

    def test_ops_7_loopback_by_number(self):
        server = Server("--host", "127.1")
        self.addCleanup(server.stop)
        server.base = server.base.replace("127.1", "127.0.0.1")
        self.assertEqual(server.get("/health").status, 200)

    def test_cli_wrong_names_exit_2(self):
        for option in (("--allowed-host", "a/b"), ("--allowed-host", ":80"), ("--cors-origin", "*"),
                       ("--cors-origin", "pages.example"), ("--cors-origin", "null"),
                       ("--cors-origin", "https://pages.example/path")):
            status, lines = self.refused("=".join(option))
            self.assertEqual((status, len(lines)), (2, 1), option)
            self.assertIn(option[0], lines[0])

    def test_cli_several_by_variable_and_file(self):
        server = Server(start=False, environment={"KILN_ALLOWED_HOST": "one.example two.example:1"})
        self.addCleanup(server.stop)
        path = server.write_files("config", {"kiln.toml":
            '[serve]\ncors-origin = ["https://a.example", "https://b.example"]\n'})
        server.options += ["--config", os.path.join(path, "kiln.toml")]
        server.start()
        for host, status in (("one.example", 200), ("two.example:1", 200), ("two.example", 421)):
            self.assertEqual(server.get("/health", Host=host).status, status)
        for origin in ("https://a.example", "https://b.example"):
            answer = server.get("/health", Origin=origin)
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], origin)


if __name__ == "__main__":
    unittest.main()
