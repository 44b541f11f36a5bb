"""Measures Kiln beside its bounds and DuckDB. Called by scripts/bench."""
import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile

from bench.suite import busy, clinical, data, exports, load, queries, report, shared_views, stops
from bench.suite.tools import Missing

MEASURES = {"clinical": clinical.measure, "stop": stops.measure,
            "five": exports.five_views, "sql": queries.measure, "http": exports.over_http,
            "busy": busy.measure, "store": exports.over_http_to_store, "load": load.measure,
            "views": shared_views.measure}


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"cpu": names[0] if names else platform.machine(), "memory_gib": round(pages / 2**30),
            "cores": len(os.sched_getaffinity(0)), "kernel": platform.release()}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("measures", nargs="*", choices=[*MEASURES, []],
                        help="what to measure (default: all)")
    parser.add_argument("--size", choices=data.POPULATION, default="l")
    parser.add_argument("--runs", type=int, default=5, help="samples of each program")
    parser.add_argument("--report", default="build/bench/report.json")
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md's table")
    context = parser.parse_args()
    context.clinical, context.expected_rows = data.clinical(context.size)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True,
                            text=True, check=False).stdout.strip()
    found = {"date": datetime.date.today().isoformat(), "machine": machine(), "commit": commit,
             "size": context.size, "runs": context.runs,
             "published_data": context.expected_rows is not None}
    os.makedirs(os.path.dirname(context.report), exist_ok=True)
    context.work = tempfile.mkdtemp(prefix="work-", dir=os.path.dirname(context.report))
    try:
        for name in context.measures or MEASURES:
            data.say(name)
            try:
                found[name] = MEASURES[name](context)
            except Missing as lack:
                data.say(f"{name} skipped: {lack}")
    finally:
        shutil.rmtree(context.work)
    with open(context.report, "w", encoding="utf-8") as out:
        json.dump(found, out, indent=1)
    table = report.summarise(found)
    print(table.markdown())
    if context.docs:
        report.write_into("docs/performance.md", found, table)
    if table.failed:
        sys.exit("bench: not as it must be: " + "; ".join(table.failed))


if __name__ == "__main__":
    main()
