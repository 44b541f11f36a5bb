"""Many clients at once, each of them in a loop: kick off, poll, manifest, every file."""
import concurrent.futures
import hashlib
import http.client
import json
import multiprocessing
import threading
import time
import urllib.parse

from tests.support.server import parts_of

PROCESSES = 4
TIMEOUT = 60  # seconds that one answer may take


class Client:
    """One user with one connection that is kept. `seen` collects what it met."""

    def __init__(self, base, bodies, seen):
        self.where = urllib.parse.urlsplit(base).netloc
        self.connection = None
        self.bodies = bodies
        self.seen = seen

    def request(self, what, method, path, body=None, headers=None):
        """A full server is waited for, as a client should; all else that is unexpected is an error."""
        while True:
            begin = time.monotonic()
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.where, timeout=TIMEOUT)
            self.connection.request(method, path, body=body, headers=headers or {})
            answer = self.connection.getresponse()
            content = answer.read()
            self.seen["seconds"].setdefault(what, []).append(time.monotonic() - begin)
            self.seen["requests"] += 1
            if answer.status != 429:
                return answer, content
            self.seen["throttled"] += 1
            json.loads(content)["issue"]
            time.sleep(min(float(answer.headers["Retry-After"]), 1))

    def life(self, number):
        answer, content = self.request(
            "kick-off", "POST", "/$viewdefinition-export", self.bodies[number % len(self.bodies)],
            {"Prefer": "respond-async", "Content-Type": "application/fhir+json"})
        assert answer.status == 202, (answer.status, content)
        status = urllib.parse.urlsplit(answer.headers["Content-Location"]).path
        while True:
            answer, content = self.request("poll", "GET", status)
            if answer.status == 303:
                break
            assert answer.status == 202, (answer.status, content)
            time.sleep(0.25)
        answer, content = self.request("result", "GET", status + "/result")
        assert answer.status == 200, (answer.status, content)
        for name, parts in parts_of(json.loads(content)):
            if name == "output":
                self.check_files([dict(file) for key, file in parts if key == "file"])
        self.seen["jobs"] += 1

    def check_files(self, files):
        assert files
        for file in files:
            answer, content = self.request("download", "GET",
                                           urllib.parse.urlsplit(file["location"]).path)
            assert answer.status == 200, (answer.status, content)
            assert len(content) == file["size"], file
            assert hashlib.sha256(content).hexdigest() == file["sha256"], file
            self.seen["files"] += 1
            self.seen["bytes"] += len(content)


def work(base, bodies, clients, seconds):
    """Runs some clients in this process; what they have seen, added up."""
    end = time.monotonic() + seconds
    all_seen = [{"requests": 0, "throttled": 0, "jobs": 0, "files": 0, "bytes": 0, "seconds": {},
                 "errors": []} for _ in range(clients)]

    def run(number, seen):
        client = Client(base, bodies, seen)
        try:
            while time.monotonic() < end:
                client.life(number)
                number += 1
        except Exception as error:  # whatever it is, it is what the test is for
            seen["errors"].append(repr(error)[:500])
    threads = [threading.Thread(target=run, args=(number, seen))
               for number, seen in enumerate(all_seen)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return all_seen


def run_load(base, bodies, clients, seconds):
    """`bodies`: of kick-offs. Sums over all clients, and the seconds that each kind of request took."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        begun = [pool.submit(work, base, bodies, clients // PROCESSES, seconds)
                 for _ in range(PROCESSES)]
        seen = [one for future in begun for one in future.result()]
    total = {key: sum(one[key] for one in seen)
             for key in ("requests", "throttled", "jobs", "files", "bytes")}
    total["errors"] = [error for one in seen for error in one["errors"]]
    total["seconds"] = {what: sorted(value for one in seen for value in one["seconds"].get(what, []))
                        for what in ("kick-off", "poll", "result", "download")}
    return total


def memory_of(process, field="VmHWM"):
    """Bytes of a process: VmHWM is the peak, VmRSS what it has now."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise AssertionError(field)
