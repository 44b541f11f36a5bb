"""200 clients at once, for a minute; and 200 that download slowly.

$KILN_LOAD_SECONDS is how long (60).
"""
import json
import os
import shutil
import socket
import tempfile
import unittest
import urllib.parse

from tests.support.load import memory_of, run_load
from tests.support.server import DEADLINE, Server, export_of, view

CLIENTS = 200
SECONDS = float(os.environ.get("KILN_LOAD_SECONDS", "60"))
MIB = 1 << 20


def lines(kind, count, **more):
    return "".join(json.dumps({"resourceType": kind, "id": f"{kind.lower()}-{i:07}", **more}) + "\n"
                   for i in range(count))


def write_data(folder):
    os.makedirs(folder)
    for kind, count, more in (("Patient", 5_000, {"birthDate": "1980-01-01"}),
                              ("Observation", 20_000, {"status": "final"})):
        with open(os.path.join(folder, kind + ".ndjson"), "w", encoding="utf-8") as out:
            out.write(lines(kind, count, **more))


def kick_offs():
    """Bodies: one and two views, in three formats."""
    patients = view("Patient", id="id", born="birthDate")
    observations = view("Observation", id="id", status="status", key="getResourceKey()")
    return [export_of(*views, _format=form) for form in ("ndjson", "csv", "parquet")
            for views in ((patients,), (patients, observations))]


class LoadTest(unittest.TestCase):
    def test_issue_200_clients_for_a_minute(self):
        folder = tempfile.mkdtemp(prefix="kiln-load-")
        self.addCleanup(shutil.rmtree, folder)
        write_data(os.path.join(folder, "data"))
        server = Server(data=os.path.join(folder, "data"))
        self.addCleanup(server.stop)
        total = run_load(server.base, [json.dumps(one) for one in kick_offs()], CLIENTS, SECONDS)
        peak = memory_of(server.process)
        print(f"{total['jobs']} jobs, {total['requests']} requests ({total['throttled']} of them 429), "
              f"{total['files']} files of {total['bytes'] / 1e6:.0f} MB, peak RSS {peak / MIB:.0f} MiB",
              flush=True)
        self.assertEqual(total["errors"], [])
        self.assertGreater(total["jobs"], CLIENTS)
        self.assertLessEqual(peak, 512 * MIB)
        self.assertEqual(server.end(), 0)
        self.assertNotIn(" error ", server.log_text())


class SlowDownloadsTest(unittest.TestCase):
    """Each takes a little and then nothing for a while: none of them holds a thread or a file."""

    def test_issue_200_slow_downloads_cost_little_memory(self):
        server = Server(data={"Observation.ndjson": lines("Observation", 400_000)})
        self.addCleanup(server.stop)
        job = server.export(export_of(view("Observation", id="id", again="id", more="id")))
        url = job.outputs()["observation"][0]
        whole = server.get(url)
        self.assertGreater(len(whole.body), 20 * MIB)
        before = memory_of(server.process, "VmRSS")
        where = urllib.parse.urlsplit(url)
        slow = []
        for _ in range(CLIENTS):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            client.settimeout(DEADLINE)
            client.connect((where.hostname, where.port))
            self.addCleanup(client.close)
            client.sendall(f"GET {where.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            slow.append(client)
        begun = []
        for client in slow:
            head, _, rest = client.recv(1000).partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 200 "))
            begun.append(bytearray(rest))
        # Others are served as if nothing were; the slow ones then have what they can get.
        self.assertEqual(server.get(url).body, whole.body)
        grown = memory_of(server.process, "VmRSS") - before
        print(f"{CLIENTS} slow downloads: {grown / MIB:.0f} MiB", flush=True)
        self.assertLess(grown, 32 * MIB)
        # And each of them is whole in the end.
        for client, rest in list(zip(slow, begun))[:10]:
            while piece := client.recv(1 << 20):
                rest += piece
            self.assertTrue(rest == whole.body)


if __name__ == "__main__":
    unittest.main()
