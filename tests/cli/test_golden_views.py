"""Published views over real-shaped data: rows and values as they have been for others."""
import collections
import hashlib
import json
import os
import unittest

from tests.support.cli import CliTest, data_set, shared_folder

VIEWS = 22


def text_of_number(text):
    """As JavaScript writes it: 1.0 is 1."""
    value = float(text)
    return int(value) if value == int(value) else value


def digest(rows):
    """Over the rows' [name, value] pairs in order of name, the rows sorted."""
    lines = sorted(json.dumps(sorted(row.items()), ensure_ascii=False,
                              separators=(",", ":")).encode() for row in rows)
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


class GoldenViews(CliTest):
    def check(self, expected, rows):
        self.assertEqual(len(rows), expected["rows"])
        counts = collections.Counter(
            name for row in rows for name, value in row.items() if value is not None)
        self.assertEqual(dict(counts), expected["nonNull"])
        for row in rows[:1]:
            self.assertEqual(sorted(row), sorted(expected["columns"]))
        self.assertEqual(digest(rows), expected["sha256"])

    def setUp(self):
        super().setUp()
        views = os.path.join(shared_folder(), "views")
        with open(os.path.join(views, "golden-synthea-120.json"), encoding="utf-8") as file:
            self.golden = json.load(file)
        self.paths = [os.path.join(views, g["source"], g["file"]) for g in self.golden]
        self.data = data_set("synthea-120")

    def load(self, text):
        return [json.loads(line, parse_float=text_of_number) for line in text.splitlines()]

    def test_each_view_by_itself(self):
        self.assertEqual(len(self.golden), VIEWS)
        for expected, path in zip(self.golden, self.paths):
            with self.subTest(expected["file"]):
                outcome = self.kiln("run", path, "-d", self.data)
                self.check(expected, self.load(outcome.out))

    def test_all_views_in_one_scan(self):
        names = {}
        for expected, path in zip(self.golden, self.paths):
            with open(path, encoding="utf-8") as file:
                view = json.load(file)
            view["name"] = f"view_{len(names)}"
            names[view["name"]] = (expected, self.write(view["name"] + ".json", view))
        self.kiln("export", *(path for _, path in names.values()), "-d", self.data,
                  "-o", self.path("out"))
        entries = json.loads(self.read("out/manifest.json"))["output"]
        self.assertEqual([e["rows"] for e in entries], [g["rows"] for g in self.golden])
        for name, (expected, _) in names.items():
            with self.subTest(expected["file"]):
                self.check(expected, self.load(self.read(f"out/{name}.ndjson")))


if __name__ == "__main__":
    unittest.main()
