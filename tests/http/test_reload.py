"""SIGHUP: the views are read again; a set that is broken is refused (operations.md §7)."""
import json
import os
import signal
import unittest

from tests.support.server import Server, export_of, view

DATA = {"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'}


class ReloadTest(unittest.TestCase):
    def server(self, views, *options):
        server = Server(*options, data=DATA, views=views)
        self.addCleanup(server.stop)
        self.folder = os.path.join(server.folder, "views")
        return server

    def put(self, name, content):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))

    def reload(self, server, word):
        """Sends SIGHUP and waits for the line in the log that tells how it went."""
        before = server.log_text().count(word)
        server.process.send_signal(signal.SIGHUP)
        server.wait_until(lambda: server.log_text().count(word) > before,
                          "no such line in the log: " + word)

    def rows(self, server, view_id):
        answer = server.get(f"/ViewDefinition/{view_id}/$viewdefinition-run")
        return answer.status, answer.text

    def test_issue_sighup_publishes_what_is_there_now(self):
        server = self.server({"a.json": view("Patient", id="id"),
                              "gone.json": view("Patient", id="id")})
        self.put("a.json", view("Patient", key="id"))
        self.put("b.json", view("Patient", other="id"))
        os.unlink(os.path.join(self.folder, "gone.json"))
        self.assertEqual(self.rows(server, "a"), (200, '{"id":"a"}\n'))
        self.assertEqual(self.rows(server, "b")[0], 404)
        self.reload(server, "the views are reloaded")
        self.assertEqual(self.rows(server, "a"), (200, '{"key":"a"}\n'))
        self.assertEqual(self.rows(server, "b"), (200, '{"other":"a"}\n'))
        self.assertEqual(self.rows(server, "gone")[0], 404)
        self.assertEqual(server.get("/ViewDefinition").json()["total"], 2)

    def test_issue_a_broken_set_is_refused_whole(self):
        server = self.server({"a.json": view("Patient", id="id")})
        one = {**view("Patient", id="id"), "url": "http://example.org/v", "version": "1"}
        for broken in ({"c.json": "{"}, {"c.json": view("Patient", id="idd")},
                       {"c.json": one, "d.json": one}):
            self.put("a.json", view("Patient", key="id"))
            self.put("b.json", view("Patient", other="id"))
            for name, content in broken.items():
                self.put(name, content)
            self.reload(server, "not reloaded")
            self.assertEqual(self.rows(server, "a"), (200, '{"id":"a"}\n'))
            self.assertEqual(self.rows(server, "b")[0], 404)
            for name in broken:
                os.unlink(os.path.join(self.folder, name))
        self.reload(server, "the views are reloaded")
        self.assertEqual(self.rows(server, "a"), (200, '{"key":"a"}\n'))

    def test_issue_what_was_broken_at_the_start_does_not_stand_in_the_way(self):
        server = self.server({"a.json": view("Patient", id="id"),
                              "bad.json": view("Patient", id="idd")})
        self.put("b.json", view("Patient", other="id"))
        self.reload(server, "the views are reloaded")
        self.assertEqual(self.rows(server, "b"), (200, '{"other":"a"}\n'))
        self.put("bad.json", view("Patient", good="id"))
        self.reload(server, "the views are reloaded")
        self.assertEqual(self.rows(server, "bad"), (200, '{"good":"a"}\n'))
        # Now it works, so that it may not break again.
        self.put("bad.json", view("Patient", id="idd"))
        self.reload(server, "not reloaded")
        self.assertEqual(self.rows(server, "bad"), (200, '{"good":"a"}\n'))

    def test_issue_a_job_keeps_the_view_that_it_was_started_with(self):
        server = self.server({"a.json": view("Patient", id="id")}, "--export-max-running", "1")
        job = server.export({"resourceType": "Parameters", "parameter": [
            {"name": "view", "part": [{"name": "viewReference",
                                       "valueReference": {"reference": "ViewDefinition/a"}}]}]})
        self.put("a.json", view("Patient", key="id"))
        self.reload(server, "the views are reloaded")
        self.assertEqual(job.rows("patient"), [{"id": "a"}])
        self.assertEqual(server.export(export_of(view("Patient"))).rows("patient"), [{"id": "a"}])

    def test_issue_requests_and_reloads_at_the_same_time(self):
        """Every answer is of the one set or of the other."""
        server = self.server({"a.json": view("Patient", id="id")})
        seen = set()
        for i in range(40):
            self.put("a.json", view("Patient", **{("key", "id")[i % 2]: "id"}))
            server.process.send_signal(signal.SIGHUP)
            for _ in range(5):
                seen.add(self.rows(server, "a"))
        self.assertLessEqual(seen, {(200, '{"id":"a"}\n'), (200, '{"key":"a"}\n')})

    def test_issue_a_server_ends_as_usual_after_a_reload(self):
        server = self.server({"a.json": view("Patient", id="id")})
        self.reload(server, "the views are reloaded")
        self.assertEqual(server.end(), 0)


class StartTest(unittest.TestCase):
    def test_issue_the_start_tells_how_many_views_there_are_and_which_are_broken(self):
        server = Server(data=DATA, views={"a.json": view("Patient"), "b.json": view("Patient"),
                                          "bad.json": view("Patient", id="idd")})
        self.addCleanup(server.stop)
        server.wait_for_log("3 views, 1 broken: bad (")
        line, = [line for line in server.log_text().splitlines() if "1 broken" in line]
        self.assertIn("bad.json:1:", line)
        self.assertEqual(server.get("/ViewDefinition/bad/$viewdefinition-run").status, 422)
        server = Server(data=DATA, views={"a.json": view("Patient")})
        self.addCleanup(server.stop)
        server.wait_for_log("1 view")
        self.assertNotIn("broken", server.log_text())

    def test_issue_a_404_suggests_a_near_name(self):
        server = Server(data=DATA, views={"a.json": {
            **view("Patient"), "id": "blood-pressure", "url": "http://example.org/pressure",
            "version": "1.0"}})
        self.addCleanup(server.stop)
        reference = {"resourceType": "Parameters", "parameter": [
            {"name": "viewReference", "valueReference": {"reference": "ViewDefinition/blod-pressure"}}]}
        canonical = {"resourceType": "Parameters", "parameter": [
            {"name": "viewCanonical", "valueCanonical": "http://example.org/presure"}]}
        version = {"resourceType": "Parameters", "parameter": [
            {"name": "viewCanonical", "valueCanonical": "http://example.org/pressure|1.1"}]}
        for answer, near in (
                (server.get("/ViewDefinition/blood-presure"), "blood-pressure"),
                (server.get("/ViewDefinition/blood-presure/$viewdefinition-run"), "blood-pressure"),
                (server.post("/$viewdefinition-run", reference), "blood-pressure"),
                (server.post("/$viewdefinition-run", canonical), "http://example.org/pressure"),
                (server.post("/$viewdefinition-run", version), "http://example.org/pressure|1.0")):
            self.assertEqual((answer.status, answer.issues()[0][0]), (404, "not-found"))
            self.assertIn(f"'{near}'", answer.text)
        answer = server.get("/ViewDefinition/nothing-like-it")
        self.assertEqual(answer.status, 404)
        self.assertNotIn("did you mean", answer.text)


if __name__ == "__main__":
    unittest.main()
