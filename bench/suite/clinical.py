"""The public benchmark: two views, NDJSON to one complete CSV file, a fresh process a sample."""
import json
import os
import subprocess

from bench.suite.measure import interleaved, ratio, warm
from bench.suite.tools import BOUND, KILN, Missing, duckdb, shared

CODE = "struct(coding struct(code varchar)[])"
SELECTS = {  # DuckDB by hand: explicit columns
    "condition-flat": (
        "SELECT id, code.coding[1].code AS code, clinicalStatus.coding[1].code AS clinical_status",
        f"id:'varchar', code:'{CODE}', clinicalStatus:'{CODE}'"),
    "observation-components": (
        "SELECT id, unnest(component).code.coding[1].code AS comp_code",
        f"id:'varchar', component:'struct(code {CODE})[]'"),
}


def by_duckdb(case, source, target):
    select, columns = SELECTS[case]
    return duckdb(f"COPY ({select} FROM read_json('{source}', format='newline_delimited', "
                  f"columns={{{columns}}})) TO '{target}' (HEADER)")


def view_files(folder):
    """{case: (view file, resource type)}, the published views written out."""
    with open(shared("bench", "clinical-flat.json"), encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    found = {}
    for case in cases:
        path = os.path.join(folder, case["id"] + ".json")
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"resourceType": "ViewDefinition", **case["view"]}, out)
        found[case["id"]] = (path, case["view"]["resource"])
    return found


def rows_of(path):
    """(rows, digest of the rows as a set) of a CSV file. By other processes: a child's peak memory
    never reads below its parent's at the fork."""
    script = "tail -n +2 {0} | wc -l; tail -n +2 {0} | LC_ALL=C sort | sha256sum"
    done = subprocess.run(["sh", "-c", script.format(path)], stdout=subprocess.PIPE, check=True)
    count, digest = done.stdout.decode().split()[:2]
    return int(count), digest


def kiln_run(view, data, output, threads=2):
    return [KILN, "run", view, "-d", data, "-f", "csv", "-o", output, "--threads", str(threads)]


def start_up(work):
    """Seconds of `kiln run` on one line: the median of many."""
    data = os.path.join(work, "one.ndjson")
    with open(data, "w", encoding="utf-8") as out:
        out.write('{"resourceType":"Condition","id":"a"}\n')
    view = view_files(work)["condition-flat"][0]
    command = kiln_run(view, data, os.path.join(work, "one.csv"))
    return interleaved({"kiln": command}, 21)["kiln"]


def measure(context):
    """All comparisons of the two cases, and what follows from their samples."""
    report = {}
    start = start_up(context.work)
    report["start_up"] = start.report()
    for case, (view, kind) in view_files(context.work).items():
        data = os.path.join(context.clinical, kind + ".ndjson")
        warm(data)
        out = {name: os.path.join(context.work, f"{case}.{name}.csv")
               for name in ("kiln", "kiln_1", "bound", "duckdb")}
        commands = {
            "kiln": kiln_run(view, data, out["kiln"]),
            "kiln_1": kiln_run(view, data, out["kiln_1"], threads=1),
            "bound": [os.path.join(BOUND, "bound_clinical_flat"), case, data, out["bound"], "2"],
            "read_2": [os.path.join(BOUND, "bound_read_bandwidth"), data, "2"],
        }
        missing = None
        try:
            commands["duckdb"] = by_duckdb(case, data, out["duckdb"])
        except Missing as lack:
            missing = str(lack)
        series = interleaved(commands, context.runs)
        found = {name: rows_of(path) for name, path in out.items() if name in commands}
        if len(set(found.values())) != 1:
            raise RuntimeError(f"{case}: the programs do not agree: {found}")
        expected = context.expected_rows and context.expected_rows[case]
        if expected and found["kiln"][0] != expected:
            raise RuntimeError(f"{case}: {found['kiln'][0]} rows, not {expected}")
        begin = start.median()
        entry = {"rows": found["kiln"][0], "bytes": os.path.getsize(data),
                 "to_bound": ratio(series["kiln"], series["bound"]),
                 "threads": ratio(series["kiln_1"], series["kiln"], begin, begin),
                 "of_read_bandwidth": ratio(series["read_2"], series["kiln"], 0, begin),
                 **{name: one.report() for name, one in series.items()}}
        if missing:
            entry["duckdb"] = {"skipped": missing}
        else:
            entry["faster_than_duckdb"] = ratio(series["duckdb"], series["kiln"])
        report[case] = entry
    return report
