"""200 clients at once for a minute, as tests/load has them: reported, not judged."""
import json
import os

from bench.suite.server import Server
from tests.load.test_load import CLIENTS, kick_offs, write_data
from tests.support.load import memory_of, run_load

SECONDS = 60


def measure(context):
    folder = os.path.join(context.work, "load")
    write_data(folder)
    server = Server(context, data=folder)
    try:
        total = run_load(server.base, [json.dumps(one) for one in kick_offs()], CLIENTS, SECONDS)
        peak = memory_of(server.process)
    finally:
        server.stop()
    if total["errors"]:
        raise RuntimeError(total["errors"][0])
    return {"clients": CLIENTS, "seconds": SECONDS, "peak_rss_mib": peak / 2**20,
            **{key: total[key] for key in ("jobs", "requests", "throttled", "files", "bytes")},
            "milliseconds": {what: {"median": seconds[len(seconds) // 2] * 1000,
                                    "p99": seconds[len(seconds) * 99 // 100] * 1000}
                             for what, seconds in total["seconds"].items() if seconds}}
