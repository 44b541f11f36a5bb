"""The published views over multiplied data, each against DuckDB's bare scan of the same fields."""
import itertools
import json
import os
import re

from bench.suite.data import multiplied, say
from bench.suite.measure import interleaved, ratio, warm
from bench.suite.tools import KILN, Missing, duckdb, shared

AT_LEAST = 200_000_000


CHOICES = ("value", "effective", "onset", "performed", "occurrence", "deceased", "medication")


def spellings(key):
    """How an expression may name a top-level key of the JSON: itself, or the choice it is one of."""
    names = {key} | {stem for stem in CHOICES if key.startswith(stem) and key[len(stem):].istitle()}
    return names | {"getResourceKey"} if key == "id" else names


def fields_of(view, data):
    """The top-level keys of the data that some expression of the view names."""
    keys = set()
    with open(data, "rb") as file:
        for line in itertools.islice(file, 500):
            keys |= set(json.loads(line))
    words = set(re.findall(r"\w+", json.dumps([view.get("select"), view.get("where")])))
    return sorted(key for key in keys - {"resourceType"} if spellings(key) & words)


def start_ups(work):
    """Kiln and DuckDB on one line."""
    data = os.path.join(work, "Patient.ndjson")
    with open(data, "w", encoding="utf-8") as out:
        out.write('{"resourceType":"Patient","id":"a"}\n')
    view = os.path.join(work, "one_patient.json")
    with open(view, "w", encoding="utf-8") as out:
        json.dump({"resourceType": "ViewDefinition", "name": "p", "status": "active",
                   "resource": "Patient", "select": [{"column": [{"name": "id", "path": "id"}]}]},
                  out)
    scan = f"SELECT count(id) FROM read_json('{data}', format='newline_delimited', " \
           "columns={id:'JSON'})"
    return interleaved({"kiln": [KILN, "run", view, "-d", data, "-f", "csv", "-o",
                                 os.path.join(work, "one.out")], "duckdb": duckdb(scan)}, 11)


def measure(context):
    with open(shared("views", "golden-synthea-120.json"), encoding="utf-8") as file:
        views = json.load(file)
    start = start_ups(context.work)
    report = {}
    for entry in views:
        name = f"{entry['source']}/{entry['file']}"
        try:
            data = multiplied(entry["resource"], AT_LEAST)
        except Missing as lack:
            report[name] = {"skipped": str(lack)}
            continue
        path = shared("views", entry["source"], entry["file"])
        with open(path, encoding="utf-8") as file:
            view = json.load(file)
        fields = fields_of(view, data)
        columns = ", ".join(f"\"{field}\": 'JSON'" for field in fields)
        counts = ", ".join(f'count("{field}")' for field in fields)
        scan = f"SELECT {counts} FROM read_json('{data}', format='newline_delimited', " \
               f"maximum_object_size=268435456, columns={{{columns}}})"
        warm(data)
        say("view " + name)
        series = interleaved({
            "kiln": [KILN, "run", path, "-d", data, "-f", "csv", "-o",
                     os.path.join(context.work, "view.csv"), "--threads", "2"],
            "duckdb": duckdb(scan)}, context.runs)
        report[name] = {
            "bytes": os.path.getsize(data), "fields": fields,
            "to_scan": ratio(series["kiln"], series["duckdb"], start["kiln"].median(),
                             start["duckdb"].median()),
            **{program: one.report() for program, one in series.items()}}
    return report
