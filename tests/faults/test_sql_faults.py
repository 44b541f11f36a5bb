"""Queries whose process, server or disk ends under them (docs/impl/sql_bridge.md)."""
import json
import os
import signal
import subprocess
import tempfile
import threading
import unittest

from tests.cli.test_sql import library
from tests.support.server import Server, view

ROWS = 20_000
DATA = {"Observation.ndjson": "".join('{"resourceType":"Observation","id":"o%d"}\n' % i
                                      for i in range(ROWS))}
VIEW = {**view("Observation", id="id"), "id": "observations", "url": "http://x.org/o",
        "name": "observations"}
# Takes some seconds.
SLOW = "SELECT id, list_sum(range(20000 + length(id))) AS n FROM o"
ENDLESS = ("SELECT count(*) AS n FROM range(10000000) a, range(10000000) b "
           "WHERE hash(a.range) = hash(b.range + 1)")
SPILLS = "SELECT t FROM (SELECT md5(range::VARCHAR) AS t FROM range(4000000)) ORDER BY t"


def query(sql):
    return library(sql, [("o", "http://x.org/o")] if " o" in sql else [], name="Rows")


def run_of(sql):
    return {"resourceType": "Parameters",
            "parameter": [{"name": "queryResource", "resource": query(sql)}]}


def export_of(sql):
    return {"resourceType": "Parameters", "parameter": [
        {"name": "query", "part": [{"name": "name", "valueString": "rows"},
                                   {"name": "queryResource", "resource": query(sql)}]}]}


