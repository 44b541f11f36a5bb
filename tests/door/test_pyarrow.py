"""libkiln from Python: ctypes and pyarrow, nothing of our own."""
import json
import os
import subprocess
import tempfile
import unittest

from tests.support.services import Unavailable, pyarrow_python

LIBRARY = os.path.join(os.environ.get("KILN_BUILD", "build/dev"), "lib", "libkiln.so")
COLUMNS = {"id": ("id", None), "active": ("active", "BOOLEAN"), "born": ("birthDate", "DATE"),
           "at": ("meta.lastUpdated", "TIMESTAMP WITH TIME ZONE"),
           "n": ("extension.value.ofType(decimal)", "DECIMAL(10,2)"),
           "x": ("extension.value.ofType(decimal)", "DOUBLE"),
           "photo": ("photo.data.first()", "BINARY"), "names": ("name.given", None)}


def view():
    columns = []
    for name, (path, sql) in COLUMNS.items():
        column = {"name": name, "path": path, "collection": name == "names"}
        if sql:
            column["tag"] = [{"name": "ansi/type", "value": sql}]
        columns.append(column)
    return {"resourceType": "ViewDefinition", "status": "active", "resource": "Patient",
            "name": "v", "select": [{"column": columns}]}


def patient(number):
    return {"resourceType": "Patient", "id": f"p{number}", "active": number % 2 == 0,
            "birthDate": f"1980-02-{number % 28 + 1:02}",
            "meta": {"lastUpdated": "2024-02-29T10:30:00.25+02:00"},
            "extension": [{"url": "u", "valueDecimal": number / 4}],
            "photo": [{"data": "AP8B"}],
            "name": [{"given": ["A", "a name of more than twelve bytes, grün"]}] if number else []}


class PyarrowTest(unittest.TestCase):
    def test_every_type_is_what_arrow_has(self):
        try:
            python = pyarrow_python()
        except Unavailable as why:
            self.skipTest(str(why))
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("v.json", "Patient.ndjson")]
            with open(paths[0], "w", encoding="utf-8") as file:
                json.dump(view(), file)
            with open(paths[1], "w", encoding="utf-8") as file:
                file.writelines(json.dumps(patient(number)) + "\n" for number in range(20_000))
            done = subprocess.run(
                [python, os.path.join(os.path.dirname(__file__), "read_with_pyarrow.py"), LIBRARY,
                 *paths], capture_output=True, text=True, check=False, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        found = json.loads(done.stdout)
        self.assertEqual(found["types"], [
            "string_view", "bool", "date32[day]", "timestamp[us, tz=UTC]", "decimal128(10, 2)",
            "double", "binary_view", "list<item: string_view>"])
        self.assertEqual(len(found["rows"]), 20_000)
        self.assertEqual(found["filtered"], 2)
        self.assertEqual(found["rows"][0]["names"], [])
        for number in (1, 2, 19_999):
            row = found["rows"][number]
            self.assertEqual(row, {
                "id": f"p{number}", "active": number % 2 == 0,
                "born": f"1980-02-{number % 28 + 1:02}", "at": "2024-02-29 08:30:00.250000+00:00",
                "n": f"{number / 4:.2f}", "x": number / 4, "photo": str(b"\0\xff\1"),
                "names": ["A", "a name of more than twelve bytes, grün"]})


if __name__ == "__main__":
    unittest.main()
