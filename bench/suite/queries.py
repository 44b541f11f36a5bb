"""SQL over views: against the same SQL over DuckDB's read_json with the extraction written by hand,
and over the views exported to Parquet; and what a query costs besides."""
import base64
import json
import os
import statistics
import subprocess
import time
import urllib.request

from bench.suite.clinical import CODE, rows_of, view_files
from bench.suite.measure import interleaved, ratio, run_once, warm
from bench.suite.server import Server
from bench.suite.tools import KILN, Missing, duckdb

REFERENCE = "struct(reference varchar)"
QUANTITY = "struct(value double, unit varchar, code varchar)"
CODING = "struct(coding struct(system varchar, code varchar, display varchar)[], text varchar)"
# Column: (FHIRPath, DuckDB by hand).
WIDE = {
    "id": ("id", "id"),
    "status": ("status", "status"),
    "category": ("category.first().coding.first().code", "category[1].coding[1].code"),
    "system": ("code.coding.first().system", "code.coding[1].system"),
    "code": ("code.coding.first().code", "code.coding[1].code"),
    "display": ("code.coding.first().display", "code.coding[1].display"),
    "text": ("code.text", "code.text"),
    "patient": ("subject.reference", "subject.reference"),
    "encounter": ("encounter.reference", "encounter.reference"),
    "effective": ("effective.ofType(dateTime)", "effectiveDateTime"),
    "issued": ("issued", "issued"),
    "value": ("value.ofType(Quantity).value", "valueQuantity.value"),
    "unit": ("value.ofType(Quantity).unit", "valueQuantity.unit"),
    "unit_code": ("value.ofType(Quantity).code", "valueQuantity.code"),
    "answer": ("value.ofType(CodeableConcept).text", "valueCodeableConcept.text"),
}
OBSERVATION = (f"id:'varchar', status:'varchar', category:'{CODING}[]', code:'{CODING}', "
               f"subject:'{REFERENCE}', encounter:'{REFERENCE}', effectiveDateTime:'varchar', "
               f"issued:'varchar', valueQuantity:'{QUANTITY}', valueCodeableConcept:'{CODING}'")
# Each gives its rows in an order of their own, so that the programs' can be compared.
QUERIES = {
    "count": "SELECT count(*) AS n FROM wide",
    "filter": "SELECT id, patient, unit FROM wide WHERE code = '8302-2' ORDER BY id",
    "few groups": "SELECT category, count(*) AS n, max(effective) AS last FROM wide "
                  "GROUP BY category ORDER BY category",
    "many groups": "SELECT encounter, count(*) AS n, max(value) > 100 AS high FROM wide "
                   "GROUP BY encounter ORDER BY encounter",
    "top-n": "SELECT id, effective, unit FROM wide WHERE value IS NOT NULL "
             "ORDER BY value DESC, id LIMIT 100",
    "join": "SELECT w.code, c.comp_code, count(*) AS n FROM wide w JOIN components c USING (id) "
            "GROUP BY ALL ORDER BY ALL",
    "window": "SELECT code, count(*) AS n FROM (SELECT code, row_number() OVER "
              "(PARTITION BY patient, code ORDER BY effective DESC, id) AS place FROM wide) "
              "WHERE place = 1 GROUP BY code ORDER BY code",
    "conditions": "SELECT code, clinical_status, count(*) AS n FROM conditions "
                  "GROUP BY ALL ORDER BY ALL",
}


def wide_view(name, columns):
    typed = [{"name": column, "path": WIDE[column][0],
              **({"type": "decimal", "tag": [{"name": "ansi/type", "value": "DOUBLE"}]}
                 if column == "value" else {})} for column in columns]
    return {"resourceType": "ViewDefinition", "name": name, "status": "active",
            "resource": "Observation", "select": [{"column": typed}]}


def write_views(context):
    """A folder with the views `wide`, `one`, `components` and `conditions`."""
    folder = os.path.join(context.work, "sql-views")
    os.makedirs(folder, exist_ok=True)
    named = {"wide": wide_view("wide", WIDE), "one": wide_view("one", ["code"])}
    for case, name in (("condition-flat", "conditions"), ("observation-components", "components")):
        with open(view_files(context.work)[case][0], encoding="utf-8") as file:
            named[name] = {**json.load(file), "name": name}
    for name, view in named.items():
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as out:
            json.dump(view, out)
    return folder


