"""From the 202 to the manifest (operations.md §4.2, §4.3, §7)."""
import gzip
import hashlib
import json
import os
import subprocess
import unittest

from tests.support.server import Server, export_of, parts_of, view

PATIENTS = "".join(json.dumps({"resourceType": "Patient", "id": f"p{i}"}) + "\n" for i in range(5))
ENDINGS = {"ndjson": "", "csv": "id\n", "json": "[]"}


def named(name, definition):
    return {"name": "view", "part": [{"name": "name", "valueString": name},
                                     {"name": "viewResource", "resource": definition}]}


def files_of(manifest):
    """[(output name, parts of one of its files)]"""
    return [(dict(parts)["name"], dict(file)) for name, parts in parts_of(manifest)
            if name == "output" for key, file in parts if key == "file"]


class ExportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(data={"Patient.ndjson": PATIENTS})
        cls.addClassCleanup(cls.server.stop)

    def get(self, url):
        answer = self.server.request("GET", url)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body

    def assert_files(self, manifest):
        """Each file is what the manifest says of it."""
        for _, file in files_of(manifest):
            body = self.get(file["location"])
            self.assertEqual(len(body), file["size"])
            self.assertEqual(hashlib.sha256(body).hexdigest(), file["sha256"])

    def test_ops_4_2_finished_is_303_to_the_result_with_an_empty_body(self):
        job = self.server.export(export_of(view("Patient")))
        job.wait()
        answer = job.poll()
        self.assertEqual((answer.status, answer.body), (303, b""))
        self.assertEqual(answer.headers["Location"], job.status_url + "/result")

    def test_ops_7_types_of_the_manifests_parts(self):
        job = self.server.export(export_of(view("Patient"), clientTrackingId="t", _format="csv"))
        manifest = job.manifest()
        types = {}

        def note(items, path):
            for item in items:
                keys = [key for key in item if key.startswith("value")]
                types[path + item["name"]] = keys[0] if keys else "part"
                note(item.get("part", []), path + item["name"] + ".")
        note(manifest["parameter"], "")
        self.assertEqual(types, {
            "exportId": "valueString", "clientTrackingId": "valueString", "status": "valueCode",
            "location": "valueUri", "cancelUrl": "valueUri", "_format": "valueCode",
            "exportStartTime": "valueInstant", "exportEndTime": "valueInstant",
            "exportDuration": "valueInteger", "output": "part", "output.name": "valueString",
            "output.location": "valueUri", "output.rowCount": "valueDecimal",
            "output.file": "part", "output.file.location": "valueUri",
            "output.file.rowCount": "valueDecimal", "output.file.size": "valueDecimal",
            "output.file.sha256": "valueString"})
        parts = dict(parts_of(manifest))
        self.assertEqual((parts["exportId"], parts["status"], parts["_format"]),
                         (job.id, "completed", "csv"))
        self.assertEqual((parts["location"], parts["cancelUrl"]), (job.status_url, job.status_url))

    def test_ops_4_8_expires_is_completion_and_ttl(self):
        job = self.server.export(export_of(view("Patient")))
        self.assertIn("GMT", job.wait().headers["Expires"])

    def test_ops_4_3_counts_sizes_and_digests(self):
        manifest = self.server.export(export_of(view("Patient"))).manifest()
        self.assert_files(manifest)
        self.assertEqual([file["rowCount"] for _, file in files_of(manifest)], [5])

    def test_ops_4_3_one_output_for_each_subject_also_without_rows(self):
        for name, empty in ENDINGS.items():
            job = self.server.export(export_of(view("Patient"), view("Group"), _format=name))
            outputs = job.outputs()
            self.assertEqual(list(outputs), ["patient", "group"])
            self.assertEqual(len(outputs["group"]), 1)
            self.assertEqual(self.get(outputs["group"][0]).decode().strip(), empty.strip())
            self.assert_files(job.manifest())
        job = self.server.export(export_of(view("Group"), _format="parquet"))
        self.assertEqual(self.get(job.outputs()["group"][0])[:4], b"PAR1")
        self.assertEqual(files_of(job.manifest())[0][1]["rowCount"], 0)

    def test_ops_4_3_names_are_given_or_the_artefacts_or_made(self):
        nameless = view("Patient")
        del nameless["name"]
        body = {"resourceType": "Parameters", "parameter": [
            named("mine", view("Patient")), export_of(view("Patient"))["parameter"][0],
            export_of(nameless)["parameter"][0]]}
        names = list(self.server.export(body).outputs())
        self.assertEqual(names[:2], ["mine", "patient"])
        self.assertTrue(names[2])

    def test_ops_4_3_file_names_are_safe_and_do_not_collide(self):
        odd = ["../../etc/passwd", "a/b", "a_b", ".hidden", "ünï çode", "x" * 300, "A_B"]
        job = self.server.export({"resourceType": "Parameters",
                                  "parameter": [named(name, view("Patient")) for name in odd]})
        outputs = job.outputs()
        self.assertEqual(list(outputs), odd)
        files = [locations[0].rsplit("/files/", 1)[1] for locations in outputs.values()]
        self.assertEqual(len({name.lower() for name in files}), len(odd))
        for name in files:
            self.assertRegex(name, r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$")
        self.assert_files(job.manifest())

    def test_ops_7_parts(self):
        server = Server("--export-part-rows", "2", data={"Patient.ndjson": PATIENTS})
        self.addCleanup(server.stop)
        manifest = server.export(export_of(view("Patient"), _format="csv")).manifest()
        files = [file for _, file in files_of(manifest)]
        self.assertEqual([file["rowCount"] for file in files], [2, 2, 1])
        self.assertEqual([file["location"].rsplit("/", 1)[1] for file in files],
                         ["patient.part1.csv", "patient.part2.csv", "patient.part3.csv"])
        self.assertEqual(server.request("GET", files[2]["location"]).text, "id\np4\n")
        for form in ("ndjson", "json", "parquet"):
            manifest = server.export(export_of(view("Patient"), _format=form)).manifest()
            self.assertEqual([file["rowCount"] for _, file in files_of(manifest)], [2, 2, 1], form)
            manifest = server.export(export_of(view("Group"), _format=form)).manifest()
            self.assertEqual([file["rowCount"] for _, file in files_of(manifest)], [0], form)

    def test_ops_7_parts_end_where_the_rows_do(self):
        server = Server("--export-part-rows", "5", data={"Patient.ndjson": PATIENTS})
        self.addCleanup(server.stop)
        for form in ("csv", "parquet"):
            manifest = server.export(export_of(view("Patient"), _format=form)).manifest()
            self.assertEqual([file["rowCount"] for _, file in files_of(manifest)], [5], form)

    def test_ops_7_compressed(self):
        job = self.server.export(export_of(view("Patient"), _format="csv", _compression="gzip"))
        url = job.outputs()["patient"][0]
        self.assertTrue(url.endswith("/patient.csv.gz"))
        self.assertEqual(gzip.decompress(self.get(url)), b"id\np0\np1\np2\np3\np4\n")
        self.assert_files(job.manifest())
        job = self.server.export(export_of(view("Patient"), _format="csv", _compression="zstd"))
        url = job.outputs()["patient"][0]
        self.assertTrue(url.endswith("/patient.csv.zst"))
        plain = subprocess.run(["zstd", "-dc"], input=self.get(url), stdout=subprocess.PIPE,
                               check=True).stdout
        self.assertEqual(plain, b"id\np0\np1\np2\np3\np4\n")
        self.assert_files(job.manifest())

    def test_ops_4_3_result_of_an_unknown_job_is_404(self):
        for tail in ("", "/result", "/files/x.csv"):
            answer = self.server.get("/export/" + "0" * 32 + tail)
            self.assertEqual((answer.status, answer.issues()[0][0]), (404, "not-found"), tail)

    def test_ops_7_list_of_jobs(self):
        server = Server(data={"Patient.ndjson": PATIENTS})
        self.addCleanup(server.stop)
        jobs = [server.export(export_of(view("Patient"), clientTrackingId=f"t{i}"))
                for i in range(3)]
        for job in jobs:
            job.wait()
        listed = [dict(parts) for name, parts in parts_of(server.get("/export").json())
                  if name == "job"]
        self.assertEqual([one["exportId"] for one in listed], [job.id for job in reversed(jobs)])
        self.assertEqual([one["status"] for one in listed], ["completed"] * 3)
        self.assertEqual([one["clientTrackingId"] for one in listed], ["t2", "t1", "t0"])
        self.assertEqual([(one["rowCount"], one["size"]) for one in listed],
                         [(5, len('{"id":"p0"}\n') * 5)] * 3)
        for one in listed:
            self.assertLessEqual(one["created"], one["exportStartTime"])
            self.assertLessEqual(one["exportStartTime"], one["exportEndTime"])
            self.assertLess(one["exportEndTime"], one["expires"])

    def test_ops_7_the_list_shows_names_and_format(self):
        server = Server(data={"Patient.ndjson": PATIENTS})
        self.addCleanup(server.stop)
        few = server.export(export_of(view("Patient"), view("Patient", "other"), _format="csv"))
        many = server.export(export_of(*[view("Patient", f"v{i:02}") for i in range(11)]))
        long = server.export(export_of(view("Patient", "n" * 100), view("Patient", "n" * 101)))
        names = {}
        for job in (few, many, long):
            job.wait()
        for name, parts in parts_of(server.get("/export").json()):
            if name == "job":
                names[dict(parts)["exportId"]] = ([value for part, value in parts if part == "name"],
                                                  dict(parts)["_format"], dict(parts)["subjectsTotal"])
        self.assertEqual(names[few.id], (["patient", "other"], "csv", 2))
        self.assertEqual(names[many.id], ([f"v{i:02}" for i in range(10)], "ndjson", 11))
        self.assertEqual(names[long.id], (["n" * 100], "ndjson", 2))
        server.restart()
        self.assertIn({"name": "name", "valueString": "other"},
                      [part for job in server.get("/export").json()["parameter"]
                       for part in job.get("part", [])])

    def test_ops_7_the_list_can_be_filtered_by_status(self):
        server = Server("--export-max-running", "1", data={
            "Patient.ndjson": PATIENTS,
            "Observation.ndjson": '{"resourceType":"Observation","id":"o"}\n' * 600_000})
        self.addCleanup(server.stop)
        done = server.export(export_of(view("Patient")))
        done.wait()
        running = server.export(export_of(view("Observation", x="id.replaceMatches('o', 'p')")))
        server.wait_until(lambda: "in-progress" in running.poll().text, "it does not start")
        queued = server.export(export_of(view("Patient")))

        def listed(query):
            return [dict(parts)["exportId"] for name, parts
                    in parts_of(server.get("/export" + query).json()) if name == "job"]

        self.assertEqual(listed("?status=completed"), [done.id])
        self.assertEqual(listed("?status=accepted"), [queued.id])
        self.assertEqual(listed("?status=in-progress"), [running.id])
        self.assertEqual(listed("?status=accepted&status=completed"), [queued.id, done.id])
        self.assertEqual(listed("?status=failed"), [])
        for wrong in ("cancelled", "", "Completed", "completed,failed"):
            answer = server.get("/export?status=" + wrong)
            self.assertEqual((answer.status, answer.issues()), (400, [("invalid", "status")]), wrong)
        self.assertIn("status", server.get("/metadata").json()["rest"][0]["documentation"])

    def test_ops_7_xml_alone_is_406_on_poll_and_result(self):
        job = self.server.export(export_of(view("Patient")))
        job.wait()
        for path in (job.status_url, job.status_url + "/result"):
            answer = self.server.request("GET", path, headers={"Accept": "application/fhir+xml"})
            self.assertEqual(answer.status, 406, path)


class RunningJobTest(unittest.TestCase):
    """A job that is at work as long as the test wants: it waits for its slot."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--export-max-running", "1", "--poll-limit", "3",
                            data={"Patient.ndjson": PATIENTS,
                                  "Observation.ndjson":
                                  '{"resourceType":"Observation","id":"o"}\n' * 600_000})
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        slow = view("Observation", id="id", x="id.replaceMatches('o', 'p')")
        self.running = self.server.export(export_of(slow))
        self.queued = self.server.export(export_of(view("Patient")))
        self.addCleanup(self.end)

    def end(self):
        for job in (self.queued, self.running):
            self.server.request("DELETE", job.status_url)

    def test_ops_4_2_poll_while_it_is_under_way(self):
        answer = self.running.poll()
        self.assertEqual(answer.status, 202)
        self.assertRegex(answer.headers["Retry-After"], "^[1-9][0-9]*$")
        self.assertRegex(answer.headers["X-Progress"], "^[0-9]{1,2}%$")
        parts = dict(parts_of(answer.json()))
        self.assertEqual((parts["exportId"], parts["location"]),
                         (self.running.id, self.running.status_url))
        self.assertIn(parts["status"], ("accepted", "in-progress"))
        if parts["status"] == "in-progress":
            for name in ("exportStartTime", "percentComplete", "rowsWritten", "bytesRead",
                         "bytesTotal", "subjectsDone", "subjectsTotal"):
                self.assertIn(name, parts)
        self.assertEqual(dict(parts_of(self.queued.poll().json()))["status"], "accepted")

    def test_ops_4_3_result_and_files_of_a_running_job_are_404(self):
        for tail in ("/result", "/files/observation.ndjson"):
            answer = self.server.request("GET", self.running.status_url + tail)
            self.assertEqual((answer.status, answer.issues()[0][0]), (404, "not-found"))

    def test_ops_6_429_too_frequent_polls(self):
        answers = [self.queued.poll() for _ in range(8)]
        refused = [answer for answer in answers if answer.status != 202]
        self.assertTrue(refused)
        for answer in refused:
            self.assertEqual((answer.status, answer.headers["Retry-After"]), (429, "1"))
            self.assertEqual(answer.issues()[0][0], "throttled")


class ProgressTest(unittest.TestCase):
    def test_issue_progress_moves_within_one_big_subject(self):
        observations = '{"resourceType":"Observation","id":"o"}\n' * 600_000
        server = Server("--poll-limit", "100000", data={
            "Patient.ndjson": PATIENTS * 100_000, "Observation.ndjson": observations})
        self.addCleanup(server.stop)
        job = server.export(export_of(view("Observation", id="id", x="id.replaceMatches('o', 'p')")))
        seen = []
        while (answer := job.poll()).status == 202:
            parts = dict(parts_of(answer.json()))
            if "bytesTotal" in parts and parts["bytesTotal"]:
                # What the view does not read is no part of it.
                self.assertEqual(parts["bytesTotal"], len(observations))
                seen.append((parts["percentComplete"], parts["rowsWritten"], parts["bytesRead"]))
                self.assertEqual(answer.headers["X-Progress"], f"{parts['percentComplete']}%")
        self.assertEqual(seen, sorted(seen))
        self.assertTrue([one for one in seen if 0 < one[0] < 99 and 0 < one[1] < 600_000], seen[:9])


class FailedJobTest(unittest.TestCase):
    """Input that a job finds to be bad or changed."""

    def server_over(self, *options, **files):
        server = Server(*options, data={name.replace("_", ".", 1): text
                                        for name, text in files.items()})
        self.addCleanup(server.stop)
        return server

    def test_ops_4_6_a_failed_job_says_why_and_leaves_no_file(self):
        server = self.server_over(
            Patient_ndjson='{"resourceType":"Patient","id":"a"}\n' * 200_000 +
            '{"resourceType":"Patient","id":7x}\n')
        job = server.export(export_of(view("Patient")))
        first = job.wait()
        self.assertEqual(first.status, 422)
        self.assertIn("Patient.ndjson:200001:", first.text)
        self.assertEqual(job.poll().status, 303)
        self.assertEqual(job.wait().body, first.body)
        answer = server.request("GET", job.status_url + "/files/patient.ndjson")
        self.assertEqual(answer.status, 404)
        server.wait_until(lambda: not server.exported_files(), "files of a failed job stay")

    def test_issue_a_memory_sink_that_is_full_fails_the_job(self):
        server = self.server_over("--export-sink", "memory:", "--export-memory-limit", "100KiB",
                                  Patient_ndjson=PATIENTS,
                                  Group_ndjson='{"resourceType":"Group","id":"g"}\n' * 20_000)
        for _ in range(3):  # what a failed job had taken is given back
            job = server.export(export_of(view("Patient"), view("Group")))
            answer = job.wait()
            self.assertEqual((answer.status, answer.issues()[0][0]), (500, "exception"))
            self.assertIn(job.id[:8], answer.text)
            self.assertEqual(len(server.export(export_of(view("Patient"))).rows("patient")), 5)

    def test_ops_6_422_a_value_that_does_not_fit_names_its_resource(self):
        server = self.server_over(
            Patient_ndjson='{"resourceType":"Patient","id":"p5","photo":[{"data":"aG*="}]}\n')
        definition = view("Patient")
        definition["select"] = [{"column": [{"name": "v", "path": "photo.data.first()"}]}]
        for form in ("ndjson", "csv", "json", "parquet"):
            with self.subTest(form):
                answer = server.export(export_of(definition, _format=form)).wait()
                self.assertEqual(answer.status, 422)
                for word in ("Patient/p5", "'v'", "Patient.ndjson:1:"):
                    self.assertIn(word, answer.text)
        answer = server.post("/$viewdefinition-run", definition)
        self.assertEqual(answer.status, 422)
        self.assertIn("Patient/p5", answer.text)

    def test_ops_6_failure_with_several_subjects_fails_all(self):
        server = self.server_over(Patient_ndjson=PATIENTS,
                                  Group_ndjson='{"resourceType":"Group","id":7x}\n')
        job = server.export(export_of(view("Patient"), view("Group")))
        self.assertEqual(job.wait().status, 422)
        server.wait_until(lambda: not server.exported_files(), "files of a failed job stay")


class SnapshotTest(unittest.TestCase):
    """exp-2: what is appended after the kick-off is not read, what is changed fails the job."""

    def setUp(self):
        self.server = Server("--export-max-running", "1", data={
            "Patient.ndjson": PATIENTS,
            "Observation.ndjson": '{"resourceType":"Observation","id":"o"}\n' * 300_000})
        self.addCleanup(self.server.stop)
        slow = view("Observation", id="id", x="id.replaceMatches('o', 'p')")
        self.blocker = self.server.export(export_of(slow))
        self.job = self.server.export(export_of(view("Patient"), view("Patient", "again")))
        self.path = os.path.join(self.server.folder, "data", "Patient.ndjson")

    def go_on(self):
        self.server.request("DELETE", self.blocker.status_url)

    def test_exp_2_appended_data_is_not_read(self):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write('{"resourceType":"Patient","id":"late"}\n')
        self.go_on()
        rows = self.job.rows("patient")
        self.assertEqual([row["id"] for row in rows], ["p0", "p1", "p2", "p3", "p4"])
        self.assertEqual(self.job.rows("again"), rows)
        later = self.server.export(export_of(view("Patient")))
        self.assertEqual(len(later.rows("patient")), 6)

    def test_exp_2_a_replaced_file_is_read_as_it_was(self):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write('{"resourceType":"Patient","id":"new"}\n')
        os.rename(self.path + ".new", self.path)
        self.go_on()
        self.assertEqual(len(self.job.rows("patient")), 5)

    def test_exp_2_a_file_changed_in_place_fails_the_job(self):
        with open(self.path, "r+", encoding="utf-8") as file:
            file.write(PATIENTS.replace('"p1"', '"q1"'))
        os.utime(self.path, ns=(1, 1))
        self.go_on()
        answer = self.job.wait()
        self.assertEqual((answer.status, answer.issues()[0][0]), (409, "conflict"))

    def test_exp_2_a_truncated_file_fails_the_job(self):
        os.truncate(self.path, 10)
        self.go_on()
        self.assertEqual(self.job.wait().status, 409)


if __name__ == "__main__":
    unittest.main()
