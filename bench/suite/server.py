"""`kiln serve` under measurement."""
import datetime
import json
import os
import subprocess
import tempfile
import time
import urllib.request

from bench.suite.tools import KILN


class Server:
    """`kiln serve` on its own."""

    def __init__(self, context, *options, data=None, environment=None):
        self.folder = tempfile.mkdtemp(dir=context.work)
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [KILN, "serve", "--port", "0", "--data", data or context.clinical, "--threads", "2",
                 "--state-dir", os.path.join(self.folder, "state"), "--poll-limit", "100000",
                 "--log-format", "json", "--export-output-ttl", "2", "--export-cleanup-interval",
                 "1", *options],
                stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, **(environment or {})})
        self.base = self.process.stdout.readline().split()[-1]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def kick_off(self, view, form="ndjson"):
        body = json.dumps({"resourceType": "Parameters", "parameter": [
            {"name": "_format", "valueCode": form},
            {"name": "view", "part": [{"name": "viewResource", "resource": view}]}]}).encode()
        request = urllib.request.Request(
            self.base + "/$viewdefinition-export", body,
            {"Prefer": "respond-async", "Content-Type": "application/fhir+json"})
        with urllib.request.urlopen(request) as answer:
            return answer.headers["Content-Location"]

    def seconds_of(self, status):
        """Start to end of a job, by its own manifest."""
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            with urllib.request.urlopen(status) as answer:  # follows the redirect to the result
                if answer.status == 200:
                    parts = {part["name"]: part for part in json.load(answer)["parameter"]}
                    begin, end = (datetime.datetime.fromisoformat(parts[name]["valueInstant"])
                                  for name in ("exportStartTime", "exportEndTime"))
                    return (end - begin).total_seconds()
            time.sleep(0.02)
        raise RuntimeError("the job does not end")

    def wait_until_forgotten(self):
        """Until all output has expired and is deleted."""
        gone = ('kiln_export_jobs{state="completed"} 0\n', "kiln_export_deletion_debts 0\n")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with urllib.request.urlopen(self.base + "/metrics") as answer:
                text = answer.read().decode()
            if all(line in text for line in gone):
                return
            time.sleep(0.05)
        raise RuntimeError("output stays")

    def percent(self, status):
        """How far a job is; nothing once it has ended."""
        with urllib.request.urlopen(status) as answer:
            parts = {part["name"]: part for part in json.load(answer)["parameter"]}
            return parts.get("percentComplete", {"valueInteger": 0})["valueInteger"] \
                if answer.status == 202 else None

    def cancel(self, status):
        urllib.request.urlopen(urllib.request.Request(status, method="DELETE")).close()

    def logged(self, status, message):
        """When the log says this of the job, once it does."""
        job = status.rsplit("/", 1)[1]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
                for line in log:
                    if job in line and message in line and line.endswith("\n"):
                        return datetime.datetime.fromisoformat(json.loads(line)["time"])
            time.sleep(0.01)
        raise RuntimeError(f"the log does not say '{message}'")
