"""`kiln sql`: statements and Libraries over views (cli.md)."""
import base64
import json
import os
import subprocess

from tests.support.cli import CliTest, patients, view
from tests.support.services import Unavailable, duckdb_python

PATIENTS = view("id=id", "active=active", "born=birthDate", name="pt")
NAMES = view("id=id", "family=name.family.first()", name="names")


def library(sql, dependencies=(), parameters=(), kind="sql-query", **more):
    return {"resourceType": "Library", "status": "active",
            "type": {"coding": [{"code": kind, "system":
                     "https://sql-on-fhir.org/ig/CodeSystem/LibraryTypesCodes"}]},
            "content": [{"contentType": "application/sql",
                         "data": base64.b64encode(sql.encode()).decode()}],
            "parameter": [{"name": name, "use": "in", "type": kind} for name, kind in parameters],
            "relatedArtifact": [{"type": "depends-on", "label": label, "resource": resource}
                                for label, resource in dependencies], **more}


class SqlTest(CliTest):
    def setUp(self):
        super().setUp()
        people = patients(3, active=True)
        people[1]["active"] = False
        people[2]["birthDate"] = "2000-02-29"
        people[0]["name"] = [{"family": "A family name that is long"}]
        self.data = self.write("data/Patient.ndjson", people)
        self.write("views/pt.json", {**PATIENTS, "id": "pt", "url": "http://x.org/pt"})
        self.write("views/names.json", {**NAMES, "id": "names", "url": "http://x.org/names"})
        self.views = self.path("views")

    def sql(self, *arguments, **how):
        return self.kiln("sql", *arguments, "-v", self.views, "-d", self.data, **how)

    def ask(self, statement, *arguments, **how):
        return self.sql("-e", statement, "-f", "ndjson", *arguments, **how)

    def rows(self, statement, *arguments):
        return [json.loads(line) for line in self.ask(statement, *arguments).out.splitlines()]

    def test_cli_sql_views_are_tables(self):
        self.assertEqual(self.rows("SELECT active, count(*) AS n FROM pt GROUP BY 1 ORDER BY 2"),
                         [{"active": False, "n": 1}, {"active": True, "n": 2}])
        self.assertEqual(self.rows("SELECT pt.id, family FROM pt JOIN names USING (id) "
                                   "ORDER BY id DESC LIMIT 1"), [{"id": "p2", "family": None}])

    def test_cli_sql_the_order_of_the_input_for_any_number_of_threads(self):
        self.data = self.write("more/Patient.ndjson", patients(50_000))
        ways = {self.ask("SELECT id, count(*) n FROM pt GROUP BY id", "--threads", n).out
                for n in (1, 2, 7)}
        self.assertEqual(len(ways), 1)
        self.assertEqual(ways.pop().count(b"\n"), 50_000)

    def test_cli_sql_files_and_standard_input(self):
        query = self.write("q.sql", "SELECT count(*) AS n\nFROM pt -- all\n;\n")
        self.assertEqual(self.sql(query, "-f", "csv").out, b"n\n3\n")
        self.assertEqual(self.sql("-", "-f", "csv", stdin=b"SELECT 1 AS one").out, b"one\n1\n")

    def test_cli_sql_a_query_is_found_wherever_it_stands(self):
        query = self.write("q.sql", "SELECT count(*) AS n FROM pt")
        for words in (("-v", self.views, query, "-d", self.data),
                      ("-v", self.path("views/pt.json"), self.path("views/names.json"), query,
                       "-d", self.data),
                      ("-d", self.data, query, "-v", self.views),
                      ("-v", self.views, "-d", self.data, query),
                      ("-v", self.path("views/pt.json"), "-v", self.path("views/names.json"),
                       "-d", self.data, "--", query)):
            self.assertEqual(self.kiln("sql", "-f", "csv", *words).out, b"n\n3\n", words)

    def test_cli_sql_what_else_is_wrong_with_a_query_is_told_before_files_are_read(self):
        query = self.write("q.sql", "SELECT 1")
        other = self.write("other.SQL", "SELECT 2")
        for words in ((query, "-v", other), ("-v", query, other), (query, "-e", "SELECT 3"),
                      ("-v", query, "-e", "SELECT 3")):
            self.assertIn("two queries: ", self.sql(*words, status=2).err)
        library = self.write("q.json", "no JSON")
        outcome = self.kiln("sql", "-v", self.views, library, "-d", self.data, status=2)
        self.assertIn(f"{library} is taken for a view", outcome.err)
        self.assertIn(f"kiln sql {library} -v {self.views}", outcome.err)
        outcome = self.kiln("sql", "-v", self.views, query, self.path("data"), status=2)
        self.assertIn("-d is needed", outcome.err)

    def test_cli_sql_parameters_have_the_type_that_the_statement_wants(self):
        born = "SELECT id FROM pt WHERE born >= $day"
        self.assertEqual(self.rows(born, "-p", "day=2000-01-01"), [{"id": "p2"}])
        self.assertEqual(self.rows("SELECT $x AS x, 1 + CAST($y AS INT) AS y", "-p", "x=it's",
                                   "-p", "y=41"),
                         [{"x": "it's", "y": 42}])
        self.assert_points_at(self.ask(born, status=2), "-e:1:33")
        # Arithmetic leaves the type open, and so it is a text.
        self.assert_points_at(self.ask("SELECT 1 + $y", "-p", "y=1", status=1), "-e:1:10")
        self.ask(born, "-p", "day=1", "-p", "day=2", status=2)
        self.ask(born, "-p", "day=1", "-p", "other=2", status=2)
        self.ask(born, "-p", "day", status=2)

    def test_cli_sql_a_library_with_its_own_labels(self):
        query = self.write("q.json", library(
            "SELECT family FROM n WHERE id = :who", [("n", "http://x.org/names")],
            [("who", "string")]))
        self.assertEqual(self.sql(query, "-p", "who=p0", "-f", "csv").out,
                         b"family\nA family name that is long\n")
        self.sql(query, status=2)

    def test_cli_sql_views_of_views(self):
        self.write("views/adults.json", library(
            "SELECT id FROM people WHERE active", [("people", "http://x.org/pt")], kind="sql-view",
            id="adults", url="http://x.org/adults", name="adults"))
        self.assertEqual(self.rows("SELECT count(*) AS n FROM adults"), [{"n": 2}])

    def test_cli_sql_what_is_wrong_has_its_place(self):
        self.assert_points_at(self.ask("SELECT nothere FROM pt", status=1), "-e:1:8")
        outcome = self.ask("SELECT 1\nFROM pts", status=1)
        self.assert_points_at(outcome, "-e:2:6")
        self.assertIn("did you mean `pt`?", outcome.err)
        self.assert_points_at(self.ask("SELECT * FROM read_csv('/etc/passwd')", status=1), "-e:1:15")
        self.ask("SELECT 1; SELECT 2", status=1)
        self.ask("DROP TABLE pt", status=2)
        self.assertEqual(self.ask("SELECT INTERVAL 1 DAY AS d", status=1).out, b"")

    def test_cli_sql_bad_data_is_an_error_with_its_line(self):
        self.data = self.write("bad/Patient.ndjson", ['{"resourceType":"Patient","id":"a"}',
                                                      '{"resourceType":"Patient","id":1}'])
        outcome = self.ask("SELECT count(id) FROM pt", status=1)
        self.assertIn("Patient.ndjson:2", outcome.err)
        # What is not read is not looked at.
        self.assertEqual(self.rows("SELECT count(active) AS n FROM pt"), [{"n": 0}])

    def test_cli_sql_every_format(self):
        for form in ("csv", "ndjson", "json", "parquet"):
            target = self.path("out." + form)
            self.sql("-e", "SELECT id, active FROM pt ORDER BY id", "-o", target)
            self.assertGreater(len(self.read("out." + form)), 20, form)
        self.ask("SELECT {'a': [1, NULL]} AS s", "--no-header")
        self.sql("-e", "SELECT [1] AS l", "-f", "csv", status=1)
        self.assertEqual(self.rows("SELECT {'a': [1, NULL]} AS s, MAP {'k': 1.5} AS m"),
                         [{"s": {"a": [1, None]}, "m": {"k": 1.5}}])

    def test_cli_sql_limits_and_filters(self):
        self.assertEqual(len(self.rows("SELECT id FROM pt", "--limit", 2)), 2)
        self.assertEqual(self.rows("SELECT count(*) AS n FROM pt", "--limit", 1), [{"n": 3}])
        self.assertEqual(self.rows("SELECT count(*) AS n FROM pt", "--patient", "p1"), [{"n": 1}])

    def test_cli_sql_data_that_can_be_read_once(self):
        text = self.read("data/Patient.ndjson")
        self.data = "-"
        once = self.ask("SELECT count(*) AS n FROM pt", stdin=text)
        self.assertEqual(once.out, b'{"n":3}\n')
        # A view that is read twice is scanned once.
        twice = self.ask("SELECT count(*) AS n FROM pt a JOIN pt b USING (id)", stdin=text)
        self.assertEqual(twice.out, b'{"n":3}\n')
        both = self.ask("SELECT count(*) FROM pt JOIN names USING (id)", stdin=text, status=2)
        self.assertIn("more than once", both.err)

    def test_cli_sql_leaves_nothing_where_it_spills(self):
        spills = self.path("spills")
        os.mkdir(spills)
        self.ask("SELECT count(*) AS n FROM (SELECT md5(range::VARCHAR) AS h FROM range(1000000) "
                 "ORDER BY h LIMIT 900000)", "--memory-limit", "100MiB", env={"TMPDIR": spills})
        self.assertEqual(os.listdir(spills), [])

    def test_cli_sql_lists_its_tables(self):
        self.write("views/adults.json", library(
            "SELECT id, CAST(born AS DATE) AS day FROM people", [("people", "http://x.org/pt")],
            kind="sql-view", id="adults", url="http://x.org/adults", name="adults"))
        self.write("views/few.json", library(
            "SELECT count(*) AS n FROM a", [("a", "http://x.org/adults")], kind="sql-view",
            id="few", url="http://x.org/few"))
        self.write("views/query.json", library("SELECT 1 AS one", id="query"))
        outcome = self.kiln("sql", "--tables", "-v", self.views)
        self.assertEqual(outcome.text, """\
table   column  type     description
names   id      VARCHAR  \n\
names   family  VARCHAR  \n\
pt      id      VARCHAR  \n\
pt      active  BOOLEAN  \n\
pt      born    VARCHAR  \n\
adults  id      VARCHAR  \n\
adults  day     DATE     \n\
few     n       BIGINT   \n""")
        rows = self.kiln("sql", "--tables", "-v", self.views, "-f", "ndjson").rows
        self.assertEqual(rows[-2:], [
            {"table": "adults", "column": "day", "type": "DATE", "description": None},
            {"table": "few", "column": "n", "type": "BIGINT", "description": None}])
        csv = self.path("tables.csv")
        self.kiln("sql", "--tables", "-v", self.views, "-o", csv)
        self.assertEqual(self.read(csv).splitlines()[:2],
                         [b"table,column,type,description", b"names,id,VARCHAR,"])
        self.kiln("sql", "--tables", "-v", self.views, "-o", self.path("tables.parquet"))
        self.assertEqual(self.read("tables.parquet")[:4], b"PAR1")

    def test_cli_sql_lists_a_table_that_is_broken_with_its_problem(self):
        self.write("views/gone.json", library("SELECT 1 AS one FROM x", [("x", "http://x.org/no")],
                                              kind="sql-view", id="gone"))
        self.write("views/lost.json", library("SELECT\nnamee FROM x", [("x", "http://x.org/pt")],
                                              kind="sql-view", id="lost"))
        self.write("views/odd.json", view("id=idd", id="odd", name="odd"))
        outcome = self.kiln("sql", "--tables", "-v", self.views, "-f", "ndjson", status=1)
        broken = {row["table"]: row["description"] for row in outcome.rows
                  if row["column"] is None}
        self.assertEqual(set(broken), {"gone", "lost", "odd"})
        self.assertIn("no such ViewDefinition or SQLView: http://x.org/no", broken["gone"])
        self.assertEqual(len(outcome.rows), 8)
        self.assertIn("no such ViewDefinition or SQLView: http://x.org/no", outcome.err)
        self.assert_points_at(outcome, self.path("views/lost.json") + " (SQL):2:1")

    def test_cli_sql_no_view_is_written_over(self):
        before = self.read("views/pt.json")
        for words in (("-e", "SELECT 1 AS one", "-d", self.data), ("--tables",)):
            self.kiln("sql", *words, "-v", self.views, "-o", self.path("views/pt.json"), status=2)
        self.assertEqual(self.read("views/pt.json"), before)

    def test_cli_sql_wrong_command_lines(self):
        self.kiln("sql", "-v", self.views, "-d", self.data, status=2)
        self.kiln("sql", "-e", "SELECT 1", "-v", self.views, status=2)


