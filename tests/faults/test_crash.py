"""The real server, killed: at each of its crash points, and at random moments (docs/impl/export_jobs.md).

$KILN_CRASHES is the number of random kills (200); $KILN_SEED repeats a run.
"""
import hashlib
import http.client
import os
import random
import re
import signal
import subprocess
import threading
import unittest

from tests.support.server import Job, Server, export_of, parts_of, view

CRASHES = int(os.environ.get("KILN_CRASHES", "200"))
SEED = int(os.environ.get("KILN_SEED", "0")) or random.randrange(1, 1 << 31)
ROWS = 20_000
DATA = {
    "Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n' * 50,
    "Observation.ndjson": '{"resourceType":"Observation","id":"o"}\n' * ROWS,
    "Condition.ndjson": '{"resourceType":"Condition","id":"c"}\n' * 2000 + '{"id":"c",\n',
}
VIEWS = {
    "fast": [view("Patient")],
    "slow": [view("Patient"), view("Observation", id="id", x="id.replaceMatches('o', 'p')")],
    "bad": [view("Patient"), view("Condition")],  # fails after it has written
}
FORMATS = ("csv", "ndjson")
OPTIONS = ("--export-max-running", "2", "--export-cleanup-interval", "1", "--poll-limit", "100000",
           "--export-max-queued-per-client", "100")
GONE = (OSError, http.client.HTTPException)  # the server died under the request


def with_fixed_names(manifest):
    """What two manifests of the same export have in common."""
    return [(dict(parts)["name"], [value for key, value in parts if key in ("rowCount", "sha256")])
            for name, parts in parts_of(manifest) if name == "output"]


class Ledger:
    """What clients have been told; check() holds the server to it."""

    def __init__(self, test, server):
        self.test = test
        self.server = server
        self.lock = threading.Lock()
        self.crashes = 0
        self.kinds = {}        # id → (kind, format), of each job that was accepted
        self.born = {}         # id → how many crashes there had been
        self.ends = {}         # id → (status, body) of a result that was seen
        self.cancelled = set()  # a DELETE was sent; whether it took effect is not known
        self.gone = set()      # a 404 was seen
        self.references = {}   # (kind, format) → {file name: bytes} of an undisturbed run

    def job(self, id):
        return Job(self.server, f"/export/{id}")

    def kick_off(self, kind, form):
        job = self.server.export(export_of(*VIEWS[kind], _format=form))
        with self.lock:
            self.kinds[job.id] = (kind, form)
            self.born[job.id] = self.crashes
        return job

    def cancel(self, id):
        with self.lock:
            self.cancelled.add(id)
        self.server.request("DELETE", f"/export/{id}")

    def look(self, id):
        """Polls once and remembers; what contradicts an earlier answer is a failure."""
        answer = self.job(id).poll()
        if answer.status == 404:
            self.test.assertIn(id, self.cancelled, "an accepted job is lost")
            self.test.assertNotIn(id, self.ends, "an ended job is lost")
            self.gone.add(id)
            return
        self.test.assertIn(answer.status, (202, 303))
        self.test.assertNotIn(id, self.gone, "a cancelled job came back")
        if answer.status == 202:
            self.test.assertNotIn(id, self.ends, "an ended job began again")
            return
        result = self.server.get(answer.headers["Location"])
        text = result.text
        with self.lock:
            seen = self.ends.setdefault(id, (result.status, self.comparable(text)))
        self.test.assertEqual((result.status, self.comparable(text)), seen, "an end has changed")
        kind, form = self.kinds[id]
        if kind == "bad":
            self.test.assertGreaterEqual(result.status, 400)
            self.test.assertEqual(self.server.get(f"/export/{id}/files/patient.{form}").status, 404)
            return
        if result.status == 500 and "interrupted too often" in text:
            # The server may give up on a job that three processes died in.
            self.test.assertGreaterEqual(self.crashes - self.born[id], 3)
            return
        self.test.assertEqual(result.status, 200, text)
        for name, expected in self.references[kind, form].items():
            file = self.server.get(f"/export/{id}/files/{name}")
            self.test.assertEqual((file.status, hashlib.sha256(file.body).hexdigest()),
                                  (200, expected), f"{id} {name}")

    @staticmethod
    def comparable(text):
        return re.sub(r"http://127\.0\.0\.1:\d+", "", text)  # each process has its own port

    def learn_references(self):
        for kind in ("fast", "slow"):
            for form in FORMATS:
                job = self.kick_off(kind, form)
                self.references[kind, form] = {
                    url.rsplit("/", 1)[1]: hashlib.sha256(self.server.get(url).body).hexdigest()
                    for urls in job.outputs().values() for url in urls}

    def listed(self):
        """{id: state} of the jobs that the server has, those of unanswered kick-offs too."""
        return {job["exportId"]: job["status"] for job in self.server.jobs()}

    def check_at_rest(self):
        """All jobs have ended, all debts are paid: what the clients know is true, and nothing else
        is stored."""
        self.server.wait_until(
            lambda: not {"accepted", "in-progress"} & set(self.listed().values()),
            "a job does not end")
        for id in self.kinds:
            self.look(id)
        self.server.wait_until(lambda: self.debts() == 0, "the debts are not paid")
        jobs = self.listed()
        expected = sum(len(dict(parts)) > 0
                       for id, state in jobs.items() if state == "completed"
                       for name, parts in parts_of(self.job(id).wait().json()) if name == "output"
                       for key, _ in parts if key == "location")
        self.test.assertEqual(len(self.server.exported_files()), expected,
                              self.server.exported_files())
        scratch = os.path.join(self.server.state, "scratch")
        self.test.assertEqual(os.listdir(scratch) if os.path.isdir(scratch) else [], [])

    def debts(self):
        found = re.search(r"^kiln_export_deletion_debts (\S+)$", self.server.get("/metrics").text,
                          re.MULTILINE)
        return float(found[1])


