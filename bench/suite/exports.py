"""Exports: several views over one scan, and a job over HTTP against the command line."""
import contextlib
import json
import os
import statistics

from bench.suite.clinical import view_files
from bench.suite.data import multiplied
from bench.suite.measure import interleaved, run_once, warm
from bench.suite.server import Server
from bench.suite.tools import KILN, Missing, shared
from tests.support.services import BUCKET, Unavailable, Versitygw

COLUMNS = {
    "components": None,
    "codes": {"id": "getResourceKey()", "code": "code.coding.first().code",
              "display": "code.coding.first().display"},
    "values": {"id": "getResourceKey()", "value": "value.ofType(Quantity).value",
               "unit": "value.ofType(Quantity).unit"},
    "subjects": {"id": "getResourceKey()", "patient": "subject.getReferenceKey(Patient)",
                 "encounter": "encounter.getReferenceKey(Encounter)"},
    "times": {"id": "getResourceKey()", "status": "status", "issued": "issued",
              "effective": "effective.ofType(dateTime)"},
}
WIDE = {name: path for one in COLUMNS.values() if one for name, path in one.items()}


def flat_view(name, columns):
    return {"resourceType": "ViewDefinition", "name": name, "status": "active",
            "resource": "Observation", "select": [{"column": [
                {"name": column, "path": path} for column, path in columns.items()]}]}


def views(context):
    """{name: file} of five views over Observation, and a wide one."""
    found = {"components": view_files(context.work)["observation-components"][0]}
    for name, columns in [*COLUMNS.items(), ("wide", WIDE)]:
        if columns:
            found[name] = os.path.join(context.work, name + ".json")
            with open(found[name], "w", encoding="utf-8") as out:
                json.dump(flat_view(name, columns), out)
    return found


PUBLISHED = ("PatientAddresses", "PatientAndContactAddressUnion", "PatientDemographics",
             "PatientNamesWithIndex", "ShareablePatientDemographics")


def published_views(context):
    """The guide's five views over Patient; one shares its name with another, so all get new ones."""
    files = []
    for name in PUBLISHED:
        with open(shared("views", "ig-3.0.0-ballot", f"ViewDefinition-{name}.json"),
                  encoding="utf-8") as file:
            view = json.load(file)
        files.append(os.path.join(context.work, f"five_{name}.json"))
        with open(files[-1], "w", encoding="utf-8") as out:
            json.dump({**view, "name": name.lower()}, out)
    return files


def together_and_alone(context, files, data):
    """All in one `kiln export` against each alone."""
    warm(data)
    target = os.path.join(context.work, "export")
    os.makedirs(target, exist_ok=True)

    def export(*chosen):
        return [KILN, "export", *chosen, "-d", data, "-f", "csv", "-o", target, "--threads", "2"]
    series = interleaved({"all": export(*files), **{path: export(path) for path in files}},
                         context.runs)
    alone = [series[path].median() for path in files]
    return {"to_mean_of_one": series["all"].median() / statistics.mean(alone),
            "to_slowest_of_one": series["all"].median() / max(alone),
            "all": series["all"].report(),
            "alone": {os.path.basename(path): series[path].report() for path in files}}


def five_views(context):
    flat = views(context)
    flat.pop("wide")
    return {"published": together_and_alone(context, published_views(context),
                                            multiplied("Patient", 200_000_000)),
            "observation": together_and_alone(
                context, list(flat.values()),
                os.path.join(context.clinical, "Observation.ndjson"))}


def over_http(context):
    """To a folder."""
    return jobs_against_runs(context)


@contextlib.contextmanager
def versitygw(*options):
    store = Versitygw(*options)
    try:
        store.start()
        yield store
    except Unavailable as lack:
        raise Missing(str(lack)) from lack
    finally:
        store.stop()


def over_http_to_store(context):
    """To an S3 store on the same machine, which takes its share of the cores: as it comes, and without
    the MD5 of every byte that it makes its tags of."""
    report = {}
    for name, options in (("as_it_comes", ()), ("without_md5", ("--data-integrity-etag",))):
        with versitygw(*options) as store:
            report[name] = jobs_against_runs(
                context, "--export-sink", f"s3://{BUCKET}/bench", "--s3-checksum", "crc32c",
                environment=store.environment())
    return report


def jobs_against_runs(context, *options, environment=None):
    """The job's own time against `kiln run -o FILE` and an fsync of the file, in turn."""
    data = os.path.join(context.clinical, "Observation.ndjson")
    warm(data)
    report = {}
    server = Server(context, *options, environment=environment)
    try:
        for name in ("components", "wide"):
            path = views(context)[name]
            with open(path, encoding="utf-8") as file:
                view = json.load(file)
            output = os.path.join(context.work, "run.ndjson")
            jobs, runs = [], []
            for round_number in range(context.runs + 1):
                job = server.seconds_of(server.kick_off(view))
                server.wait_until_forgotten()
                os.sync()  # neither pays for what the other has left to the disk
                run = run_once([KILN, "run", path, "-d", data, "-f", "ndjson", "-o", output,
                                "--threads", "2"], sync=output).wall
                size = os.path.getsize(output)
                os.remove(output)
                if round_number > 0:
                    jobs.append(job)
                    runs.append(run)
            report[name] = {
                "to_run": statistics.median(job / run for job, run in zip(jobs, runs)),
                "job_median_s": statistics.median(jobs), "run_median_s": statistics.median(runs),
                "output_bytes": size, "runs": len(jobs)}
    finally:
        server.stop()
    return report
