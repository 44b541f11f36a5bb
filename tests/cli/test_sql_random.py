"""SQL over views against what it stands for: the views' own rows, and random statements against DuckDB
over Parquet exports of the same views.

$KILN_SEEDS is the number of random statements (120); $KILN_SEED is the first one's seed (1).
"""
import datetime
import json
import os
import random
import re
import subprocess
import unittest

from tests.support.cli import CliTest, data_set, run, shared_folder
from tests.support.services import Unavailable, duckdb_python

SEEDS = int(os.environ.get("KILN_SEEDS", "120"))
FIRST_SEED = int(os.environ.get("KILN_SEED", "1"))


class ViewsThroughSql(CliTest):
    def test_each_view_gives_its_own_rows(self):
        views = os.path.join(shared_folder(), "views")
        data = data_set("synthea-120")
        with open(os.path.join(views, "golden-synthea-120.json"), encoding="utf-8") as file:
            golden = json.load(file)
        for one in golden:
            path = os.path.join(views, one["source"], one["file"])
            with open(path, encoding="utf-8") as file:
                name = json.load(file)["name"]
            with self.subTest(one["file"]):
                rows = self.kiln("run", path, "-d", data, "-f", "csv").out
                through = self.kiln("sql", "-e", f"SELECT * FROM {name}", "-v", path, "-d", data,
                                    "-f", "csv").out
                self.assertTrue(rows == through, "the bytes differ")

    def test_lists_and_typed_columns_give_their_own_rows(self):
        write_input(self)
        for view, data in (("p", "Patient"), ("o", "Observation")):
            path = self.path(f"views/{view}.json")
            rows = self.kiln("run", path, "-d", self.path("data"), "-f", "ndjson").rows
            self.assertEqual(len(rows), COUNTS[data])
            through = self.kiln("sql", "-e", f"SELECT * FROM {view}", "-v", path, "-d",
                                self.path("data"), "-f", "ndjson").rows
            self.assertEqual([in_utc(row) for row in rows], through)


def in_utc(row):
    """A view's text keeps the offset of its input; SQL has a moment."""
    if row.get("updated"):
        moment = datetime.datetime.fromisoformat(row["updated"].replace("Z", "+00:00"))
        moment = moment.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")
        row["updated"] = re.sub(r"\.?0*\+00:00$", "Z", moment) if "." in moment else moment
    return row


def column(name, path, ansi=None, **more):
    return {"name": name, "path": path, **more,
            **({"tag": [{"name": "ansi/type", "value": ansi}]} if ansi else {})}


# By kind: what a literal looks like, and what it may be compared with.
COLUMNS = {
    "p": {"id": "text", "active": "boolean", "born": "date", "births": "whole", "family": "text",
          "updated": "moment", "given": "list"},
    "o": {"id": "text", "patient": "text", "amount": "decimal", "ratio": "double", "taken": "time",
          "at": "timestamp", "small": "whole"},
}
VIEWS = {
    "p": ("Patient", [
        column("id", "id"), column("active", "active"), column("born", "birthDate", "DATE"),
        column("births", "multipleBirth.ofType(integer)", "INTEGER", type="integer"),
        column("family", "name.first().family"),
        column("updated", "meta.lastUpdated", "TIMESTAMP WITH TIME ZONE"),
        column("given", "name.first().given", collection=True)]),
    "o": ("Observation", [
        column("id", "id"), column("patient", "subject.getReferenceKey(Patient)"),
        column("amount", "value.ofType(Quantity).value", "DECIMAL(18,3)"),
        column("ratio", "value.ofType(Quantity).value", "DOUBLE PRECISION"),
        column("taken", "value.ofType(time)", "TIME"),
        column("at", "effective.ofType(dateTime)", "TIMESTAMP"),
        column("small", "value.ofType(integer)", "SMALLINT")]),
}
COUNTS = {"Patient": 300, "Observation": 900}
FAMILIES = ["Abel", "abel", "A%b", "A_b", "Åberg", "", "It's \"q\"", "Zoë 😀", "Abelard von und zu Abelsberg",
            "a\\b", "A\nb"]
DATES = ["1970-01-01", "1969-12-31", "2000-02-29", "1900-01-01", "2024-07-01"]
MOMENTS = ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.123Z", "2023-12-31T23:30:00-01:00",
           "1969-07-20T20:17:40Z"]
TIMESTAMPS = ["2024-01-01T00:00:00Z", "2020-02-29T12:30:15Z", "1950-05-05T05:05:05Z"]
TIMES = ["00:00:00", "12:30:15", "23:59:59"]
DECIMALS = ["0", "-1.5", "1.500", "99999999999.999", "0.001", "-0.001", "7", "-7", "100"]
WHOLES = [0, 1, -1, 2, 3, 32767, -32768]