def crash_points():
    points = []
    for library in ("sink", "job"):
        with open(f"src/{library}/crash_points.h", encoding="utf-8") as header:
            listed = header.read().split("kCrashPoints = {")[1].split("};")[0]
        points += re.findall(r'"([a-z]+\.[a-z_]+)"', listed)
    assert len(points) > 20, points
    return points


class CrashPointTest(unittest.TestCase):
    """The server is killed between two writes, at each place that the code names."""

    def life(self, ledger):
        """Requests that go through all of a job's life. The server may die under any of them."""
        server = ledger.server
        ledger.kick_off("fast", "csv").wait()
        ledger.kick_off("bad", "csv").wait()
        slow = ledger.kick_off("slow", "csv")
        self.until_it_writes(server, slow)
        ledger.cancel(slow.id)
        ledger.kick_off("slow", "ndjson")
        queued = ledger.kick_off("fast", "ndjson")
        ledger.cancel(queued.id)
        server.wait_until(lambda: ledger.debts() == 0, "the debts are not paid")

    def until_it_writes(self, server, job):
        server.wait_until(lambda: job.poll().status != 202 or any(
            job.id in path for path in server.exported_files()), "it does not write")

    def die(self, server, point, act):
        """Runs `act` on a server that is to die at `point`."""
        server.environment["KILN_CRASH_AT"] = point
        try:
            server.start()
            act()
        except (*GONE, AssertionError):
            try:
                server.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
            if server.process.poll() is None:
                raise  # it is not why the request failed
        status = server.process.wait(30)
        server.process.stdout.close()
        server.log.close()
        del server.environment["KILN_CRASH_AT"]
        self.assertEqual(status, -signal.SIGKILL, point)

    def test_each_point(self):
        for point in crash_points():
            with self.subTest(point=point):
                self.check(point)

    def check(self, point):
        data = dict(DATA)
        if point.startswith("requeue."):  # it must still be running when the signal comes
            data["Observation.ndjson"] *= 40
        server = Server(*OPTIONS, data=data)
        try:
            ledger = Ledger(self, server)
            ledger.learn_references()
            act = lambda: self.life(ledger)
            if point.startswith("requeue."):
                act = lambda: self.stop_while_running(ledger)
            elif point.startswith("late."):
                act = lambda: self.cancel_often(ledger)
            elif point.startswith("recover."):
                for kind in ("slow", "slow", "fast"):
                    ledger.kick_off(kind, "csv")
                act = lambda: ledger.listed()
            elif point.startswith("orphan."):
                self.plant_orphan(server)
                act = lambda: server.process.wait(30)
            elif point.startswith("expire."):
                # A server of its own: what expires is none of this ledger's jobs.
                self.check_expiry(point)
                return
            elif point == "debt.after_postponed":
                self.check_postponed(point)
                return
            server.end(signal.SIGKILL)
            self.die(server, point, act)
            server.start()
            ledger.check_at_rest()
        finally:
            server.stop()

    def stop_while_running(self, ledger):
        job = ledger.kick_off("slow", "csv")
        self.until_it_writes(ledger.server, job)
        ledger.server.process.send_signal(signal.SIGTERM)
        ledger.server.process.wait(30)

    def cancel_often(self, ledger):
        """A cancel that comes before the end of its worker: nearly each of them."""
        while ledger.server.process.poll() is None:
            job = ledger.kick_off("slow", "csv")
            self.until_it_writes(ledger.server, job)
            ledger.cancel(job.id)

    def plant_orphan(self, server):
        instance = os.listdir(os.path.join(server.state, "exports"))[0]
        folder = os.path.join(server.state, "exports", instance, "0" * 32, "1")
        os.makedirs(folder)
        with open(os.path.join(folder, "lost.csv"), "w", encoding="utf-8") as file:
            file.write("id\n")

    def check_expiry(self, point):
        server = Server(*OPTIONS, "--export-output-ttl", "1", data=DATA)
        try:
            server.end()
            def act():
                server.export(export_of(*VIEWS["slow"])).wait()
                server.process.wait(30)
            self.die(server, point, act)
            server.start()
            server.wait_until(lambda: not server.exported_files(), "the files do not go")
            ledger = Ledger(self, server)
            server.wait_until(lambda: not ledger.listed(), "the record does not go")
        finally:
            server.stop()

    def check_postponed(self, point):
        """The sink does not answer: an S3 store that is not there."""
        environment = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
                       "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}
        server = Server(*OPTIONS, "--export-sink", "s3://none/x", data=DATA, environment=environment)
        try:
            job = server.export(export_of(*VIEWS["fast"]))
            server.end()
            def act():
                self.server_cancel(server, job)
                server.process.wait(60)
            self.die(server, point, act)
            server.start()
            self.assertEqual(server.request("GET", job.status_url).status, 404)
            self.assertGreater(Ledger(self, server).debts(), 0)
        finally:
            server.stop()

    def server_cancel(self, server, job):
        self.assertEqual(server.request("DELETE", job.status_url).status, 202)