def stat_of(process):
    """What stands in /proc/PID/stat behind the name; of one that has gone what a zombie has."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return ["X"] + ["0"] * 20


def alive(process):
    return stat_of(process)[0] not in "ZX"


def seconds_of(process):
    return (int(stat_of(process)[11]) + int(stat_of(process)[12])) / os.sysconf("SC_CLK_TCK")


class SqlFaultsTest(unittest.TestCase):
    def serve(self, *options, **how):
        server = Server(*options, data=DATA, views={"v.json": VIEW}, **how)
        self.addCleanup(server.stop)
        return server

    def children(self, server):
        """The processes of its queries."""
        found = []
        for task in os.listdir(f"/proc/{server.process.pid}/task"):
            try:
                with open(f"/proc/{server.process.pid}/task/{task}/children", encoding="utf-8") as file:
                    found += map(int, file.read().split())
            except FileNotFoundError:
                pass  # a thread that has ended
        return found

    def busy_child(self, server):
        """One that has computed for a second: it does not only look at the statement."""
        found = []
        server.wait_until(lambda: found.extend(process for process in self.children(server)
                                               if seconds_of(process) >= 1) or found,
                          "no query runs")
        return found[0]

    def scratch(self, server):
        """Files; the folders of processes that wait for a query are empty."""
        return [name for _, _, files in os.walk(os.path.join(server.state, "scratch"))
                for name in files]

    def assert_nothing_is_left(self, server, *children):
        server.wait_until(lambda: not any(map(alive, children)), "a process is left")
        server.wait_until(lambda: not self.scratch(server), f"left: {self.scratch(server)}")

    def in_background(self, act):
        """A function that waits for what `act` returns."""
        results = []
        thread = threading.Thread(target=lambda: results.append(act()))
        thread.start()
        self.addCleanup(thread.join)

        def result():
            thread.join()
            return results[0]
        return result

    def test_issue_a_server_killed_in_mid_query_runs_the_job_again(self):
        server = self.serve()
        job = server.export(export_of(SLOW), path="/$sqlquery-export")
        child = self.busy_child(server)
        server.restart(signal.SIGKILL)
        rows = job.rows("rows")
        self.assertEqual([row["id"] for row in rows], [f"o{i}" for i in range(ROWS)])
        n = 20000 + len("o7")
        self.assertEqual(rows[7]["n"], n * (n - 1) // 2)
        self.assert_nothing_is_left(server, child)
        self.assertEqual(len(server.exported_files()), 1, server.exported_files())

    def test_issue_a_server_killed_in_a_job_of_views_and_queries(self):
        server = self.serve()
        job = server.export({"resourceType": "Parameters", "parameter": [
            {"name": "subject", "part": [
                {"name": "name", "valueString": "all"},
                {"name": "subjectReference",
                 "valueReference": {"reference": "ViewDefinition/observations"}}]},
            {"name": "subject", "part": [
                {"name": "name", "valueString": "rows"},
                {"name": "subjectResource", "resource": query(SLOW)}]}]}, path="/$sql-export")
        child = self.busy_child(server)
        server.restart(signal.SIGKILL)
        for name in ("all", "rows"):
            self.assertEqual([row["id"] for row in job.rows(name)], [f"o{i}" for i in range(ROWS)])
        self.assert_nothing_is_left(server, child)
        self.assertEqual(len(server.exported_files()), 2, server.exported_files())

    def test_issue_a_killed_query_is_that_querys_failure(self):
        server = self.serve()
        answer = self.in_background(lambda: server.post("/$sqlquery-run", run_of(ENDLESS)))
        child = self.busy_child(server)
        other = server.post("/$sqlquery-run", run_of("SELECT count(*) AS n FROM o"))
        self.assertEqual((other.status, other.text), (200, '{"n":20000}\n'))
        self.assertTrue(alive(child))
        os.kill(child, signal.SIGKILL)
        failed = answer()
        self.assertEqual(failed.json()["resourceType"], "OperationOutcome")
        self.assertIn(failed.status, (422, 500))
        self.assertNotIn(server.state, failed.text)
        self.assert_nothing_is_left(server, child)
        self.assertEqual(server.post("/$sqlquery-run", run_of("SELECT 1 AS n")).status, 200)

    def test_issue_a_killed_query_fails_its_job(self):
        server = self.serve()
        job = server.export(export_of(f"SELECT id FROM o UNION ALL SELECT n::VARCHAR FROM ({ENDLESS})"),
                            path="/$sqlquery-export")
        child = self.busy_child(server)
        os.kill(child, signal.SIGKILL)
        failed = job.wait()
        self.assertIn(failed.status, (422, 500), failed.text)
        self.assertEqual(failed.json()["resourceType"], "OperationOutcome")
        self.assert_nothing_is_left(server, child)
        server.wait_until(lambda: not server.exported_files(), "debris")

    def test_issue_a_cancel_ends_the_query(self):
        server = self.serve()
        job = server.export(export_of(ENDLESS), path="/$sqlquery-export")
        child = self.busy_child(server)
        self.assertEqual(server.request("DELETE", job.status_url).status, 202)
        self.assert_nothing_is_left(server, child)
        server.wait_until(lambda: not server.exported_files(), "debris")
        self.assertEqual(job.poll().status, 404)

    def test_issue_a_stop_of_the_server_ends_the_query(self):
        server = self.serve()
        server.export(export_of(ENDLESS), path="/$sqlquery-export")
        child = self.busy_child(server)
        self.assertEqual(server.end(), 0)
        self.assertFalse(alive(child))
        folder = os.path.join(server.state, "scratch")
        self.assertEqual(os.listdir(folder) if os.path.isdir(folder) else [], [])

    def test_issue_a_disk_that_is_full_when_a_query_spills(self):
        disk = tempfile.mkdtemp(prefix="kiln-disk-")
        self.addCleanup(os.rmdir, disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "none", disk],
                                 capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("cannot mount a small file system: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        server = self.serve("--sql-memory-limit", "64MiB", state=os.path.join(disk, "state"))
        failed = server.post("/$sqlquery-run", run_of(SPILLS))
        self.assertGreaterEqual(failed.status, 400, failed.text[:200])
        self.assertEqual(failed.json()["resourceType"], "OperationOutcome")
        self.assertNotIn(disk, failed.text)
        self.assert_nothing_is_left(server)
        job = server.export(export_of(SPILLS), path="/$sqlquery-export")
        failed = job.wait()
        self.assertGreaterEqual(failed.status, 400)
        self.assertNotIn(disk, failed.text)
        self.assert_nothing_is_left(server)
        server.wait_until(lambda: not server.exported_files(), "debris")
        # And there is room again.
        job = server.export(export_of("SELECT count(*) AS n FROM o"), path="/$sqlquery-export")
        self.assertEqual(job.rows("rows"), [{"n": ROWS}])
        self.assertEqual(json.loads(server.post("/$sqlquery-run", run_of("SELECT 1 AS n")).text),
                         {"n": 1})


if __name__ == "__main__":
    unittest.main()
