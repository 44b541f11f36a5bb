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


def measure(context):
    return {"signal": by_signal(context), "cancel": by_cancel(context)}