class RandomKillTest(unittest.TestCase):
    def test_random_kills(self):
        print(f"seed {SEED}, {CRASHES} kills", flush=True)
        chance = random.Random(SEED)
        server = Server(*OPTIONS, data=DATA)
        self.addCleanup(server.stop)
        ledger = Ledger(self, server)
        ledger.learn_references()
        server.end()
        for crash in range(CRASHES):
            server.start()
            for id in chance.sample(sorted(ledger.kinds), min(6, len(ledger.kinds))):
                ledger.look(id)
            self.disturb(ledger, chance)
        server.start()
        ledger.check_at_rest()
        # The scenario has gone where it should: jobs of each end.
        self.assertGreater(len(ledger.ends), CRASHES / 4)
        self.assertTrue(ledger.gone)

    def disturb(self, ledger, chance):
        """Two clients at work, and a kill at some moment of it."""
        killed = threading.Event()  # or about to be
        problems = []
        clients = [threading.Thread(target=self.client, args=(
            ledger, random.Random(chance.randrange(1 << 31)), killed, problems)) for _ in range(2)]
        for client in clients:
            client.start()
        killed.wait(chance.random() ** 2 * 0.2)  # a random moment of the work
        killed.set()
        ledger.server.process.kill()
        ledger.crashes += 1
        for client in clients:
            client.join()
        ledger.server.end(signal.SIGKILL)
        if problems:
            raise problems[0]

    def client(self, ledger, chance, killed, problems):
        try:
            while not killed.is_set():
                known = sorted(ledger.kinds)
                act = chance.random()
                if act < 0.4:
                    ledger.kick_off(chance.choice(("fast", "slow", "slow", "bad")),
                                    chance.choice(FORMATS))
                elif act < 0.55:
                    alive = [id for id in known[-6:] if id not in ledger.ends]
                    if alive:
                        ledger.cancel(chance.choice(alive))
                else:
                    ledger.look(chance.choice(known))
        except GONE:
            if not killed.is_set():
                killed.wait(5)
            if not killed.is_set():
                problems.append(AssertionError("the server is gone, but was not killed"))
        except AssertionError as problem:
            # A full queue is an answer too.
            if '"throttled"' not in str(problem):
                problems.append(problem)


if __name__ == "__main__":
    unittest.main()
