"""Options of `kiln serve`, and how it refuses to start (cli.md, operations.md §7)."""
import json
import os
import subprocess
import unittest

from tests.support.server import KILN, Server, export_of, view

DATA = {"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'}


class OptionsTest(unittest.TestCase):
    def server(self, *options, **how):
        server = Server(*options, data=DATA, **how)
        self.addCleanup(server.stop)
        return server

    def refused(self, *options, state=None, **variables):
        """(exit status, stderr) of a server that does not start."""
        server = self.server(start=False)
        done = subprocess.run(
            [KILN, "serve", "--state-dir", state or server.state, *options],
            capture_output=True, text=True, timeout=30, check=False,
            env={**os.environ, "KILN_PORT": "0", **variables})
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def config(self, server, text):
        path = os.path.join(server.folder, "kiln.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_cli_wrong_values_exit_2_and_are_named(self):
        for option, value in (("--port", "70000"), ("--export-output-ttl", "-1"),
                              ("--export-cleanup-interval", "-5"), ("--export-max-running", "0"),
                              ("--max-body-size", "many"), ("--request-timeout", "0"),
                              ("--export-sink", "ftp://x"), ("--log-format", "xml"),
                              ("--base-url", "kiln.example"), ("--export-part-rows", "1.5"),
                              ("--base-url", "http://kiln.example/?a=b"),
                              ("--base-url", "http://me:secret@kiln.example"),
                              ("--base-url", "http://kiln.example/a%20b"),
                              ("--base-url", "http://kiln.example/#part"),
                              ("--threads", "1000000"), ("--export-max-queued", "10000000"),
                              ("--max-line-size", "0"), ("--max-body-size", "99999999GiB")):
            status, text = self.refused(f"{option}={value}")
            self.assertEqual(status, 2, (option, text))
            self.assertIn(option.lstrip("-"), text)
        self.assertEqual(self.refused("--no-such-option")[0], 2)

    def test_cli_wrong_variables_exit_2_and_are_named(self):
        status, text = self.refused(KILN_EXPORT_OUTPUT_TTL="soon")
        self.assertEqual(status, 2)
        self.assertIn("export-output-ttl", text)

    def test_cli_the_file_and_who_beats_it(self):
        server = self.server(start=False)
        server.options += ["--config", self.config(
            server, '[serve]\nexport-part-rows = 1\nbase-url = "http://file.example"\n')]
        server.environment["KILN_BASE_URL"] = "http://variable.example/fhir"
        server.start()
        answer = server.kick_off(export_of(view("Patient")))
        self.assertTrue(answer.headers["Content-Location"].startswith(
            "http://variable.example/fhir/export/"))

    def test_ops_7_an_unknown_key_of_the_file_exits_2(self):
        path = self.config(self.server(start=False), "[serve]\nprot = 80\n")
        status, text = self.refused("--config", path)
        self.assertEqual(status, 2)
        self.assertIn("prot", text)
        self.assertIn("port", text)

    def test_ops_7_the_file_has_lists_for_paths_only(self):
        server = self.server(start=False)
        path = self.config(server, "[serve]\nport = [0, 80]\n")
        status, text = self.refused("--config", path)
        self.assertEqual(status, 2)
        self.assertIn(path + ":2", text)
        data = server.write_files("more", {"Group.ndjson": '{"resourceType":"Group","id":"g"}\n'})
        self.config(server, f'[serve]\ndata = ["{server.folder}/data", "{data}"]\n')
        del server.options[server.options.index("--data"):]
        server.options += ["--config", path]
        server.start()
        job = server.export(export_of(view("Patient"), view("Group")))
        self.assertEqual((job.rows("patient"), job.rows("group")), ([{"id": "a"}], [{"id": "g"}]))

    def test_issue_a_config_that_cannot_be_used_exits_2_in_one_line_that_names_it(self):
        server = self.server(start=False)
        missing = os.path.join(server.folder, "none.toml")
        folder = os.path.join(server.folder, "data")
        cases = [(missing, ""), (folder, "")]
        for i, (content, line) in enumerate((
                (b"[serve]\nport = 0\n\0\n", ":3"), (b'[serve]\nhost = "a\0b"\n', ":2"),
                (b'[serve]\nhost = "\xff"\n', ":2"), (b"\xff\xfe[serve]", ":1"),
                (b"[serve\n", ":1"), (b"[serve]\nport = \n", ":2"),
                (b"[serve]\nport = true\n", ":2"), (b'[serve]\nport = "many"\n', ":2"),
                (b"[serve]\nport = 1.5\n", ":2"), (b"[serve]\n\nport = 70000\n", ":3"),
                (b"[serve]\nport = { a = 1 }\n", ":2"), (b"[serve.port]\na = 1\n", ":1"),
                (b"[serve]\ns3-presign = 2\n", ":2"), (b"[serve]\nhost = 1979-05-27\n", ":2"),
                (b"[serve]\nport = 0\nport = 0\n", ":3"), (b"serve = 1\n", ":1"),
                (b"[[serve]]\nport = 0\n", ":1"), (b"port = 0\n", ":1"), (b"[sreve]\n", ":1"),
                (b"[serve]\nconfig = 'x'\n", ":2"), (b"\x1b[31m = 1\n", ":1"))):
            path = os.path.join(server.folder, f"{i}.toml")
            with open(path, "wb") as file:
                file.write(content)
            cases.append((path, line))
        if os.geteuid() != 0:
            path = os.path.join(server.folder, "secret.toml")
            os.close(os.open(path, os.O_CREAT, 0))
            cases.append((path, ""))
        for path, line in cases:
            for how in ({}, {"KILN_CONFIG": path}):
                with self.subTest(path=path, how=how):
                    status, text = self.refused(*(() if how else ("--config", path)), **how)
                    self.assertEqual(status, 2, text)
                    self.assertEqual(text.count("\n"), 1, text)
                    self.assertIn(path + line, text)
                    self.assertNotIn("\x1b", text)
        self.assertEqual(self.refused("--config", "")[0], 2)

    def test_cli_standard_input_cannot_be_served(self):
        self.assertEqual(self.refused("--views", "-")[0], 2)
        self.assertEqual(self.refused("--data", "-")[0], 2)

    def test_cli_a_state_directory_in_use_exits_1(self):
        server = self.server()
        status, text = self.refused(state=server.state)
        self.assertEqual(status, 1)
        self.assertIn(server.state, text)

    def test_cli_unreadable_data_exits_1(self):
        status, text = self.refused("--data", "/no/such/folder")
        self.assertEqual(status, 1)
        self.assertIn("/no/such/folder", text)

    def test_cli_a_busy_port_exits_1(self):
        server = self.server()
        status, text = self.refused("--port", server.base.rsplit(":", 1)[1])
        self.assertEqual(status, 1, text)

    def test_ops_7_two_artefacts_of_one_canonical_are_an_error(self):
        server = self.server(start=False)
        one = {**view("Patient"), "url": "http://example.org/v", "version": "1"}
        views = server.write_files("views", {"a.json": one, "b.json": one})
        status, text = self.refused("--views", views)
        self.assertEqual(status, 1)
        self.assertIn("http://example.org/v", text)

    def test_ops_7_artefacts_among_the_data(self):
        server = Server(data={**DATA, "ViewDefinition.json": {**view("Patient"), "id": "one"},
                              "ViewDefinition.more.ndjson":
                                  json.dumps({**view("Patient"), "id": "two"}) + "\n"})
        self.addCleanup(server.stop)
        for name in ("one", "two"):
            answer = server.get(f"/ViewDefinition/{name}/$viewdefinition-run")
            self.assertEqual(answer.text, '{"id":"a"}\n')

    def test_ops_7_an_artefact_without_id_has_that_of_its_file(self):
        nameless = {"resourceType": "ViewDefinition", "resource": "Patient", "select": []}
        server = Server(data=DATA, views={"stem.json": nameless})
        self.addCleanup(server.stop)
        self.assertEqual(server.get("/ViewDefinition/stem").json(), {"id": "stem", **nameless})
        found = server.get("/ViewDefinition").json()["entry"][0]
        self.assertEqual(found["resource"]["id"], "stem")

    def test_cli_an_empty_variable_is_none(self):
        server = self.server(environment={"KILN_EXPORT_OUTPUT_TTL": "",
                                          "HFS_EXPORT_OUTPUT_TTL": "100"})
        answer = server.export(export_of(view("Patient"))).wait()
        self.assertIn("Expires", answer.headers)

    def test_ops_7_a_base_url_with_a_path(self):
        server = self.server("--base-url", "http://kiln.example/fhir/r4")
        for prefix in ("", "/fhir/r4"):
            self.assertEqual(server.get(prefix + "/metadata").status, 200)
        job = server.export(export_of(view("Patient")), "/fhir/r4/$viewdefinition-export")
        self.assertTrue(job.status_url.startswith("http://kiln.example/fhir/r4/export/"))
        self.assertEqual(job.rows("patient"), [{"id": "a"}])

    def test_cli_the_state_directory_is_its_owners(self):
        server = self.server()
        self.assertEqual(os.stat(server.state).st_mode & 0o777, 0o700)

    def test_cli_logs_in_json(self):
        server = self.server("--log-format", "json")
        server.get("/health")
        server.end()
        lines = [json.loads(line) for line in server.log_text().splitlines()]
        self.assertTrue(any(line.get("route") == "/health" for line in lines), lines)


if __name__ == "__main__":
    unittest.main()