# SQL → the type that Parquet has, by DuckDB's name; the value is to be the same.
NESTED = {
    "{'a': 1, 'b': 'x'}": "STRUCT(a INTEGER, b VARCHAR)",
    "{'t': true, 'i': (-128)::TINYINT, 's': 32767::SMALLINT, 'b': (-9223372036854775808)::BIGINT}":
        "STRUCT(t BOOLEAN, i TINYINT, s SMALLINT, b BIGINT)",
    "{'u': 255::UTINYINT, 'v': 65535::USMALLINT, 'w': 4294967295::UINTEGER}":
        "STRUCT(u SMALLINT, v INTEGER, w BIGINT)",
    "{'d': 123456789012345678901234567890.12345678::DECIMAL(38,8), 'e': -0.01::DECIMAL(4,2)}":
        "STRUCT(d DECIMAL(38,8), e DECIMAL(4,2))",
    "{'h': 99999999999999999999999999999999999999::HUGEINT, 'u': 18446744073709551615::UBIGINT}":
        "STRUCT(h DECIMAL(38,0), u DECIMAL(20,0))",
    "{'f': 0.1::FLOAT, 'g': 1.17549435e-38::FLOAT, 'd': 1e308::DOUBLE, 'e': 0.1::DOUBLE, "
    "'n': 4.9e-324::DOUBLE, 'z': -0.0::DOUBLE}":
        "STRUCT(f FLOAT, g FLOAT, d DOUBLE, e DOUBLE, n DOUBLE, z DOUBLE)",
    "{'d': DATE '0001-01-01', 't': TIME '23:59:59.999999', 'u': TIME '24:00:00', "
    "'s': TIMESTAMP '9999-12-31 23:59:59.999999', 'z': TIMESTAMPTZ '1969-01-01 00:00:00.5+02'}":
        "STRUCT(d DATE, t TIME, u TIME, s TIMESTAMP, z TIMESTAMP WITH TIME ZONE)",
    "{'s': TIMESTAMP_S '2024-01-01 01:02:03', 'm': TIMESTAMP_MS '2024-01-01 01:02:03.004'}":
        "STRUCT(s TIMESTAMP, m TIMESTAMP)",
    "{'u': '6ccd780c-baba-1026-9564-5b8c656024db'::UUID, 'j': '{\"k\": [1.50, null]}'::JSON}":
        "STRUCT(u VARCHAR, j VARCHAR)",
    "{'n': NULL::INTEGER, 's': '', 'w': 'null', 'q': 'it''s \"q\" \\ 😀' || chr(10) || chr(1), "
    "'l': '[1]'}": "STRUCT(n INTEGER, s VARCHAR, w VARCHAR, q VARCHAR, l VARCHAR)",
    "{'it''s': 1, 'a \"q\"': 2, 'Zoë 😀': 3, 'a\\b': 4, 'select': 5, 'a.b': 6, 'A,)': 7, '--': 8}":
        "STRUCT(\"it's\" INTEGER, \"a \"\"q\"\"\" INTEGER, \"Zoë 😀\" INTEGER, \"a\\b\" INTEGER, "
        "\"select\" INTEGER, \"a.b\" INTEGER, \"A,)\" INTEGER, \"--\" INTEGER)",
    "[[1, NULL], [], NULL]": "INTEGER[][]",
    "[{'a': {'b': NULL::INTEGER}}, {'a': NULL}, NULL]": "STRUCT(a STRUCT(b INTEGER))[]",
    "[[[['x', NULL]]]]": "VARCHAR[][][][]",
    "{'a': [1.5, NULL], 'b': []::VARCHAR[]}": "STRUCT(a DECIMAL(2,1)[], b VARCHAR[])",
    "MAP {'z': 1, 'a': NULL, '': 3, '\"': 4}": "MAP(VARCHAR, INTEGER)",
    "MAP {1.50: [DATE '2024-01-01'], -2.25: NULL}": "MAP(DECIMAL(3,2), DATE[])",
    "MAP {DATE '2024-01-01': {'a': MAP {true: 1}}}": "MAP(DATE, STRUCT(a MAP(BOOLEAN, INTEGER)))",
    "MAP {}::MAP(BIGINT, VARCHAR)": "MAP(BIGINT, VARCHAR)",
    "NULL::STRUCT(a INTEGER[])": "STRUCT(a INTEGER[])",
    "[1, 2]::INTEGER[2]": "INTEGER[]",
    "[[1, 2], [3, 4]]::INTEGER[2][]": "INTEGER[][]",
}
READER = """
import duckdb, json, sys
asked = json.load(sys.stdin)
db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")
answers = []
for column, (sql, kind) in enumerate(asked["columns"]):
    answers.append(db.execute(f"SELECT typeof(c{column}), c{column}::VARCHAR, (CAST({sql} AS {kind}))::VARCHAR, "
                              f"c{column} IS NOT DISTINCT FROM CAST({sql} AS {kind}) "
                              f"FROM read_parquet('{asked['path']}')").fetchone())
json.dump(answers, sys.stdout)
"""