def by_hand(context):
    """The views as common table expressions over read_json."""
    observations = os.path.join(context.clinical, "Observation.ndjson")
    conditions = os.path.join(context.clinical, "Condition.ndjson")

    def read(path, columns):
        return f"read_json('{path}', format='newline_delimited', columns={{{columns}}})"
    wide = ", ".join(f"{hand} AS {name}" for name, (_, hand) in WIDE.items())
    component = f"id:'varchar', component:'struct(code {CODE})[]'"
    condition = f"id:'varchar', code:'{CODE}', clinicalStatus:'{CODE}'"
    return (f"WITH wide AS (SELECT {wide} FROM {read(observations, OBSERVATION)}), "
            "components AS (SELECT id, unnest(component).code.coding[1].code AS comp_code FROM "
            f"{read(observations, component)}), "
            "conditions AS (SELECT id, code.coding[1].code AS code, "
            f"clinicalStatus.coding[1].code AS clinical_status FROM {read(conditions, condition)}) ")


class Sql:
    def __init__(self, context):
        self.data = [os.path.join(context.clinical, kind + ".ndjson")
                     for kind in ("Condition", "Observation")]
        self.views = write_views(context)

    def command(self, query, output, *more):
        of_data = [part for path in self.data for part in ("-d", path)]
        return [KILN, "sql", "-e", query, "-v", self.views, *of_data, "-f", "csv", "-o", output,
                "--threads", "2", *more]


def to_parquet(context, views):
    """{view: file}, and how long that took."""
    files, seconds = {}, {}
    for name, kind in (("wide", "Observation"), ("components", "Observation"),
                       ("conditions", "Condition")):
        files[name] = os.path.join(context.work, name + ".parquet")
        seconds[name] = run_once(
            [KILN, "run", os.path.join(views, name + ".json"), "-d",
             os.path.join(context.clinical, kind + ".ndjson"), "-f", "parquet", "-o", files[name],
             "--threads", "2"]).wall
    return files, seconds


def compare(context, sql):
    """Every query by each program."""
    files, seconds = to_parquet(context, sql.views)
    over_parquet = "WITH " + ", ".join(f"{name} AS (FROM '{path}')" for name, path in files.items())
    report = {"export_to_parquet_s": {name: round(one, 3) for name, one in seconds.items()}}
    for name, query in QUERIES.items():
        out = {who: os.path.join(context.work, f"{who}.csv")
               for who in ("kiln", "duckdb", "parquet")}
        commands = {"kiln": sql.command(query, out["kiln"])}
        try:
            for who, head in (("duckdb", by_hand(context)), ("parquet", over_parquet + " ")):
                commands[who] = duckdb(f"COPY ({head}{query}) TO '{out[who]}' (HEADER)")
        except Missing as lack:
            report["duckdb"] = {"skipped": str(lack)}
        series = interleaved(commands, context.runs)
        found = {who: rows_of(out[who]) for who in commands}
        if len(set(found.values())) != 1:
            raise RuntimeError(f"{name}: the programs do not agree: {found}")
        report[name] = {"rows": found["kiln"][0],
                        **{who: one.report() for who, one in series.items()}}
        if "duckdb" in series:
            report[name]["faster_than_duckdb"] = ratio(series["duckdb"], series["kiln"])
            report[name]["to_parquet"] = ratio(series["kiln"], series["parquet"])
    return report


def one_in_a_hundred(context, sql):
    """The code whose share of the observations is nearest to 1 %, and its share."""
    out = os.path.join(context.work, "codes.csv")
    subprocess.run(sql.command("SELECT code, count(*) AS n FROM one GROUP BY code", out), check=True)
    with open(out, encoding="utf-8") as file:
        counts = {code: int(n) for code, n in
                  (line.strip().rsplit(",", 1) for line in list(file)[1:])}
    whole = sum(counts.values())
    code = min(counts, key=lambda one: abs(counts[one] / whole - 0.01))
    return code, counts[code] / whole


