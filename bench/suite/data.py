"""The data: the published benchmark's, made by its recipe, and multiplied real-shaped data."""
import hashlib
import json
import os
import shutil
import subprocess
import sys

from bench.suite.tools import CACHE, KILN, Missing, shared

POPULATION = {"s": 100, "m": 1000, "l": 10000}
TYPES = ("Condition", "Observation")


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def synthea():
    """The generator's jar, through Maven."""
    folder = os.path.join(CACHE, "synthea")
    jar = os.path.join(folder, "synthea-3.2.0-all.jar")
    if not shutil.which("java"):
        raise Missing("no java")
    if not os.path.exists(jar):
        if not shutil.which("mvn"):
            raise Missing("no mvn")
        say("fetching Synthea 3.2.0 with Maven")
        subprocess.run(["mvn", "-q", "dependency:copy", "-DoutputDirectory=" + folder,
                        "-Dartifact=org.mitre.synthea:synthea:3.2.0:jar:all"], check=True)
    return jar


def make_clinical(size, folder):
    """Synthea with the published parameters; each file sorted, so that its checksum is fixed."""
    jar = synthea()
    work = folder + ".part"
    shutil.rmtree(work, ignore_errors=True)
    say(f"making the data of size {size} (17 minutes for l)")
    options = {"exporter.baseDirectory": work, "exporter.fhir.export": "true",
               "exporter.fhir.bulk_data": "true", "exporter.hospital.fhir.export": "false",
               "exporter.practitioner.fhir.export": "false", "exporter.years_of_history": "1",
               "generate.thread_count": "1"}
    subprocess.run(
        ["java", "-Xmx6g", "-jar", jar, "-p", str(POPULATION[size]), "-s", "589",
         "-cs", "1652609873669", "-r", "20240101", "-e", "20250101",
         *(f"--{name}={value}" for name, value in options.items())],
        env={**os.environ, "TZ": "UTC"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        check=True)
    os.makedirs(folder, exist_ok=True)
    for kind in TYPES:
        with open(os.path.join(folder, kind + ".ndjson"), "wb") as target:
            subprocess.run(["sort", os.path.join(work, "fhir", kind + ".ndjson")],
                           env={**os.environ, "LC_ALL": "C"}, stdout=target, check=True)
    shutil.rmtree(work)


def make_like(size, folder):
    """Without Java: Kiln's own sample data of as many patients."""
    say("no Synthea here: kiln sample makes the data, and row counts are compared, not known")
    subprocess.run([KILN, "sample", folder + ".part", "--patients", str(POPULATION[size] * 5)],
                   check=True, stdout=subprocess.DEVNULL)
    os.makedirs(folder, exist_ok=True)
    for kind in TYPES:
        os.rename(os.path.join(folder + ".part", "data", kind + ".ndjson"),
                  os.path.join(folder, kind + ".ndjson"))
    shutil.rmtree(folder + ".part")


def clinical(size):
    """(folder, {case: expected rows} or None where the data is not the published)."""
    folder = os.path.join(CACHE, "clinical", size)
    files = [os.path.join(folder, kind + ".ndjson") for kind in TYPES]
    with open(shared("bench", "clinical-flat.check.json"), encoding="utf-8") as file:
        check = json.load(file)
    if not all(map(os.path.exists, files)):
        try:
            make_clinical(size, folder)
        except Missing as lack:
            say(str(lack))
            folder = os.path.join(CACHE, "sample", size)
            if not os.path.isdir(folder):
                make_like(size, folder)
            return folder, None
    for path in files:
        expected = check["sizes"][size]["files"][os.path.basename(path)]["sha256"]
        if digest(path) != expected:
            raise RuntimeError(f"{path} is not the published file: delete it to make it again")
    return folder, {case: rows[size] for case, rows in check["assertions"].items()}


def unpacked(name):
    """A shared data set, unpacked into the cache."""
    folder = os.path.join(CACHE, "data", name)
    if not os.path.isdir(folder):
        part = folder + ".part"
        os.makedirs(part, exist_ok=True)
        subprocess.run(["tar", "--zstd", "-xf", shared("data", name + ".tar.zst"), "-C", part],
                       check=True)
        os.rename(os.path.join(part, os.listdir(part)[0]), folder)
        shutil.rmtree(part)
    return folder


# Written once by the multiplier, whatever the number asked for.
NOT_MULTIPLIED = ("Organization", "Practitioner", "PractitionerRole", "Location", "Medication")


def multiplied(kind, at_least):
    """A type's file of synthea-120 repeated, with fresh ids, to `at_least` bytes."""
    source = os.path.join(unpacked("synthea-120"), kind + ".ndjson")
    if not os.path.exists(source):
        raise Missing(f"no {kind} in synthea-120")
    if kind in NOT_MULTIPLIED:
        raise Missing(f"{kind} is shared between patients and cannot be multiplied")
    folder = os.path.join(CACHE, "multiplied", kind)
    path = os.path.join(folder, kind + ".ndjson")
    if not os.path.exists(path):
        say("multiplying " + kind)
        shutil.rmtree(folder + ".part", ignore_errors=True)
        os.makedirs(os.path.join(folder + ".part", "from"))
        os.symlink(source, os.path.join(folder + ".part", "from", kind + ".ndjson"))
        times = at_least // os.path.getsize(source) + 1
        subprocess.run([sys.executable, shared("tools", "multiply_ndjson.py"),
                        os.path.join(folder + ".part", "from"), folder + ".part", str(times)],
                       check=True, stdout=subprocess.DEVNULL)
        os.rename(folder + ".part", folder)
    return path
