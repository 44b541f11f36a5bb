"""Whatever bytes come in, JSON goes out (RFC 8259)."""
import json
import os
import unittest
import urllib.parse

from tests.support.server import Server, export_of, view

PATIENT = '{"resourceType":"Patient","id":"a"}\n'
# Not UTF-8: alone, overlong, a surrogate, cut, beyond the last character.
BAD = (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82", b"\xf4\x90\x80\x80")


class TextsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--log-format", "json", data={"Patient.ndjson": PATIENT})
        cls.addClassCleanup(cls.server.stop)

    def assert_refused(self, answer, *statuses):
        self.assertIn(answer.status, statuses or (400,), answer.body)
        json.loads(answer.body.decode("utf-8"))

    def test_ops_6_400_a_query_that_is_no_text(self):
        body = export_of(view("Patient"))
        for bad in BAD:
            quoted = urllib.parse.quote_from_bytes(bad)
            for name in ("clientTrackingId", "_format", "_since", "patient", "name" + quoted):
                path = f"/$viewdefinition-export?{name}={quoted}"
                answer = self.server.kick_off(body, path)
                self.assert_refused(answer)
                self.assertIn("invalid", [code for code, _ in answer.issues()])
        self.assertEqual(self.server.kick_off(
            body, "/$viewdefinition-export?clientTrackingId=%C3%A9").status, 202)
        json.loads(self.server.get("/export").body.decode("utf-8"))

    def test_ops_6_a_path_that_is_no_text(self):
        for bad in BAD:
            quoted = urllib.parse.quote_from_bytes(bad)
            for path in (f"/{quoted}", f"/ViewDefinition/{quoted}", f"/export/{quoted}",
                         f"/ViewDefinition/{quoted}/$viewdefinition-run",
                         f"/ViewDefinition?{quoted}=1", f"/export?behind={quoted}"):
                self.assert_refused(self.server.get(path), 400, 404)

    def test_ops_6_400_a_body_that_is_no_text(self):
        for bad in BAD + (b"\\ud800", b"\\ud800\\ud800", b"\\udc00", b"\\ud83dx", b"\\x", b"\x01"):
            body = b'{"resourceType":"Parameters","parameter":[{"name":"%s"}]}' % bad
            for path in ("/$viewdefinition-run", "/$viewdefinition-export"):
                answer = self.server.request("POST", path, body, {
                    "Content-Type": "application/json", "Prefer": "respond-async"})
                self.assert_refused(answer)

    def test_ops_6_fields_that_are_no_text(self):
        for bad in BAD:
            text = bad.decode("latin-1")
            answer = self.server.request("POST", "/$viewdefinition-export", export_of(view("Patient")),
                                         {"Prefer": "respond-async", "Idempotency-Key": text})
            self.assert_refused(answer)
            for name in ("Accept", "Content-Encoding", "Content-Type", "Origin"):
                answer = self.server.request("POST", "/$viewdefinition-run", b"{}", {name: text})
                self.assert_refused(answer, 403, 406, 415)

    def test_ops_6_files_whose_names_are_no_text(self):
        server = Server("--log-format", "json", start=False)
        self.addCleanup(server.stop)
        for folder, name, text in (("data", b"Patient.\xff.ndjson", "{\n" + PATIENT),
                                   ("views", b"v\xff.json", json.dumps(view("Patient")))):
            path = os.path.join(server.write_files(folder, {}).encode(), name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            server.options += ["--" + folder, os.path.join(server.folder, folder)]
        server.start()
        found = json.loads(server.get("/ViewDefinition").body.decode("utf-8"))
        self.assertEqual(found["total"], 1)
        self.assertEqual(server.get("/ViewDefinition/v%FF").status, 200)
        answer = server.get("/ViewDefinition/v%FF/$viewdefinition-run")
        self.assert_refused(answer, 422)
        job = server.export(export_of(view("Patient")))
        self.assert_refused(job.wait(), 422)
        server.end()
        for line in server.log_text().splitlines():
            json.loads(line)

    def test_ops_7_every_line_of_the_log_is_json(self):
        self.test_ops_6_a_path_that_is_no_text()
        self.test_ops_6_400_a_query_that_is_no_text()
        for line in self.server.log_text().splitlines()[:-1]:
            json.loads(line)


if __name__ == "__main__":
    unittest.main()
