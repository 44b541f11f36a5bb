"""Object stores as child processes: moto from PyPI, versitygw from the Go module registry; a Python
with DuckDB from PyPI.

Each is fetched once into a cache folder ($KILN_CACHE, else ~/.cache/kiln). Where that cannot be done,
Unavailable says why, and the tests skip.
"""
import fcntl
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

MOTO = "5.2.1"
VERSITYGW = "v1.8.0"
DUCKDB = "1.4.4"
PYARROW = "21.0.0"
DEADLINE = 60  # seconds until a store must answer
BUCKET = "kiln-test"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "kilntest", "AWS_SECRET_ACCESS_KEY": "kilntestsecret"}


class Unavailable(Exception):
    pass


def cached(name, make):
    """The folder `name` of the cache, filled by make(folder) once, by one process at a time."""
    root = os.environ.get("KILN_CACHE") or os.path.expanduser("~/.cache/kiln")
    os.makedirs(root, exist_ok=True)
    folder = os.path.join(root, name)
    done = os.path.join(folder, ".done")
    with open(folder + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(done):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            make(folder)
            open(done, "w", encoding="utf-8").close()
    return folder


def run(command, what, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            **options)
    if result.returncode != 0:
        raise Unavailable(f"{what}: {(result.stdout.strip().splitlines() or ['no output'])[-1]}")


def moto_python():
    def make(folder):
        run([sys.executable, "-m", "venv", folder], "no virtual environment (python3-venv)")
        run([os.path.join(folder, "bin", "pip"), "install", "-q", f"moto[server]=={MOTO}"],
            "moto cannot be had from PyPI")
    return os.path.join(cached(f"moto-{MOTO}", make), "bin", "python")


def duckdb_python():
    def make(folder):
        run([sys.executable, "-m", "venv", folder], "no virtual environment (python3-venv)")
        run([os.path.join(folder, "bin", "pip"), "install", "-q", f"duckdb=={DUCKDB}", "pytz"],
            "DuckDB and pytz cannot be had from PyPI")
    return os.path.join(cached(f"duckdb-{DUCKDB}-pytz", make), "bin", "python")


def pyarrow_python():
    def make(folder):
        run([sys.executable, "-m", "venv", folder], "no virtual environment (python3-venv)")
        run([os.path.join(folder, "bin", "pip"), "install", "-q", f"pyarrow=={PYARROW}"],
            "pyarrow cannot be had from PyPI")
    return os.path.join(cached(f"pyarrow-{PYARROW}", make), "bin", "python")


def versitygw_program():
    def make(folder):
        if not shutil.which("go"):
            raise Unavailable("no Go, so no versitygw")
        run(["go", "install", f"github.com/versity/versitygw/cmd/versitygw@{VERSITYGW}"],
            "versitygw cannot be built", env={**os.environ, "GOBIN": folder})
    return os.path.join(cached(f"versitygw-{VERSITYGW}", make), "versitygw")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Store:
    """A store with one empty bucket; keys(prefix) are its objects and unfinished uploads, leases left
    out."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="kiln-store-")
        self.port = free_port()
        self.process = None

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def environment(self):
        return {**CREDENTIALS, "AWS_ENDPOINT_URL_S3": self.endpoint, "AWS_REGION": "us-east-1"}

    def launch(self, command, **environment):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log,
                                            env={**os.environ, **environment})
        limit = time.monotonic() + DEADLINE
        while time.monotonic() < limit:
            try:
                self.request("GET", "/")
                return
            except OSError:
                if self.process.poll() is not None:
                    break
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
            raise AssertionError(f"the store does not start: {log.read()}")

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)

    def request(self, method, path):
        connection = self.connection()
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


class Moto(Store):
    """Everything in memory: a stop loses it."""
    options = ()

    def start(self):
        self.launch([moto_python(), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port),
                     *self.options])
        status, body = self.request("PUT", "/" + BUCKET)
        assert status == 200, body
        return self

    def keys(self, prefix, uploads=True):
        found = []
        for query in ("list-type=2", "uploads") if uploads else ("list-type=2",):
            status, body = self.request("GET", f"/{BUCKET}?{query}&prefix={prefix}")
            assert status == 200, body
            found += re.findall(r"<Key>([^<]*)</Key>", body.decode())
        return [key for key in found if not key.endswith("/.lease")]


class MotoTls(Moto):
    """The same behind https, with a certificate that only `certificate` vouches for."""

    def start(self):
        if not shutil.which("openssl"):
            raise Unavailable("no openssl to make a certificate with")
        self.certificate = os.path.join(self.folder, "certificate.pem")
        key = os.path.join(self.folder, "key.pem")
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key,
             "-out", self.certificate, "-subj", "/CN=store", "-addext", "subjectAltName=IP:127.0.0.1"],
            "no certificate")
        self.options = ("--ssl-cert", self.certificate, "--ssl-key", key)
        return super().start()

    @property
    def endpoint(self):
        return f"https://127.0.0.1:{self.port}"

    def connection(self):
        trusted = ssl.create_default_context(cafile=self.certificate)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE, context=trusted)

    def environment(self):
        return {**super().environment(), "AWS_CA_BUNDLE": self.certificate}


class Versitygw(Store):
    """Objects are files below `data`."""

    def __init__(self, *options):
        super().__init__()
        self.options = options  # of its posix backend

    def start(self):
        self.data = os.path.join(self.folder, "data")
        os.makedirs(os.path.join(self.data, BUCKET), exist_ok=True)
        self.launch([versitygw_program(), "--quiet", "--port", f"127.0.0.1:{self.port}", "posix",
                     *self.options, self.data],
                    ROOT_ACCESS_KEY_ID=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                    ROOT_SECRET_ACCESS_KEY=CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
        return self

    def keys(self, prefix):
        found = []
        for root in (prefix, ".sgwtmp"):  # the latter: parts of unfinished uploads
            for folder, _, names in os.walk(os.path.join(self.data, BUCKET, root)):
                found += [os.path.join(folder, name) for name in names if name != ".lease"]
        return found
