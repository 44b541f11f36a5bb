"""$sqlquery-run, $sqlquery-export, $sql-run, $sql-export (operations.md §1, §2, §5, §7)."""
import json
import unittest

from tests.cli.test_sql import library
from tests.support.server import Server, view

PATIENTS = "".join(json.dumps({"resourceType": "Patient", "id": f"p{i}", "active": i % 2 == 0}) + "\n"
                   for i in range(3))
VIEW = {**view("Patient", id="id", active="active"), "id": "patients",
        "url": "http://x.org/patients", "version": "1", "name": "patients"}
QUERY = library("SELECT id FROM p WHERE active = :on ORDER BY id", [("p", "http://x.org/patients|1")],
                [("on", "boolean")], id="by-state", url="http://x.org/by-state", name="ByState")
SQL_VIEW = library("SELECT id FROM t WHERE active", [("t", "http://x.org/patients")],
                   kind="sql-view", id="on", url="http://x.org/on", name="On")


def parameters(*all_of_them):
    return {"resourceType": "Parameters", "parameter": list(all_of_them)}


def values(*pairs):
    return {"name": "parameters", "resource": parameters(*(
        {"name": name, kind: value} for name, kind, value in pairs))}


def inline(sql, dependencies=(("p", "http://x.org/patients"),), *more, name="queryResource", **how):
    return parameters({"name": name, "resource": library(sql, dependencies, **how)}, *more)


class SqlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(data={"Patient.ndjson": PATIENTS},
                            views={"v.json": VIEW, "q.json": QUERY, "on.json": SQL_VIEW})
        cls.addClassCleanup(cls.server.stop)

    def rows(self, answer):
        self.assertEqual(answer.status, 200, answer.text)
        return [json.loads(line) for line in answer.text.splitlines()]

    def run_sql(self, sql, *more, path="/$sqlquery-run", **how):
        return self.server.post(path, inline(sql, (("p", "http://x.org/patients"),), *more, **how))

    def assert_problem(self, answer, status, *issues):
        self.assertEqual((answer.status, answer.issues()), (status, list(issues)), answer.text)

    def test_sqlquery_1_the_three_levels(self):
        on = values(("on", "valueBoolean", True))
        for path, more in (("/Library/by-state/$sqlquery-run", ()),
                           ("/Library/$sqlquery-run", ({"name": "queryReference",
                            "valueReference": {"reference": "Library/by-state"}},)),
                           ("/$sqlquery-run", ({"name": "queryCanonical",
                                                "valueCanonical": "http://x.org/by-state"},)),
                           ("/$sql-run", ({"name": "subjectReference",
                                           "valueReference": {"reference": "Library/by-state"}},))):
            answer = self.server.post(path, parameters(on, *more))
            self.assertEqual(self.rows(answer), [{"id": "p0"}, {"id": "p2"}], path)

    def test_sqlview_1_runs_by_itself_and_below_others(self):
        answer = self.server.get("/$sql-run?subjectReference=Library/on")
        self.assertEqual(self.rows(answer), [{"id": "p0"}, {"id": "p2"}])
        answer = self.server.post("/$sql-run", inline(
            "SELECT count(*) AS n FROM a JOIN b USING (id)",
            (("a", "http://x.org/on"), ("b", "http://x.org/patients")), name="subjectResource"))
        self.assertEqual(self.rows(answer), [{"n": 2}])

    def test_ops_1_sql_run_takes_views_too(self):
        answer = self.server.get("/$sql-run?subjectReference=ViewDefinition/patients&_limit=1")
        self.assertEqual(self.rows(answer), [{"id": "p0", "active": True}])

    def test_ops_5_values_are_bound_by_declared_types(self):
        path = "/Library/by-state/$sqlquery-run"
        for wrong in ((), (("on", "valueString", "true"),), (("off", "valueBoolean", True),),
                      (("on", "valueBoolean", True), ("on", "valueBoolean", False))):
            answer = self.server.post(path, parameters(values(*wrong)))
            self.assertEqual(answer.status, 400, answer.text)
            self.assertIn(("invalid", "parameters"), answer.issues())
        hostile = "'; DROP TABLE p; --"
        answer = self.run_sql("SELECT $x AS x", values(("x", "valueString", hostile)))
        self.assertEqual(self.rows(answer), [{"x": hostile}])

    def test_ops_7_a_bi_client(self):
        """As a published dialect asks: no type, backticks, values beside, JSON for FHIR."""
        body = inline("SELECT `id`, NULL AS `none` FROM `p` WHERE active = $on LIMIT 1",
                      (("p", "ViewDefinition/patients"),),
                      {"name": "parameter", "part": [{"name": "name", "valueString": "on"},
                                                     {"name": "value", "valueBoolean": True}]})
        del body["parameter"][0]["resource"]["type"]
        answer = self.server.post("/$sqlquery-run?_format=json", body,
                                  Accept="application/fhir+json")
        self.assertEqual((answer.status, answer.json()), (200, [{"id": "p0", "none": None}]))

    def test_ops_2_rows_as_fhir(self):
        answer = self.server.post("/$sqlquery-run?_format=fhir", inline(
            "SELECT 1::INTEGER a, 2::BIGINT b, 1.50 c, true d, 'x' e, DATE '2024-01-02' f, "
            "TIME '10:00:00' g, TIMESTAMP '2024-01-02 03:04:05' h, "
            "TIMESTAMPTZ '2024-01-02 03:04:05Z' i, NULL j, 'ab'::BLOB k", ()))
        row = {part["name"]: part for part in answer.json()["parameter"][0]["part"]}
        self.assertEqual({name: [(key, value) for key, value in part.items() if key != "name"]
                          for name, part in row.items()},
                         {"a": [("valueInteger", 1)], "b": [("valueInteger64", "2")],
                          "c": [("valueDecimal", 1.5)], "d": [("valueBoolean", True)],
                          "e": [("valueString", "x")], "f": [("valueDate", "2024-01-02")],
                          "g": [("valueTime", "10:00:00")],
                          "h": [("valueDateTime", "2024-01-02T03:04:05")],
                          "i": [("valueInstant", "2024-01-02T03:04:05Z")],
                          "k": [("valueBase64Binary", "YWI=")]})

    def test_ops_7_types_without_a_place(self):
        self.assert_problem(self.run_sql("SELECT INTERVAL 1 DAY AS d"), 422,
                            ("invalid", "queryResource"))
        for form, status in (("csv", 422), ("fhir", 422), ("json", 200), ("ndjson", 200)):
            answer = self.server.post(f"/$sqlquery-run?_format={form}",
                                      inline("SELECT {'a': 1} AS s", ()))
            self.assertEqual(answer.status, status, form)

    def test_ops_6_what_is_refused(self):
        for sql, status in (("SELECT nothere FROM p", 422), ("SELECT * FROM q", 422),
                            ("SELECT 1; SELECT 2", 422), ("DROP TABLE p", 400),
                            ("SELECT * FROM read_csv('/etc/passwd')", 422),
                            ("SELECT * FROM duckdb_settings()", 422), ("SELECT", 422),
                            ("SELECT getenv('HOME')", 422), ("COPY p TO '/tmp/x'", 400)):
            answer = self.run_sql(sql)
            self.assertEqual(answer.status, status, sql + answer.text)
            self.assertEqual(answer.issues()[0][1], "queryResource", sql)

    def test_ops_5_dependencies(self):
        self.assert_problem(self.server.post("/$sqlquery-run", inline(
            "SELECT 1 FROM p", (("p", "http://x.org/nothere"),))), 404,
            ("not-found", "queryResource"))
        supporting = {"name": "tableSource", "resource": {**VIEW, "url": "http://x.org/own"}}
        answer = self.server.post("/$sqlquery-run", inline(
            "SELECT count(*) AS n FROM p", (("p", "http://x.org/own"),), supporting))
        self.assertEqual(self.rows(answer), [{"n": 3}])
        answer = self.server.post("/$sqlquery-run", inline("SELECT 1 AS one", (), supporting))
        self.assert_problem(answer, 400, ("invalid", "tableSource"))

    def test_ops_5_wrong_kinds(self):
        self.assertEqual(self.server.get("/Library/on/$sqlquery-run").status, 422)
        answer = self.server.post("/$sqlquery-run", parameters(
            {"name": "queryResource", "resource": VIEW}))
        self.assertEqual(answer.status, 422)
        answer = self.server.post("/$sql-run", parameters(
            {"name": "subjectResource", "resource": VIEW}, values(("a", "valueString", "b"))))
        self.assert_problem(answer, 400, ("invalid", "parameters"))
        self.assert_problem(self.server.get("/$sqlquery-run"), 400, ("required", "queryCanonical"))

    def test_ops_3_filters_apply_to_what_is_depended_on(self):
        answer = self.server.post("/$sqlquery-run?patient=p1", inline(
            "SELECT count(*) AS n FROM p", (("p", "http://x.org/on"),)))
        self.assertEqual(self.rows(answer), [{"n": 0}])
        self.assert_problem(self.server.post("/$sqlquery-run?patient=p9", inline("SELECT 1", ())),
                            400, ("not-found", "patient"))

    def test_ops_7_artefact_search_has_pages(self):
        bundle = self.server.get("/Library?_count=500").json()
        self.assertEqual(([entry["resource"]["id"] for entry in bundle["entry"]], bundle["total"]),
                         (["by-state", "on"], 2))
        self.assertNotIn("link", bundle)
        first = self.server.get("/Library?_count=1").json()
        self.assertEqual([entry["resource"]["id"] for entry in first["entry"]], ["by-state"])
        (link,) = first["link"]
        self.assertEqual(link["relation"], "next")
        second = self.server.request("GET", link["url"]).json()
        self.assertEqual([entry["resource"]["id"] for entry in second["entry"]], ["on"])
        self.assertNotIn("link", second)
        self.assertNotIn("entry", self.server.get("/Library?_count=0").json())
        for wrong in ("-1", "x", "", "1.5"):
            self.assert_problem(self.server.get("/Library?_count=" + wrong), 400,
                                ("invalid", "_count"))

    def test_exp_1_views_and_queries_in_one_job(self):
        job = self.server.export(parameters(
            {"name": "subject", "part": [
                {"name": "subjectReference", "valueReference": {"reference": "Library/by-state"}},
                values(("on", "valueBoolean", False))]},
            {"name": "subject", "part": [
                {"name": "name", "valueString": "all"},
                {"name": "subjectCanonical", "valueCanonical": "http://x.org/patients"}]}),
            path="/$sql-export")
        self.assertEqual(job.rows("ByState"), [{"id": "p1"}])
        self.assertEqual(len(job.rows("all")), 3)

    def test_exp_1_to_memory(self):
        server = Server("--export-sink", "memory:", data={"Patient.ndjson": PATIENTS},
                        views={"v.json": VIEW, "q.json": QUERY, "on.json": SQL_VIEW})
        self.addCleanup(server.stop)
        job = server.export(parameters(values(("on", "valueBoolean", True))),
                            path="/Library/by-state/$sqlquery-export")
        self.assertEqual(job.rows("ByState"), [{"id": "p0"}, {"id": "p2"}])

    def test_exp_2_an_instances_values_stand_at_the_top(self):
        job = self.server.export(parameters(values(("on", "valueBoolean", True))),
                                 path="/Library/by-state/$sqlquery-export")
        self.assertEqual(job.rows("ByState"), [{"id": "p0"}, {"id": "p2"}])

    def test_exp_17_all_problems_in_one_outcome(self):
        answer = self.server.post("/$sqlquery-export", parameters(
            {"name": "query", "part": [{"name": "queryReference", "valueString": "nothere"}]},
            {"name": "query", "part": [{"name": "queryResource",
                                        "resource": library("SELECT nothere FROM p",
                                                            [("p", "http://x.org/patients")])}]}),
            Prefer="respond-async")
        self.assertEqual(answer.status, 404)
        self.assertEqual({issue[1] for issue in answer.issues()},
                         {"query[0].queryReference", "query[1].queryResource"})

    def test_exp_3_a_failure_on_data_is_the_jobs(self):
        job = self.server.export(parameters({"name": "query", "part": [
            {"name": "name", "valueString": "x"},
            {"name": "queryResource", "resource": library(
                "SELECT CAST(id AS INTEGER) AS n FROM p", [("p", "http://x.org/patients")])}]}),
            path="/$sqlquery-export")
        self.assertEqual(job.wait().status, 422)

    def test_exp_9_a_restart_makes_the_query_again(self):
        server = Server("--export-max-running", "1", data={"Patient.ndjson": PATIENTS},
                        views={"v.json": VIEW, "q.json": QUERY, "on.json": SQL_VIEW})
        self.addCleanup(server.stop)
        job = server.export(parameters(values(("on", "valueBoolean", True))),
                            path="/Library/by-state/$sqlquery-export")
        server.restart()
        job.wait()
        self.assertEqual(job.rows("ByState"), [{"id": "p0"}, {"id": "p2"}])


if __name__ == "__main__":
    unittest.main()