def write_input(test):
    """Two views with every type, and data with many NULLs and few values; always the same."""
    chance = random.Random(20)
    people = []
    for i in range(COUNTS["Patient"]):
        one = {"resourceType": "Patient", "id": f"p{i}"}
        if chance.random() < 0.7:
            one["active"] = chance.random() < 0.5
        if chance.random() < 0.7:
            one["birthDate"] = chance.choice(DATES)
        if chance.random() < 0.5:
            one["multipleBirthInteger"] = chance.choice(WHOLES)
        name = {}
        if (family := chance.choice(FAMILIES + [""])) and chance.random() < 0.9:
            name["family"] = family
        if chance.random() < 0.6:
            name["given"] = [chance.choice(["Ann", "Bo", "Cé"]) for _ in range(chance.randint(1, 3))]
        if name:
            one["name"] = [name]
        if chance.random() < 0.8:
            one["meta"] = {"lastUpdated": chance.choice(MOMENTS)}
        people.append(one)
    observations = []
    for i in range(COUNTS["Observation"]):
        one = {"resourceType": "Observation", "id": f"o{i}", "status": "final"}
        if chance.random() < 0.9:
            one["subject"] = {"reference": f"Patient/p{chance.randrange(COUNTS['Patient'] + 20)}"}
        kind = chance.random()
        if kind < 0.5:
            one["valueQuantity"] = {"value": Number(chance.choice(DECIMALS))}
        elif kind < 0.65:
            one["valueTime"] = chance.choice(TIMES)
        elif kind < 0.8:
            one["valueInteger"] = chance.choice(WHOLES)
        if chance.random() < 0.7:
            one["effectiveDateTime"] = chance.choice(TIMESTAMPS)
        observations.append(one)
    test.write("data/Patient.ndjson", [as_json(one) for one in people])
    test.write("data/Observation.ndjson", [as_json(one) for one in observations])
    for name, (kind, columns) in VIEWS.items():
        test.write(f"views/{name}.json", {
            "resourceType": "ViewDefinition", "status": "active", "name": name, "resource": kind,
            "url": "http://x.org/" + name, "select": [{"column": columns}]})


class Number(str):
    """Digits that stand in JSON as they are."""


def as_json(value):
    text = json.dumps(value, default=str)
    return re.sub(r'("value": )"(-?[0-9.]+)"', r"\1\2", text)


