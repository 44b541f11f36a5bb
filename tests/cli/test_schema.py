"""kiln schema: columns and types without data."""
import json
import re
import unittest

from tests.support.cli import CliTest, view


class Schema(CliTest):
    def setUp(self):
        super().setUp()
        sample = view("id=id", "active=active", "count=multipleBirth.ofType(integer)",
                      "born=birthDate", "changed=meta.lastUpdated", "given=name.given",
                      "photo=photo.data.first()", "size=photo.size.first()", "select=gender",
                      name="People")
        columns = sample["select"][0]["column"]
        columns[5]["collection"] = True
        columns[3]["tag"] = [{"name": "ansi/type", "value": "DATE"}]
        columns[7]["tag"] = [{"name": "ansi/type", "value": "decimal(12, 3)"}]
        columns[0]["description"] = "the patient's id"
        self.view = self.write("v.json", sample)
        self.types = {"id": "VARCHAR", "active": "BOOLEAN", "count": "INTEGER", "born": "DATE",
                      "changed": "TIMESTAMP WITH TIME ZONE", "given": "VARCHAR[]",
                      "photo": "BINARY", "size": "DECIMAL(12,3)", "select": "VARCHAR"}

    def test_json_has_names_types_and_fhir_types_in_order(self):
        columns = json.loads(self.kiln("schema", self.view, "--format", "json").text)
        self.assertEqual([c["name"] for c in columns], list(self.types))
        self.assertEqual({c["name"]: c["type"] for c in columns}, self.types)
        self.assertEqual({c["name"]: c["fhirType"] for c in columns}["born"], "date")
        self.assertEqual([c["name"] for c in columns if c["collection"]], ["given"])

    def test_sql_creates_a_table(self):
        text = self.kiln("schema", self.view, "--format", "sql").text
        self.assertTrue(text.startswith('CREATE TABLE "People" (\n'), text)
        for name, sql in self.types.items():
            shown = f'"{name}"' if name == "select" else name
            self.assertRegex(text, rf"(?m)^  {shown} {re.escape(sql)}")
        self.assertTrue(text.rstrip().endswith(");"), text)

    def test_table_has_a_line_for_each_column(self):
        lines = self.kiln("schema", self.view).text.splitlines()
        self.assertEqual(lines[0].split()[0], "column")
        self.assertEqual([line.split()[0] for line in lines[1:]], list(self.types))
        self.assertIn("the patient's id", lines[1])

    def test_the_view_may_come_from_stdin(self):
        with open(self.view, "rb") as file:
            self.assertEqual(self.kiln("schema", "-", stdin=file).out,
                             self.kiln("schema", self.view).out)

    def test_order_is_own_columns_then_selects_then_union(self):
        path = self.write("order.json", {
            "resource": "Patient", "name": "o", "select": [{
                "unionAll": [{"column": [{"name": "e", "path": "id"}]}],
                "select": [{"column": [{"name": "c", "path": "id"}]},
                           {"column": [{"name": "d", "path": "id"}]}],
                "column": [{"name": "a", "path": "id"}, {"name": "b", "path": "id"}]}]})
        columns = json.loads(self.kiln("schema", path, "--format", "json").text)
        self.assertEqual([c["name"] for c in columns], list("abcde"))

    def test_errors_of_the_view_are_errors_here(self):
        path = self.write("bad.json", view("x=idd"))
        outcome = self.kiln("schema", path, status=1)
        self.assertEqual(outcome.out, b"")
        self.assertIn("select[0].column[0].path", outcome.err)

    def test_wrong_options_are_usage(self):
        for wrong in (["--format", "xml"], ["--fhir-version", "R3"], ["--bogus"]):
            outcome = self.kiln("schema", self.view, *wrong, status=2)
            self.assertEqual(outcome.out, b"")
            self.assertIn(wrong[-1], outcome.err)
        self.assertIn("VIEW", self.kiln("schema", status=2).err)


if __name__ == "__main__":
    unittest.main()
