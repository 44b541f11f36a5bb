"""Kick-off of an export: what is checked before the 202, and how it is told (operations.md §4.1)."""
import concurrent.futures
import http.client
import json
import re
import unittest
import urllib.parse

from tests.support.server import Server, export_of, parts_of, view

PUBLISHED = {**view("Patient"), "id": "patients", "name": "patients",
             "url": "http://example.org/patients"}


class KickOffTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(data={"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'},
                            views={"patients.json": PUBLISHED})
        cls.addClassCleanup(cls.server.stop)

    def assert_problem(self, answer, status, *issues):
        self.assertEqual((answer.status, answer.issues()), (status, list(issues)))

    def kick_off(self, *parameters, path="/$viewdefinition-export"):
        return self.server.kick_off({"resourceType": "Parameters", "parameter": list(parameters)},
                                    path)

    def test_ops_4_1_accepted(self):
        body = export_of(PUBLISHED, clientTrackingId="mine")
        answer = self.server.kick_off(body)
        self.assertEqual(answer.status, 202)
        location = answer.headers["Content-Location"]
        self.assertTrue(location.startswith(self.server.base + "/"))
        parts = dict(parts_of(answer.json()))
        self.assertEqual(parts, {"exportId": location.rsplit("/", 1)[1], "status": "accepted",
                                 "location": location, "clientTrackingId": "mine"})

    def test_ops_7_job_ids_have_at_least_120_bits_and_differ(self):
        ids = {self.server.export(export_of(PUBLISHED)).id for _ in range(5)}
        self.assertEqual(len(ids), 5)
        for one in ids:
            self.assertRegex(one, "^[0-9a-f]{30,}$")

    def test_ops_4_1_prefer_is_required(self):
        path = "/ViewDefinition/patients/$viewdefinition-export"
        body = {"resourceType": "Parameters"}
        self.assert_problem(self.server.post(path, body), 400, ("required", ""))
        self.assert_problem(self.server.post(path, body, Prefer="return=minimal"), 400,
                            ("required", ""))
        for good in ("respond-async", "Respond-Async", "return=minimal, RESPOND-ASYNC",
                     "respond-async; wait=10"):
            self.assertEqual(self.server.post(path, body, Prefer=good).status, 202, good)
        for bad in ("wait;respond-async", "x=respond-async", "respond-asynchronously"):
            self.assertEqual(self.server.post(path, body, Prefer=bad).status, 400, bad)

    def test_ops_1_post_only(self):
        for path in ("/$viewdefinition-export", "/ViewDefinition/$viewdefinition-export",
                     "/ViewDefinition/patients/$viewdefinition-export"):
            self.assert_problem(self.server.get(path, Prefer="respond-async"), 400,
                                ("required", ""))

    def test_ops_1_the_three_levels(self):
        reference = {"name": "view", "part": [
            {"name": "viewReference", "valueReference": {"reference": "ViewDefinition/patients"}}]}
        canonical = {"name": "view", "part": [
            {"name": "viewCanonical", "valueCanonical": "http://example.org/patients"}]}
        for path in ("/$viewdefinition-export", "/ViewDefinition/$viewdefinition-export"):
            for one in (reference, canonical):
                self.assertEqual(self.kick_off(one, path=path).status, 202)
        path = "/ViewDefinition/patients/$viewdefinition-export"
        self.assertEqual(self.kick_off(path=path).status, 202)
        self.assert_problem(self.kick_off(reference, path=path), 400, ("invalid", "view"))
        self.assert_problem(self.server.kick_off(PUBLISHED, path), 400, ("invalid", ""))

    def test_ops_1_a_bare_view_is_one_subject(self):
        self.assertEqual(self.server.kick_off(view("Patient")).status, 202)

    def test_exp_17_all_problems_at_once_with_their_places(self):
        answer = self.kick_off(
            {"name": "view", "part": [{"name": "viewResource",
                                       "resource": view("Patient", bad="birthdate")}]},
            {"name": "view", "part": [{"name": "viewReference",
                                       "valueReference": {"reference": "nope"}}]},
            {"name": "view", "part": [{"name": "viewCanonical", "valueCanonical": "http://no"},
                                      {"name": "colour", "valueString": "red"}]},
            {"name": "view", "part": []},
            {"name": "_format", "valueCode": "xml"},
            {"name": "_since", "valueInstant": "yesterday"},
            {"name": "patient", "valueReference": {"reference": "Patient/zz"}},
            {"name": "flavour", "valueString": "sweet"})
        self.assertEqual(answer.status, 404)
        found = answer.issues()
        for code, expression in (
                ("invalid", "view[0].viewResource"), ("not-found", "view[1].viewReference"),
                ("not-found", "view[2].viewCanonical"), ("not-supported", "view[2].colour"),
                ("invalid", "view[3]"), ("not-supported", "_format"), ("invalid", "_since"),
                ("not-found", "patient"), ("not-supported", "flavour")):
            self.assertTrue(
                any(c == code and e.startswith(expression) for c, e in found),
                f"no {code} at {expression} in {found}")

    def test_exp_17_names_are_compared_also_where_a_subject_is_unknown(self):
        def named(name, reference):
            return {"name": "view", "part": [
                {"name": "name", "valueString": name},
                {"name": "viewReference", "valueReference": {"reference": reference}}]}
        self.assert_problem(self.kick_off(named("n", "nope"), named("n", "patients")), 404,
                            ("not-found", "view[0].viewReference"), ("invalid", "view"))
        answer = self.kick_off({"name": "view", "part": [{"name": "name", "valueInteger": 1}]})
        self.assert_problem(answer, 400, ("invalid", "view[0].name"), ("invalid", "view[0]"))

    def test_exp_17_the_query_is_checked_beside_a_body_that_cannot_be_read(self):
        answer = self.server.request("POST", "/$viewdefinition-export?_format=xml&flavour=sweet",
                                     "{", {"Prefer": "respond-async"})
        self.assert_problem(answer, 400, ("invalid", ""), ("not-supported", "flavour"),
                            ("not-supported", "_format"))
        self.assertIn("request body:1:", answer.text)

    def test_ops_6_the_position_is_that_in_the_inline_view(self):
        resource = '{"resourceType":"ViewDefinition",\n "resource":"Patient",\n "select":7}'
        body = ('{"resourceType":"Parameters","parameter":[{"name":"view","part":[{'
                '"name":"viewResource","resource":%s}]}]}' % resource)
        answer = self.server.request("POST", "/$viewdefinition-export", body,
                                     {"Prefer": "respond-async"})
        self.assertEqual(answer.status, 422)
        self.assertIn("[view[0].viewResource:3:", answer.text)

    def test_ops_7_parameters_that_are_no_parameters(self):
        for body, place in (({"parameter": {"name": "view"}}, "parameter"),
                            ({"parameter": [{"name": "_format", "valueCode": "csv",
                                             "valueString": "csv"}]}, "_format")):
            answer = self.server.kick_off({"resourceType": "Parameters", **body})
            self.assertEqual(answer.status, 400)
            self.assertIn(("invalid", place), answer.issues())

    def test_ops_6_415_a_body_with_a_coding(self):
        answer = self.server.kick_off(export_of(PUBLISHED), Content_Encoding="gzip")
        self.assert_problem(answer, 415, ("not-supported", ""))
        self.assertEqual(
            self.server.kick_off(export_of(PUBLISHED), Content_Encoding="Identity").status, 202)

    def test_issue_more_than_a_server_should_be_asked(self):
        one = {"name": "view", "part": [{"name": "viewReference",
                                         "valueReference": {"reference": "patients"}}]}
        answer = self.kick_off(*[one] * 1001)
        self.assert_problem(answer, 400, ("too-costly", "view"))
        answer = self.kick_off(*[{"name": "flavour", "valueString": "sweet"}] * 10_001)
        self.assertEqual(answer.status, 400)
        self.assertIn("10000 parameters", answer.json()["issue"][0]["diagnostics"])
        self.assertEqual(len(answer.issues()), 201)
        self.assertEqual(answer.issues()[200][0], "incomplete")
        answer = self.server.request("POST", "/$viewdefinition-export",
                                     "[" + "1," * 1_000_000 + "1]", {"Prefer": "respond-async"})
        self.assert_problem(answer, 413, ("too-long", ""))
        answer = self.kick_off(one, {"name": "clientTrackingId", "valueString": "x" * 1001})
        self.assert_problem(answer, 400, ("invalid", "clientTrackingId"))
        self.assertEqual(
            self.kick_off(one, {"name": "clientTrackingId", "valueString": "x" * 1000}).status, 202)
        answer = self.server.kick_off(export_of(PUBLISHED), Idempotency_Key="x" * 1001)
        self.assert_problem(answer, 400, ("invalid", ""))
        named = [{"name": "view", "part": [{"name": "name", "valueString": "x" * 1001},
                                           *one["part"]]}]
        self.assert_problem(self.kick_off(*named), 400, ("invalid", "view[0].name"))
        answer = self.kick_off(*[{"name": "view", "part": [
            {"name": "name", "valueString": f"n{i}"}, *one["part"]]} for i in range(101)],
            {"name": "_format", "valueCode": "parquet"})
        self.assert_problem(answer, 400, ("too-costly", "view"))

    def test_issue_small_bodies_that_ask_for_much(self):
        """None takes memory or time out of proportion: the server is as large as before, about."""
        def rss():
            with open(f"/proc/{self.server.process.pid}/status", encoding="utf-8") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        before = rss()
        parts = [{"name": "x" * 100_000, "part": [{}] * 9_000}]
        self.assertEqual(self.kick_off(*parts).status, 400)
        nested = {"name": "a", "valueString": "b"}
        for _ in range(60):
            nested = {"name": "a", "part": [nested]}
        answer = self.kick_off(nested)
        self.assertIn(("invalid", "a.a.a.a.a"), answer.issues())
        many = "".join(f',"value{i}":"x"' for i in range(20_000))
        answer = self.server.request(
            "POST", "/$viewdefinition-export", '{"resourceType":"Parameters","parameter":[{"name":'
            '"_format"%s}]}' % many, {"Prefer": "respond-async"})
        self.assertEqual(answer.status, 400)
        for wrong in ({**view("Patient"), "select": [1] * 100_000},
                      {**view("Patient"), "constant": [{"name": "a", "valueString": "b"}] * 3000},
                      {**view("Patient"), "select": [{"column": [
                          {"name": f"c{i}", "path": "birthdate"} for i in range(3000)]}]},
                      {**view("Patient"), **{f"key{i}": 1 for i in range(100_000)}, "select": []}):
            answer = self.server.kick_off(wrong)
            self.assertEqual(answer.status, 422)
            self.assertLessEqual(len(answer.issues()), 201)
        self.assertLess(rss() - before, 200 * 1024)

    def test_ops_6_an_outcome_is_json_whatever_it_quotes(self):
        for path in ("/%FF", "/ViewDefinition/%C3%28", "/ViewDefinition/x/$viewdefinition-run?%FF=1",
                     "/$viewdefinition-run?viewReference=%ED%A0%80&_format=%FF&_since=%FF"):
            answer = self.server.get(path)
            self.assertIn(answer.status, (400, 404), path)
            self.assertEqual(answer.json()["resourceType"], "OperationOutcome")
            if path != "/%FF":
                self.assertIn("\ufffd", answer.text)

    def test_ops_7_404_beats_400_beats_422(self):
        unknown = {"name": "view", "part": [{"name": "viewReference", "valueReference":
                                             {"reference": "nope"}}]}
        broken = {"name": "view", "part": [{"name": "viewResource",
                                            "resource": view("Patient", bad="birthdate")}]}
        wrong = {"name": "_format", "valueCode": "xml"}
        self.assertEqual(self.kick_off(broken).status, 422)
        self.assertEqual(self.kick_off(broken, wrong).status, 400)
        self.assertEqual(self.kick_off(broken, wrong, unknown).status, 404)

    def test_ops_6_400_no_subject(self):
        self.assert_problem(self.kick_off(), 400, ("required", "view"))

    def test_ops_6_400_none_or_several_naming_forms(self):
        answer = self.kick_off({"name": "view", "part": [
            {"name": "viewResource", "resource": PUBLISHED},
            {"name": "viewReference", "valueReference": {"reference": "patients"}}]})
        self.assertEqual((answer.status, answer.issues()[0]), (400, ("invalid", "view[0]")))

    def test_ops_4_3_two_equal_names_are_invalid(self):
        self.assert_problem(self.server.kick_off(export_of(PUBLISHED, PUBLISHED)), 400,
                            ("invalid", "view"))

    def test_ops_4_3_given_names_make_them_differ(self):
        part = {"name": "viewResource", "resource": PUBLISHED}
        answer = self.kick_off({"name": "view", "part": [part]},
                               {"name": "view", "part": [{"name": "name", "valueString": "b"},
                                                         part]})
        self.assertEqual(answer.status, 202)

    def test_ops_1_run_parameters_are_invalid_on_an_export(self):
        subject = export_of(PUBLISHED)["parameter"][0]
        for name, value in (("_limit", {"valueInteger": 1}),
                            ("resource", {"resource": {"resourceType": "Patient"}})):
            self.assert_problem(self.kick_off(subject, {"name": name, **value}), 400,
                                ("invalid", name))
        self.assert_problem(self.kick_off(subject, {"name": "source", "valueString": "x"}), 400,
                            ("not-supported", "source"))

    def test_ops_2_fhir_is_for_runs(self):
        answer = self.server.kick_off(export_of(PUBLISHED, _format="fhir"))
        self.assert_problem(answer, 400, ("invalid", "_format"))

    def test_ops_2_accept_does_not_choose_the_format(self):
        job_answer = self.server.post("/$viewdefinition-export", export_of(PUBLISHED),
                                      Prefer="respond-async", Accept="text/csv")
        self.assertIn(job_answer.status, (202, 406))
        answer = self.server.post("/$viewdefinition-export", export_of(PUBLISHED),
                                  Prefer="respond-async", Accept="application/fhir+json")
        self.assertEqual(answer.status, 202)

    def test_ops_7_compressed_parquet_is_invalid(self):
        answer = self.server.kick_off(export_of(PUBLISHED, _format="parquet", _compression="gzip"))
        self.assert_problem(answer, 400, ("invalid", "_compression"))

    def test_ops_7_csv_refuses_list_columns_before_any_row(self):
        listed = view("Patient")
        listed["select"][0]["column"].append({"name": "names", "path": "name.family",
                                              "collection": True})
        answer = self.server.kick_off(export_of(listed, _format="csv"))
        self.assertEqual(answer.status, 422)
        self.assertIn("names", answer.text)
        self.assertEqual(self.server.kick_off(export_of(listed)).status, 202)

    def test_ops_7_wrong_kinds(self):
        inline = {"name": "view", "part": [{"name": "viewResource",
                                            "resource": {"resourceType": "Patient"}}]}
        answer = self.kick_off(inline)
        self.assertEqual((answer.status, answer.issues()[0]),
                         (422, ("invalid", "view[0].viewResource")))
        other = {"name": "view", "part": [{"name": "viewReference",
                                           "valueReference": {"reference": "Patient/a"}}]}
        self.assert_problem(self.kick_off(other), 400, ("invalid", "view[0].viewReference"))

    def test_ops_7_the_older_resource_type_of_a_view(self):
        older = {**view("Patient"), "resourceType":
                 "https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition"}
        self.assertEqual(self.server.export(export_of(older)).rows("patient"), [{"id": "a"}])
        self.assertEqual(self.server.post("/$viewdefinition-run", older).status, 200)

    def test_ops_6_415_not_fhir_json(self):
        answer = self.server.request("POST", "/$viewdefinition-export", "x",
                                     {"Content-Type": "text/plain", "Prefer": "respond-async"})
        self.assertEqual((answer.status, answer.issues()[0][0]), (415, "not-supported"))

    def test_ops_7_query_parameters_and_the_body_that_beats_them(self):
        job = self.server.export(export_of(PUBLISHED, _format="json"),
                                 "/$viewdefinition-export?_format=csv&header=false")
        self.assertEqual(dict(parts_of(job.manifest()))["_format"], "json")

    def test_ops_7_references_in_every_spelling(self):
        for reference in ("patients", "ViewDefinition/patients",
                          self.server.base + "/ViewDefinition/patients"):
            self.assertEqual(self.kick_off({"name": "view", "part": [
                {"name": "viewReference", "valueReference": {"reference": reference}}]}).status,
                202, reference)
        for reference in ("Patient/a", "a", self.server.base + "/Patient/a"):
            self.assertEqual(self.kick_off(export_of(PUBLISHED)["parameter"][0], {
                "name": "patient", "valueReference": {"reference": reference}}).status, 202)
        for reference in ("http://else.where/Patient/a", "/Patient/a", "x/Patient/a", "Group/a"):
            self.assert_problem(self.kick_off(export_of(PUBLISHED)["parameter"][0], {
                "name": "patient", "valueReference": {"reference": reference}}), 400,
                ("not-found", "patient"))
        answer = self.kick_off({"name": "view", "part": [
            {"name": "viewReference",
             "valueReference": {"reference": "http://else.where/ViewDefinition/patients"}}]})
        self.assert_problem(answer, 404, ("not-found", "view[0].viewReference"))

    def test_ops_7_an_idempotency_key_stands_for_one_job(self):
        body = export_of(PUBLISHED)
        first = self.server.kick_off(body, Idempotency_Key="k")
        again = self.server.kick_off(body, Idempotency_Key="k")
        self.assertEqual((first.status, again.status), (202, 202))
        self.assertEqual(first.headers["Content-Location"], again.headers["Content-Location"])
        other = self.server.kick_off(export_of(PUBLISHED, _format="csv"), Idempotency_Key="k")
        self.assertEqual((other.status, other.issues()[0][0]), (422, "invalid"))
        self.assertEqual(self.server.kick_off(body, Idempotency_Key="l").status, 202)

    def test_issue_an_idempotency_key_sent_many_times_at_once(self):
        body = export_of(PUBLISHED)
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = [future.result() for future in
                       [pool.submit(self.server.kick_off, body, Idempotency_Key="many")
                        for _ in range(20)]]
        self.assertEqual({answer.status for answer in answers}, {202})
        self.assertEqual(len({answer.headers["Content-Location"] for answer in answers}), 1)

    def test_ops_6_429_too_many_jobs(self):
        server = Server("--export-max-running", "1", "--export-max-queued", "1",
                        data={"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n' * 400_000})
        self.addCleanup(server.stop)
        slow = view("Patient", id="id", x="iif(id.replaceMatches('a', 'b') = 'b', 1, 2)")
        answers = [server.kick_off(export_of(slow)) for _ in range(4)]
        self.assertEqual([answer.status for answer in answers[:2]], [202, 202])
        refused = answers[2:]
        for answer in refused:
            self.assertEqual((answer.status, answer.issues()[0][0]), (429, "throttled"))
            self.assertTrue(re.fullmatch("[1-9][0-9]*", answer.headers["Retry-After"]))

    def test_ops_7_a_client_has_a_share_of_the_queue(self):
        """A client is a peer address: 127.0.0.2 is another one."""
        server = Server("--export-max-running", "1", "--export-max-queued", "8",
                        data={"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n' * 400_000})
        self.addCleanup(server.stop)
        slow = view("Patient", id="id", x="iif(id.replaceMatches('a', 'b') = 'b', 1, 2)")
        self.assertEqual([server.kick_off(export_of(slow)).status for _ in range(4)],
                         [202, 202, 202, 429])
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.base).netloc,
                                                source_address=("127.0.0.2", 0))
        self.addCleanup(connection.close)
        connection.request("POST", "/$viewdefinition-export", body=json.dumps(export_of(slow)),
                           headers={"Content-Type": "application/fhir+json",
                                    "Prefer": "respond-async"})
        self.assertEqual(connection.getresponse().status, 202)


if __name__ == "__main__":
    unittest.main()