class Grammar:
    """One statement from a seed."""

    def __init__(self, seed):
        self.chance = random.Random(seed)

    def one_of(self, *ways):
        return self.chance.choice(ways)

    def statement(self):
        """(SQL, whether the order of its rows counts). Each column comes as text."""
        columns, rest, ordered = self.one_of(self.projection, self.projection, self.join, self.groups)()
        texts = ", ".join(f"CAST({column} AS VARCHAR) AS c{i}" for i, column in enumerate(columns))
        if ordered and self.chance.random() < 0.8:
            # All of the columns, so that rows that are alike may change places.
            ways = ", ".join(column + self.one_of("", " DESC", " NULLS FIRST", " DESC NULLS LAST")
                             for column in self.shuffled(columns))
            return f"SELECT {texts} FROM {rest} ORDER BY {ways}{self.limit()}", True
        return f"SELECT {texts} FROM {rest}", False

    def limit(self):
        return self.one_of("", f" LIMIT {self.one_of(0, 1, 7, 50)}",
                           f" LIMIT {self.one_of(1, 20)} OFFSET {self.one_of(0, 3, 1000)}")

    def shuffled(self, items):
        return self.chance.sample(items, len(items))

    def some(self, table, prefix=""):
        names = list(COLUMNS[table])
        return [prefix + name for name in self.chance.sample(names, self.chance.randint(1, len(names)))]

    def projection(self):
        table = self.one_of("p", "o")
        return self.some(table), table + self.where([(table, "")]), True

    def join(self):
        kind = self.one_of("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
        columns = self.some("p", "p.") + self.some("o", "o.")
        return (columns, f"p {kind} o ON p.id = o.patient" + self.where([("p", "p."), ("o", "o.")]),
                True)

    def groups(self):
        table = self.one_of("p", "o")
        keys = [name for name in self.some(table) if COLUMNS[table][name] != "list"][:2] or ["id"]
        sums = ["count(*)"]
        for name in self.some(table)[:3]:
            kind = COLUMNS[table][name]
            ways = [f"count({name})", f"count(DISTINCT {name})"]
            if kind != "list":
                ways += [f"min({name})", f"max({name})"]
            if kind in ("whole", "decimal"):
                ways.append(f"sum({name})")
            sums.append(self.one_of(*ways))
        having = self.one_of("", " HAVING count(*) > 1")
        return (keys + sums, f"{table}{self.where([(table, '')])} GROUP BY {', '.join(keys)}{having}",
                True)

    def where(self, tables):
        if self.chance.random() < 0.2:
            return ""
        return " WHERE " + self.condition(tables, 2)

    def condition(self, tables, depth):
        if depth and self.chance.random() < 0.4:
            parts = [self.condition(tables, depth - 1) for _ in range(2)]
            return self.one_of(f"({parts[0]} AND {parts[1]})", f"({parts[0]} OR {parts[1]})",
                               f"NOT ({parts[0]})")
        table, prefix = self.one_of(*tables)
        name = self.one_of(*COLUMNS[table])
        kind = COLUMNS[table][name]
        name = prefix + name
        if kind == "list":
            return self.one_of(f"{name} IS NULL", f"{name} IS NOT NULL", f"len({name}) > 1",
                               f"list_contains({name}, 'Ann')")
        ways = [f"{name} IS NULL", f"{name} IS NOT NULL"]
        ways += [f"{name} {self.one_of('=', '<>', '<', '<=', '>', '>=')} {self.literal(kind)}"] * 3
        ways.append(f"{self.literal(kind)} {self.one_of('=', '<', '>=')} {name}")
        ways.append(f"{name} {self.one_of('', 'NOT ')}IN ({', '.join(self.literal(kind) for _ in range(3))}"
                    f"{self.one_of('', ', NULL')})")
        if kind != "boolean":
            ways.append(f"{name} BETWEEN {self.literal(kind)} AND {self.literal(kind)}")
        if kind == "boolean":
            ways += [name, f"NOT {name}"]
        if kind == "text":
            ways += [f"{name} LIKE {self.quoted(self.one_of('A%', 'p1%', 'o%', '%', 'A_%', 'Zoë%'))}",
                     f"starts_with({name}, {self.quoted(self.one_of('A', 'p2', ''))})"]
        return self.one_of(*ways)

    def literal(self, kind):
        if kind == "text":
            return self.quoted(self.one_of("p1", "p200", "o7", "o", *FAMILIES))
        if kind == "boolean":
            return self.one_of("true", "false")
        if kind == "date":
            return f"DATE '{self.one_of(*DATES)}'"
        if kind == "moment":
            return f"TIMESTAMPTZ '{self.one_of(*MOMENTS)}'"
        if kind == "timestamp":
            return f"TIMESTAMP '{self.one_of(*TIMESTAMPS)[:-1]}'"
        if kind == "time":
            return f"TIME '{self.one_of(*TIMES)}'"
        if kind == "whole":
            return str(self.one_of(*WHOLES, 1.5, 100000, 9223372036854775807))
        return self.one_of(*DECIMALS, "1e3", "12345678901234567890.5", "1.4999999")

    @staticmethod
    def quoted(text):
        return "'" + text.replace("'", "''") + "'"


ORACLE = """
import duckdb, json, sys
asked = json.load(sys.stdin)
db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")
for name, path in asked["tables"].items():
    db.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{path}')")
answers = []
for sql in asked["statements"]:
    try:
        answers.append(db.execute(sql).fetchall())
    except duckdb.Error as error:
        answers.append(str(error))
json.dump(answers, sys.stdout)
"""


class RandomSql(CliTest):
    def test_random_statements_give_what_they_give_over_parquet(self):
        try:
            python = duckdb_python()
        except Unavailable as error:
            self.skipTest(str(error))
        write_input(self)
        tables = {}
        for name in VIEWS:
            tables[name] = self.path(name + ".parquet")
            self.kiln("run", self.path(f"views/{name}.json"), "-d", self.path("data"), "-o", tables[name])
        seeds = range(FIRST_SEED, FIRST_SEED + SEEDS)
        statements = {seed: Grammar(seed).statement() for seed in seeds}
        done = subprocess.run([python, "-c", ORACLE], capture_output=True, check=True, input=json.dumps(
            {"tables": tables, "statements": [sql for sql, _ in statements.values()]}).encode())
        with_rows = 0
        for (seed, (sql, ordered)), expected in zip(statements.items(), json.loads(done.stdout)):
            with self.subTest(f"KILN_SEED={seed} KILN_SEEDS=1", sql=sql):
                outcome = run("sql", "-e", sql, "-v", self.path("views"), "-d", self.path("data"),
                              "-f", "ndjson")
                if isinstance(expected, str):
                    self.assertNotEqual(outcome.status, 0, expected)
                    continue
                self.assertEqual(outcome.status, 0, outcome.err)
                got = [list(row.values()) for row in outcome.rows]
                if not ordered:
                    got, expected = (sorted(rows, key=repr) for rows in (got, expected))
                self.assertEqual(got, expected)
                with_rows += bool(got)
        self.assertGreater(with_rows, SEEDS // 2)


if __name__ == "__main__":
    unittest.main()