def shapes(context, sql):
    """What is not read costs nothing: columns, rows that fail, rows beyond a limit."""
    out = os.path.join(context.work, "shape.csv")
    code, share = one_in_a_hundred(context, sql)
    groups = "SELECT code, count(*) AS n FROM {} GROUP BY code"
    kept = "SELECT * FROM wide WHERE {} = '" + code + "'"
    series = interleaved({
        "one_column_of_15": sql.command(groups.format("wide"), out),
        "one_column_of_1": sql.command(groups.format("one"), out),
        "pushed_down": sql.command(kept.format("code"), out),
        # The same rows, by a comparison that only DuckDB makes.
        "not_pushed_down": sql.command(kept.format("reverse(reverse(code))"), out),
        "limit": sql.command("SELECT * FROM wide LIMIT 10", out),
    }, context.runs)
    return {"share": share,
            "one_column": ratio(series["one_column_of_15"], series["one_column_of_1"]),
            "push_down": ratio(series["pushed_down"], series["not_pushed_down"]),
            **{name: one.report() for name, one in series.items()}}


def posted(server, path, body, **headers):
    request = urllib.request.Request(server.base + path, json.dumps(body).encode(),
                                     {"Content-Type": "application/fhir+json", **headers})
    return urllib.request.urlopen(request)


def over_http(context, sql):
    """A job against the command line, and what a query's process costs."""
    query = "SELECT comp_code, count(*) AS n FROM components GROUP BY comp_code"
    library = {"resourceType": "Library", "status": "active", "name": "by_code",
               "type": {"coding": [{"system": "https://sql-on-fhir.org/ig/CodeSystem/LibraryTypesCodes",
                                    "code": "sql-query"}]},
               "relatedArtifact": [{"type": "depends-on", "label": "components",
                                    "resource": "ViewDefinition/components"}],
               "content": [{"contentType": "application/sql"}]}

    def with_text(text):
        encoded = base64.b64encode(text.encode()).decode()
        return {**library, "content": [{**library["content"][0], "data": encoded}]}

    with open(os.path.join(sql.views, "components.json"), encoding="utf-8") as file:
        view = {**json.load(file), "id": "components"}
    views = os.path.join(context.work, "served-views")
    os.makedirs(views, exist_ok=True)
    with open(os.path.join(views, "components.json"), "w", encoding="utf-8") as out:
        json.dump(view, out)
    job_body = {"resourceType": "Parameters", "parameter": [
        {"name": "_format", "valueCode": "csv"},
        {"name": "query", "part": [{"name": "queryResource", "resource": with_text(query)}]}]}
    one_row = {"resourceType": "Parameters", "parameter": [
        {"name": "queryResource", "resource": with_text("SELECT 1 AS one")}]}
    first_row = {"resourceType": "Parameters", "parameter": [
        {"name": "viewResource", "resource": view}, {"name": "_limit", "valueInteger": 1}]}
    server = Server(context, "--views", views)
    try:
        jobs, runs, queries, rows = [], [], [], []
        for round_number in range(context.runs + 1):
            with posted(server, "/$sqlquery-export", job_body, Prefer="respond-async") as answer:
                status = answer.headers["Content-Location"]
            job = server.seconds_of(status)
            server.wait_until_forgotten()
            out = os.path.join(context.work, "job.csv")
            run = run_once(sql.command(query, out)).wall
            if round_number > 0:
                jobs.append(job)
                runs.append(run)
        for _ in range(21):
            for path, body, samples in (("/$sqlquery-run", one_row, queries),
                                        ("/$viewdefinition-run", first_row, rows)):
                begin = time.perf_counter()
                with posted(server, path, body) as answer:
                    answer.read()
                samples.append(time.perf_counter() - begin)
    finally:
        server.stop()
    return {"job_to_sql": statistics.median(job / run for job, run in zip(jobs, runs)),
            "job_median_s": statistics.median(jobs), "sql_median_s": statistics.median(runs),
            "query_ms": statistics.median(queries) * 1000, "view_ms": statistics.median(rows) * 1000}


def measure(context):
    sql = Sql(context)
    for path in sql.data:
        warm(path)
    return {"queries": compare(context, sql), "shapes": shapes(context, sql),
            "http": over_http(context, sql)}
