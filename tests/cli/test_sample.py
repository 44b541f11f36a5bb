"""kiln sample: the same bytes for the same seed, whole and consistent, and nothing by halves."""
import base64
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import tempfile
import unittest

from tests.support.cli import CliTest, run, start

KINDS = ["Condition", "Encounter", "Group", "Immunization", "MedicationRequest", "Observation",
         "Organization", "Patient", "Practitioner"]
# Of the files of `--patients 3 --seed 11`, in the order of their names. A change of the generator
# changes it; a change of compiler, library or machine must not.
DIGEST = "dd6792d2b2a75723c150d2f32da1ecf3748066c65825b4f6c49ae533a3e34156"


def files_of(folder):
    """Bytes by path inside the folder."""
    found = {}
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def resources(folder, kind):
    with open(os.path.join(folder, "data", kind + ".ndjson"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "reference":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


class Sample(CliTest):
    """`sample` is the default data set, made once; nothing changes it."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.mkdtemp(prefix="kiln_sample_")
        cls.addClassCleanup(shutil.rmtree, scratch, ignore_errors=True)
        cls.sample = os.path.join(scratch, "sample")
        cls.made = run("sample", cls.sample)
        if cls.made.status != 0:
            raise AssertionError(cls.made.err)
        cls.data = os.path.join(cls.sample, "data")
        cls.views = sorted(os.path.join(cls.sample, "views", name)
                           for name in os.listdir(os.path.join(cls.sample, "views")))

    def test_what_there_is(self):
        self.assertEqual(self.made.out, b"")
        self.assertEqual(sorted(os.listdir(self.data)), [kind + ".ndjson" for kind in KINDS])
        self.assertEqual(sorted(os.listdir(self.sample)), ["data", "queries", "views"])
        self.assertEqual(len(resources(self.sample, "Patient")), 100)
        self.assertEqual(len(resources(self.sample, "Organization")), 4)

    def test_every_line_is_a_resource_of_its_file(self):
        count = 0
        for kind in KINDS:
            ids = set()
            for resource in resources(self.sample, kind):
                self.assertEqual(resource["resourceType"], kind)
                self.assertRegex(resource["id"], r"^[A-Za-z0-9.-]{1,64}$")
                self.assertRegex(resource["meta"]["lastUpdated"],
                                 r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
                ids.add(resource["id"])
                count += 1
            self.assertEqual(len(ids), len(resources(self.sample, kind)), kind)
        self.assertIn(f"{count} resources", self.made.err)

    def test_references_resolve(self):
        known = {f"{kind}/{resource['id']}" for kind in KINDS
                 for resource in resources(self.sample, kind)}
        seen = set()
        for kind in KINDS:
            for resource in resources(self.sample, kind):
                seen.update(references(resource))
        self.assertEqual(seen - known, set())
        for kind in set(KINDS) - {"Group", "Observation", "Immunization", "MedicationRequest"}:
            self.assertTrue(any(one.startswith(kind + "/") for one in seen), kind)

    def test_same_seed_same_bytes(self):
        again = self.path("again")
        self.kiln("sample", again, "--seed", 1, "--patients", 100)
        self.assertEqual(files_of(again), files_of(self.sample))
        other = self.path("other")
        self.kiln("sample", other, "--seed", 2)
        for kind in KINDS:
            name = os.path.join("data", kind + ".ndjson")
            self.assertNotEqual(files_of(other)[name], files_of(self.sample)[name], kind)

    def test_same_bytes_everywhere(self):
        self.kiln("sample", self.path("x"), "--patients", 3, "--seed", 11)
        digest = hashlib.sha256()
        for name, content in sorted(files_of(self.path("x")).items()):
            if name.startswith("data"):
                digest.update(content)
        self.assertEqual(digest.hexdigest(), DIGEST)

    def test_patients_stay_when_there_are_more(self):
        few = self.path("few")
        self.kiln("sample", few, "--patients", 60)
        for kind in set(KINDS) - {"Group"}:
            name = os.path.join("data", kind + ".ndjson")
            self.assertTrue(files_of(self.sample)[name].startswith(files_of(few)[name]), kind)

    def test_every_view_checks_and_has_rows(self):
        self.kiln("check", *self.views)
        self.assertGreaterEqual(len(self.views), 6)
        for view in self.views:
            rows = self.kiln("run", view, "-d", self.data, "-f", "ndjson").rows
            self.assertGreaterEqual(len(rows), 100, view)
            filled = {name for row in rows for name, value in row.items() if value is not None}
            self.assertEqual(filled, set(rows[0]), view)

    def test_views_are_fit_to_be_published(self):
        for path in self.views:
            with open(path, encoding="utf-8") as file:
                view = json.load(file)
            stem = os.path.basename(path)[:-len(".json")]
            self.assertRegex(stem, r"^[A-Za-z0-9.-]{1,64}$")
            self.assertEqual(view["id"], stem)
            self.assertEqual(view["url"], "https://example.org/fhir/ViewDefinition/" + stem)
            self.assertEqual(view["name"], stem.replace("-", "_"))
            self.assertEqual(view["status"], "active")

    def test_blood_pressures_come_from_components(self):
        view = os.path.join(self.sample, "views", "blood-pressure.json")
        rows = {row["id"]: row
                for row in self.kiln("run", view, "-d", self.data, "-f", "ndjson").rows}
        panels = {}
        for observation in resources(self.sample, "Observation"):
            if observation["code"]["coding"][0]["code"] == "85354-9":
                panels[observation["id"]] = [
                    component.get("valueQuantity", {}).get("value")
                    for component in observation["component"]]
        self.assertEqual({key: [row["systolic"], row["diastolic"]] for key, row in rows.items()},
                         panels)
        self.assertTrue(any(diastolic is None for _, diastolic in panels.values()))

    def test_libraries_carry_the_queries(self):
        urls = {}
        for path in self.views:
            with open(path, encoding="utf-8") as file:
                view = json.load(file)
            urls[view["url"]] = view["name"]
        folder = os.path.join(self.sample, "queries")
        libraries = [name for name in os.listdir(folder) if name.endswith(".json")]
        self.assertEqual(len(libraries), 2)
        for name in libraries:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                library = json.load(file)
            with open(os.path.join(folder, name[:-len("json")] + "sql"), "rb") as file:
                sql = file.read()
            self.assertEqual(library["type"]["coding"][0]["code"], "sql-query")
            self.assertEqual(base64.b64decode(library["content"][0]["data"], validate=True), sql)
            for artifact in library["relatedArtifact"]:
                self.assertEqual(artifact["type"], "depends-on")
                self.assertEqual(artifact["label"], urls[artifact["resource"]])
            used = set(re.findall(rb"(?:FROM|JOIN) (\w+)", sql)) & {
                view.encode() for view in urls.values()}
            self.assertEqual(used, {artifact["label"].encode()
                                    for artifact in library["relatedArtifact"]})
            placeholders = {word.decode() for word in re.findall(rb"\$(\w+)", sql)}
            self.assertEqual(placeholders, {parameter["name"]
                                            for parameter in library.get("parameter", [])})

    def test_queries_run(self):
        if run("sql", "--help").status != 0:
            self.skipTest("this program has no sql command")
        folder = os.path.join(self.sample, "queries")
        for name in sorted(os.listdir(folder)):
            arguments = [] if "uncontrolled" not in name else ["-p", "threshold=140"]
            outcome = self.kiln("sql", os.path.join(folder, name), "-v", *self.views,
                                "-d", self.data, "-f", "ndjson", *arguments)
            self.assertGreater(len(outcome.rows), 2, name)


class Refusal(CliTest):
    def setUp(self):
        super().setUp()
        self.sample = self.path("sample")

    def test_a_folder_that_is_not_empty(self):
        kept = self.write("sample/kept", "mine")
        outcome = self.kiln("sample", self.sample, status=1)
        self.assertIn(self.sample, outcome.err)
        self.assert_no_leftovers("kept", folder="sample")
        self.kiln("sample", self.sample, "--force", "--patients", 1)
        first = files_of(self.sample)
        self.kiln("sample", self.sample, "--force", "--patients", 1, "--seed", 2)
        second = files_of(self.sample)
        self.assertEqual(set(second), set(first))
        self.assertEqual(self.read(kept), b"mine")
        self.assertNotEqual(first["data/Patient.ndjson"], second["data/Patient.ndjson"])

    def test_an_empty_folder_and_missing_parents(self):
        os.mkdir(self.sample)
        self.kiln("sample", self.sample, "--patients", 1)
        self.kiln("sample", os.path.join(self.sample, "a", "b"), "--patients", 1)
        self.assert_no_leftovers("data", "queries", "views", folder="sample/a/b")

    def test_a_file_in_the_way(self):
        self.write("sample", "mine")
        self.kiln("sample", self.sample, status=1)
        self.kiln("sample", os.path.join(self.sample, "below"), status=1)
        self.assertEqual(self.read("sample"), b"mine")

    def test_an_error_on_the_way_leaves_nothing(self):
        os.makedirs(os.path.join(self.sample, "queries"))
        self.write("sample/views", "a file where a folder has to be")
        self.kiln("sample", self.sample, "--force", "--patients", 1, status=1)
        self.assert_no_leftovers("queries", "views", folder="sample")
        self.assert_no_leftovers(folder="sample/queries")

    def test_wrong_usage(self):
        for arguments in ([], [""], [self.sample, "--patients", "0"],
                          [self.sample, "--patients", "-3"], [self.sample, "--patients", "many"],
                          [self.sample, "--seed", "-1"], [self.sample, "--seed", "1.5"],
                          [self.sample, "--seed", str(2**64)], [self.sample, "more"]):
            self.kiln("sample", *arguments, status=2)
        self.assert_no_leftovers()

    def test_help_has_an_example(self):
        self.assertIn("kiln sample demo", self.kiln("sample", "--help").text)

    def test_an_interruption_leaves_nothing(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = start("sample", os.path.join(self.sample, "deep"),
                            "--patients", 100_000_000, "--progress", "always")
            process.stderr.read(1)  # the bar is drawn: it is in the middle of its work
            process.send_signal(number)
            process.communicate()
            self.assertEqual(process.returncode, status)
            self.assert_no_leftovers()


class Examples(CliTest):
    folder_of_examples = os.path.join(os.path.dirname(__file__), "..", "..", "examples")

    def test_every_view_checks(self):
        names = [name for name in os.listdir(self.folder_of_examples) if name.endswith(".json")]
        self.assertEqual(len(names), 3)
        outcome = self.kiln("check", *names, cwd=self.folder_of_examples)
        self.assertEqual(outcome.err.count("ok: "), 3)
        self.assertNotIn("warning", outcome.err)

    def test_every_line_is_a_patient_or_an_observation(self):
        for name, kind in (("patients", "Patient"), ("observations", "Observation")):
            path = os.path.join(self.folder_of_examples, name + ".ndjson")
            outcome = self.kiln("fhirpath", "--strict", "id", path)
            self.assertEqual(len(outcome.rows), 3)
            with open(path, encoding="utf-8") as file:
                self.assertEqual({json.loads(line)["resourceType"] for line in file}, {kind})

    def test_the_read_me_says_what_comes_out(self):
        with open(os.path.join(self.folder_of_examples, "README.md"), encoding="utf-8") as file:
            samples = re.findall(r"```console\n\$ kiln (.*)\n((?:.*\n)*?)```", file.read())
        self.assertEqual(len(samples), 5)
        for command, expected in samples:
            outcome = self.kiln(*shlex.split(command), cwd=self.folder_of_examples)
            self.assertEqual(outcome.text, expected)


if __name__ == "__main__":
    unittest.main()
