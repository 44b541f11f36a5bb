"""How soon work ends that nobody wants any more: reported, not judged."""
import json
import os
import signal
import statistics
import subprocess
import time

from bench.suite.clinical import kiln_run, view_files
from bench.suite.exports import versitygw, views
from bench.suite.server import Server
from bench.suite.tools import Missing
from tests.support.services import BUCKET

ROUNDS = 9


def by_signal(context):
    """Seconds from SIGINT to the end of a run that is under way: reported, not judged."""
    view, kind = view_files(context.work)["observation-components"]
    data = os.path.join(context.clinical, kind + ".ndjson")
    found = []
    for _ in range(ROUNDS):
        output = os.path.join(context.work, "stopped.csv")
        process = subprocess.Popen(kiln_run(view, data, output, threads=1),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.05)
        begin = time.perf_counter()
        process.send_signal(signal.SIGINT)
        status = process.wait()
        if status == 130:
            found.append(time.perf_counter() - begin)
        if os.path.exists(output) and status != 0:
            raise RuntimeError("a stopped run left its output")
    return {"median_s": sorted(found)[len(found) // 2] if found else None, "runs": len(found)}


def milliseconds_after_cancel(server, view, form):
    """From the record of a cancel to the end of the worker, by the server's log. Nothing if the job
    was too fast."""
    status = server.kick_off(view, form)
    while (done := server.percent(status)) is not None and done < 30:
        pass
    if done is None:
        return None
    server.cancel(status)
    begin = server.logged(status, "export cancelled")
    return (server.logged(status, "export attempt ended") - begin).total_seconds() * 1000


def by_cancel(context):
    with open(views(context)["wide"], encoding="utf-8") as file:
        view = json.load(file)
    report = {}

    def measure(name, form, *options, environment=None):
        server = Server(context, *options, environment=environment)
        try:
            found = [milliseconds_after_cancel(server, view, form) for _ in range(ROUNDS)]
        finally:
            server.stop()
        found = [one for one in found if one is not None]
        report[name] = {"median_ms": statistics.median(found), "max_ms": max(found),
                        "runs": len(found)}

    measure("scan", "ndjson")
    measure("parquet", "parquet")
    try:
        with versitygw() as store:
            measure("upload", "ndjson", "--export-sink", f"s3://{BUCKET}/stops",
                    environment=store.environment())
    except Missing as lack:
        report["upload"] = {"skipped": str(lack)}
    return report


MANY = "1.repeat(iif($this < 30000, $this + 1, {}))"
LONG = "(" + " | ".join(str(n) for n in range(20)) + ").aggregate($total + $total, 'ab')"  # 2 MiB
# Each goes on for long, or would if it were let; what is not stopped in time ends by its limit.
KERNELS = {
    "regex": f"(1 | 2 | 3 | 4 | 5).select({LONG}.substring(0, 300000).matches('(a|b)*a(a|b){{12}}c'))",
    "replaceMatches": f"{LONG}.substring(0, 200000).replaceMatches('a(?:[^c]*c)?', 'x').length()",
    "contains": f"{MANY}.where({LONG}.contains({LONG}.substring(1000000) & 'c')).count()",
    "upper": f"{MANY}.where({LONG}.upper().lower() = '').count()",
    "equivalent": f"{MANY}.select($this + 0.5) ~ {MANY}.select($this + 0.25)",
    "exclude": f"{MANY}.where({MANY}.exclude({MANY}).exists()).count()",
    "distinct": f"{MANY}.where({MANY}.combine({MANY}).isDistinct()).count()",
    "sort": f"{MANY}.where({MANY}.sort(-$this).first() = 0).count()",
    "quantities": f"{MANY}.where({MANY}.select(toString() + ' \\'kg.m2/s2\\'').select(toQuantity())"
                  f".distinct().empty()).count()",
    "descendants": f"{MANY}.where(%resource.descendants().count() = 0).count()",
    "decimals": f"{MANY}.where({MANY}.select(1.001.power($this)).exists($this = 0)).count()",
}


def by_kernel(context):
    """Seconds from SIGTERM to the end of a run that is in the midst of one expression: nothing for
    one that had ended by then."""
    data = os.path.join(context.work, "one.ndjson")
    with open(data, "w", encoding="utf-8") as file:
        names = [{"family": "a", "given": ["b", "c"]}] * 20_000
        file.write(json.dumps({"resourceType": "Patient", "id": "p", "name": names}) + "\n")
    report = {}
    for name, expression in KERNELS.items():
        view = os.path.join(context.work, "kernel.json")
        with open(view, "w", encoding="utf-8") as file:
            json.dump({"resourceType": "ViewDefinition", "name": "kernel", "status": "active",
                       "resource": "Patient",
                       "select": [{"column": [{"name": "x", "path": expression}]}]}, file)
        found = []
        for round_ in range(ROUNDS):
            process = subprocess.Popen(
                kiln_run(view, data, os.path.join(context.work, "kernel.csv"), threads=1),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.1 + 0.05 * round_)
            begin = time.perf_counter()
            process.send_signal(signal.SIGTERM)
            if process.wait() == 143:
                found.append(time.perf_counter() - begin)
        report[name] = {"median_s": statistics.median(found) if found else None,
                        "max_s": max(found, default=None), "runs": len(found)}
    return report


def measure(context):
    return {"signal": by_signal(context), "cancel": by_cancel(context),
            "kernel": by_kernel(context)}
