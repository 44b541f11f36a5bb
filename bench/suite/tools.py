"""The programs of a run: Kiln, the bounds, DuckDB's shell; and where data is kept."""
import os
import shutil
import subprocess
import zipfile

KILN = os.path.abspath(os.environ.get("KILN", "build/release/bin/kiln"))
BOUND = os.path.abspath(os.environ.get("KILN_BOUND", "build/release/bench"))
SHARED = os.path.abspath(os.environ.get("KILN_SHARED", "../shared"))
CACHE = os.environ.get("KILN_CACHE", os.path.expanduser("~/.cache/kiln"))


class Missing(Exception):
    """Something that this machine lacks; the row is skipped and says so."""


def shared(*path):
    found = os.path.join(SHARED, *path)
    if not os.path.exists(found):
        raise Missing("no " + os.path.join("shared", *path))
    return found


def duckdb_shell():
    """DuckDB's own command line, from the wheel that carries it."""
    folder = os.path.join(CACHE, "pypi")
    program = os.path.join(folder, "duckdb")
    if os.path.exists(program):
        return program
    os.makedirs(folder, exist_ok=True)
    done = subprocess.run(["python3", "-m", "pip", "download", "-q", "--no-deps", "-d", folder,
                           "duckdb-cli"], stderr=subprocess.PIPE, check=False)
    wheels = [name for name in os.listdir(folder) if name.startswith("duckdb_cli")]
    if not wheels:
        raise Missing("no duckdb-cli: " + done.stderr.decode(errors="replace").strip()[-200:])
    with zipfile.ZipFile(os.path.join(folder, sorted(wheels)[-1])) as wheel:
        inside = [name for name in wheel.namelist() if name.endswith("/duckdb")]
        with wheel.open(inside[0]) as source, open(program + ".part", "wb") as target:
            shutil.copyfileobj(source, target)
    os.chmod(program + ".part", 0o755)
    os.rename(program + ".part", program)
    return program


def duckdb(statement, threads=2):
    return [duckdb_shell(), "-c", f"SET threads={threads}; {statement}"]
