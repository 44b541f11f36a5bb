"""kiln export: many views, one scan, a folder that is complete or untouched."""
import hashlib
import json
import os
import unittest

from tests.support.cli import CliTest, patients, view


class Export(CliTest):
    def setUp(self):
        super().setUp()
        self.data = self.write("data/all.ndjson", patients(30, gender="female") + [
            {"resourceType": "Observation", "id": f"o{i}", "status": "final"} for i in range(20)])
        self.people = self.write("people.json", view("id=id", "sex=gender", name="people"))
        self.facts = self.write("facts.json", view("id=id", resource="Observation", name="facts"))

    def manifest(self):
        return json.loads(self.read("out/manifest.json"))

    def test_each_view_gets_a_file_and_the_manifest_describes_them(self):
        self.kiln("export", self.people, self.facts, "-d", self.data, "-o", self.path("out"))
        self.assert_no_leftovers("people.ndjson", "facts.ndjson", "manifest.json", folder="out")
        entries = self.manifest()["output"]
        self.assertEqual([(e["name"], e["rows"]) for e in entries], [("people", 30), ("facts", 20)])
        for entry in entries:
            content = self.read("out/" + entry["file"])
            self.assertEqual(entry["bytes"], len(content))
            self.assertEqual(entry["sha256"], hashlib.sha256(content).hexdigest())
            self.assertEqual(content.count(b"\n"), entry["rows"])

    def test_files_are_the_same_as_those_of_run_and_for_any_threads(self):
        expected = {v: self.kiln("run", p, "-d", self.data, "-f", "csv").out
                    for v, p in (("people", self.people), ("facts", self.facts))}
        for threads in (1, 2, 5):
            self.kiln("export", self.people, self.facts, "-d", self.data, "-o", self.path("out"),
                      "-f", "csv", "--threads", threads)
            for name, content in expected.items():
                self.assertEqual(self.read(f"out/{name}.csv"), content)

    def test_the_input_is_read_once(self):
        # A pipe can be read only once.
        with open(self.data, "rb") as data:
            self.kiln("export", self.people, self.facts, "-d", "-", "-o", self.path("out"),
                      stdin=data)
        self.assertEqual([e["rows"] for e in self.manifest()["output"]], [30, 20])

    def test_limit_is_of_each_view(self):
        self.kiln("export", self.people, self.facts, "-d", self.data, "-o", self.path("out"),
                  "--limit", 25)
        self.assertEqual([e["rows"] for e in self.manifest()["output"]], [25, 20])

    def test_parquet_files_are_parquet(self):
        self.kiln("export", self.people, "-d", self.data, "-o", self.path("out"), "-f", "parquet")
        content = self.read("out/people.parquet")
        self.assertEqual((content[:4], content[-4:]), (b"PAR1", b"PAR1"))

    def test_a_view_without_a_name_is_named_after_its_file(self):
        nameless = view("id=id")
        del nameless["name"]
        path = self.write("by_file.json", nameless)
        self.kiln("export", path, "-d", self.data, "-o", self.path("out"))
        self.assertEqual(self.manifest()["output"][0]["file"], "by_file.ndjson")

    def test_an_empty_view_has_an_empty_file(self):
        path = self.write("none.json", view("id=id", resource="Group", name="none"))
        self.kiln("export", path, "-d", self.data, "-o", self.path("out"), "-f", "csv")
        self.assertEqual(self.read("out/none.csv"), b"id\n")
        self.assertEqual(self.manifest()["output"][0]["rows"], 0)


class Failures(CliTest):
    def setUp(self):
        super().setUp()
        self.data = self.write("data.ndjson", patients(3))
        self.good = self.write("good.json", view("id=id", name="good"))

    def test_a_bad_line_leaves_no_file(self):
        data = self.write("bad.ndjson", patients(3) + ["{"])
        outcome = self.kiln("export", self.good, "-d", data, "-o", self.path("out"), status=1)
        self.assert_points_at(outcome, f"{data}:4:2")
        self.assert_no_leftovers(folder="out")

    def test_an_earlier_export_stays_as_it_was(self):
        self.kiln("export", self.good, "-d", self.data, "-o", self.path("out"))
        before = self.read("out/good.ndjson"), self.read("out/manifest.json")
        data = self.write("bad.ndjson", patients(9) + ["{"])
        self.kiln("export", self.good, "-d", data, "-o", self.path("out"), status=1)
        self.assertEqual((self.read("out/good.ndjson"), self.read("out/manifest.json")), before)
        self.assert_no_leftovers("good.ndjson", "manifest.json", folder="out")

    def test_every_bad_view_is_reported_and_nothing_is_made(self):
        first = self.write("first.json", view("x=nme"))
        second = self.write("second.json", view("x=birthDat"))
        outcome = self.kiln("export", first, self.good, second, "-d", self.data,
                            "-o", self.path("out"), status=1)
        self.assertIn("`name`", outcome.err)
        self.assertIn("`birthDate`", outcome.err)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_two_views_of_one_name_are_refused(self):
        twin = self.write("twin.json", view("id=id", name="good"))
        outcome = self.kiln("export", self.good, twin, "-d", self.data, "-o", self.path("out"),
                            status=2)
        self.assertIn("'good'", outcome.err)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_csv_cannot_hold_lists(self):
        lists = view("g=name.given", name="lists")
        lists["select"][0]["column"][0]["collection"] = True
        path = self.write("lists.json", lists)
        outcome = self.kiln("export", self.good, path, "-d", self.data, "-o", self.path("out"),
                            "-f", "csv", status=1)
        self.assertIn("column 'g'", outcome.err)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_the_folder_cannot_be_a_file(self):
        outcome = self.kiln("export", self.good, "-d", self.data, "-o", self.good, status=1)
        self.assertIn(f"{self.good}: ", outcome.err)
        self.assertNotIn("kiln-part", outcome.err)


if __name__ == "__main__":
    unittest.main()