class NestedParquetTest(CliTest):
    def write_parquet(self, statement, **how):
        data = self.write("data/Patient.ndjson", patients(1))
        views = self.write("views/pt.json", PATIENTS)
        return self.kiln("sql", "-e", statement, "-v", views, "-d", data, "-o", self.path("o.parquet"),
                         **how)

    def test_cli_sql_structs_lists_and_maps_are_parquets_own(self):
        try:
            python = duckdb_python()
        except Unavailable as error:
            self.skipTest(str(error))
        self.write_parquet("SELECT " + ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(NESTED)))
        asked = {"columns": list(NESTED.items()), "path": self.path("o.parquet")}
        done = subprocess.run([python, "-c", READER], input=json.dumps(asked).encode(),
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        for (sql, kind), (got, value, expected, same) in zip(NESTED.items(), json.loads(done.stdout)):
            with self.subTest(sql):
                self.assertEqual((got, value), (kind, expected))
                self.assertTrue(same)

    def test_cli_sql_what_parquet_cannot_have_is_refused_before_any_row(self):
        for sql in ("{'a': 'x'::BLOB}", "row(1, 2)", "MAP {[1]: 2}", "MAP {{'a': 1}: 2}",
                    "[{'a': ['x'::BLOB]}]"):
            outcome = self.write_parquet(f"SELECT {sql} AS s", status=1)
            self.assertIn("'s'", outcome.err)
            self.assertFalse(os.path.exists(self.path("o.parquet")), sql)

    def test_cli_sql_a_value_that_parquet_cannot_have_is_an_error(self):
        for sql in ("{'h': 170141183460469231731687303715884105727}", "{'d': 'nan'::DOUBLE}",
                    "{'d': DATE '10000-01-01'}"):
            self.write_parquet(f"SELECT {sql} AS s", status=1)
            self.assertFalse(os.path.exists(self.path("o.parquet")), sql)
