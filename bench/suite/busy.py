"""The first row of a small run, on an idle server and beside two exports."""
import json
import os
import statistics
import time
import urllib.request

from bench.suite.exports import flat_view, views
from bench.suite.server import Server

ROUNDS = 60


def first_row(server, view):
    """Seconds until a run's first byte is there."""
    body = json.dumps({"resourceType": "Parameters", "parameter": [
        {"name": "viewResource", "resource": view}, {"name": "_limit", "valueInteger": 1}]}).encode()
    request = urllib.request.Request(server.base + "/$viewdefinition-run", body,
                                     {"Content-Type": "application/fhir+json"})
    begin = time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        answer.read(1)
        return time.perf_counter() - begin


def measure(context):
    """Jobs are put in the queue until the last round, so that two run all the time."""
    small = flat_view("small", {"id": "getResourceKey()"})
    with open(views(context)["wide"], encoding="utf-8") as file:
        wide = json.load(file)
    server = Server(context, data=os.path.join(context.clinical, "Observation.ndjson"))
    try:
        first_row(server, small)
        idle = [first_row(server, small) for _ in range(ROUNDS)]
        jobs = []
        busy = []
        while len(busy) < ROUNDS:
            jobs = [job for job in jobs if server.percent(job) is not None]
            while len(jobs) < 4:  # two of them run
                jobs.append(server.kick_off(wide))
            busy += [first_row(server, small) for _ in range(5)]
        for job in jobs:
            server.cancel(job)
    finally:
        server.stop()
    one, other = statistics.median(idle), statistics.median(busy)
    return {"idle_ms": one * 1000, "busy_ms": other * 1000, "to_idle": other / one,
            "busy_p90_ms": statistics.quantiles(busy, n=10)[8] * 1000}
