"""The server as a child process, and an HTTP client for tests."""
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

KILN = os.environ.get("KILN", "build/dev/bin/kiln")
DEADLINE = 30  # seconds that anything may take before a test fails


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)

    def issues(self):
        """[(code, expression)] of an OperationOutcome."""
        outcome = self.json()
        assert outcome["resourceType"] == "OperationOutcome", outcome
        return [(issue["code"], (issue.get("expression") or [""])[0]) for issue in outcome["issue"]]


def parts_of(resource, key="parameter"):
    """[(name, value or parts)] of Parameters."""
    found = []
    for item in resource.get(key, []):
        value = [item[name] for name in item if name.startswith("value")]
        found.append((item["name"], parts_of(item, "part") if "part" in item else
                      value[0] if value else None))
    return found


class Job:
    """A job that has been accepted."""

    def __init__(self, server, status_url):
        self.server = server
        self.status_url = status_url

    @property
    def id(self):
        return self.status_url.rsplit("/", 1)[1]

    def poll(self):
        return self.server.request("GET", self.status_url)

    def wait(self):
        """Polls to the end; the result's answer."""
        limit = time.monotonic() + DEADLINE
        while time.monotonic() < limit:
            answer = self.poll()
            if answer.status == 303:
                return self.server.request("GET", answer.headers["Location"])
            assert answer.status in (202, 429), (answer.status, answer.text)
        raise AssertionError("the job does not end")

    def manifest(self):
        answer = self.wait()
        assert answer.status == 200, answer.text
        return answer.json()

    def outputs(self):
        """{name: [file locations]}"""
        return {dict(parts)["name"]: [value for name, value in parts if name == "location"]
                for name, parts in parts_of(self.manifest()) if name == "output"}

    def rows(self, name):
        """Rows of an NDJSON output."""
        return [json.loads(line) for url in self.outputs()[name]
                for line in self.server.request("GET", url).text.splitlines()]


class Server:
    """`data` and `views`: {file name: text or JSON}, or a path. Stopped and cleaned up by stop()."""

    def __init__(self, *options, data=None, views=None, state=None, environment=None, start=True,
                 before_start=None):
        self.folder = tempfile.mkdtemp(prefix="kiln-test-")
        self.state = state or os.path.join(self.folder, "state")
        self.options = list(options)
        for name, content in (("data", data), ("views", views)):
            if content is None:
                continue
            if not isinstance(content, str):
                content = self.write_files(name, content)
            self.options += ["--" + name, content]
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.before_start = before_start  # called in the new process
        if start:
            self.start()

    def write_files(self, folder, files):
        path = os.path.join(self.folder, folder)
        os.makedirs(path, exist_ok=True)
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            with open(os.path.join(path, name), "w", encoding="utf-8") as out:
                out.write(text)
        return path

    def start(self, log=None):
        """`log`: a descriptor for stderr in place of the file that log_text() reads."""
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(
            [KILN, "serve", "--port", "0", "--state-dir", self.state, *self.options],
            stdout=subprocess.PIPE, stderr=self.log if log is None else log, env=self.environment, text=True,
            preexec_fn=self.before_start)
        line = self.process.stdout.readline()
        assert line.startswith("kiln: listening on http://"), self.log_text()
        self.base = line.split()[-1]

    def log_text(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
            return log.read()

    def wait_for_log(self, text):
        """The log is written by a thread of its own."""
        self.wait_until(lambda: text in self.log_text(), f"not in the log: {text}")

    def end(self, number=signal.SIGTERM):
        """Ends the process with a signal; its exit status."""
        self.process.send_signal(number)
        status = self.process.wait(DEADLINE)
        self.process.stdout.close()
        self.log.close()
        self.process = None
        return status

    def restart(self, number=signal.SIGTERM):
        self.end(number)
        self.start()

    def stop(self):
        if self.process is not None:
            self.end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def connection(self):
        return http.client.HTTPConnection(urllib.parse.urlsplit(self.base).netloc, timeout=DEADLINE)

    def request(self, method, path, body=None, headers=None):
        """`path` may be an absolute URL of this or a former process of the server."""
        if "://" in path:
            parts = urllib.parse.urlsplit(path)
            path = parts.path + ("?" + parts.query if parts.query else "")
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/fhir+json")
        connection = self.connection()
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, body, **headers):
        return self.request("POST", path, body,
                            {k.replace("_", "-"): v for k, v in headers.items()})

    def kick_off(self, body, path="/$viewdefinition-export", **headers):
        return self.post(path, body, Prefer="respond-async", **headers)

    def export(self, body, path="/$viewdefinition-export"):
        answer = self.kick_off(body, path)
        assert answer.status == 202, answer.text
        return Job(self, answer.headers["Content-Location"])

    def jobs(self):
        """[{part: value}] of all jobs in the list."""
        found = []
        url = self.base + "/export"
        while url:
            parts = parts_of(self.request("GET", url).json())
            found += [dict(job) for name, job in parts if name == "job"]
            url = dict(parts).get("next")
        return found

    def exported_files(self):
        """Every file below the sink's folder."""
        root = os.path.join(self.state, "exports")
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(root)
                      for name in names)

    def wait_until(self, condition, what):
        limit = time.monotonic() + DEADLINE
        while time.monotonic() < limit:
            if condition():
                return
        raise AssertionError(what)


def view(kind, name=None, **columns):
    """A view of a few columns; `id` without any."""
    return {"resourceType": "ViewDefinition", "name": name or kind.lower(), "status": "active",
            "resource": kind, "select": [{"column": [
                {"name": column, "path": path}
                for column, path in (columns or {"id": "id"}).items()]}]}


def export_of(*views, **parameters):
    """The Parameters of an export of inline views; parameters as value[x] by name."""
    body = [{"name": "view", "part": [{"name": "viewResource", "resource": one}]} for one in views]
    for name, value in parameters.items():
        key = "valueBoolean" if isinstance(value, bool) else "valueString"
        body.append({"name": name, key: value})
    return {"resourceType": "Parameters", "parameter": body}
