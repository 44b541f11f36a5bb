"""The official SQL on FHIR suite through kiln run; results as tests/conformance has them."""
import json
import os
import unittest

from tests.support.cli import CliTest, known_failures, run, shared_folder

CASES = 149


def canonical(rows):
    """Rows as a sorted list of texts, 1.0 the same as 1."""
    def number(text):
        return float(text)
    plain = [json.loads(json.dumps(row), parse_int=number) for row in rows]
    return sorted(json.dumps(row, sort_keys=True) for row in plain)


class ViewsSuite(CliTest):
    def suites(self):
        folder = os.path.join(shared_folder(), "suites", "view")
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                yield json.load(file)

    def problem(self, data, test):
        """What is wrong with the outcome of one case; None if it is as expected."""
        path = self.write("view.json", test["view"])
        outcome = run("run", path, "-d", data)
        if test.get("expectError"):
            good = outcome.status == 1 and outcome.err.startswith("error: ")
            return None if good else f"expected an error, got status {outcome.status}"
        if outcome.status != 0:
            return outcome.err
        if "expectColumns" in test:
            schema = json.loads(self.kiln("schema", path, "--format", "json").out)
            names = [column["name"] for column in schema]
            if names != test["expectColumns"]:
                return f"expected columns {test['expectColumns']}, got {names}"
        if "expect" in test and canonical(outcome.rows) != canonical(test["expect"]):
            return f"expected {test['expect']}, got {outcome.rows}"
        return None

    def test_all_cases(self):
        known = known_failures("view")
        count = 0
        for suite in self.suites():
            data = self.write("data.ndjson", suite["resources"])
            for number, test in enumerate(suite["tests"]):
                count += 1
                name = f"{suite['title']}__{number}_{test['title']}"
                with self.subTest(name):
                    problem = self.problem(data, test)
                    if name in known:
                        self.assertIsNotNone(problem, "passes now: take it out of the list")
                    else:
                        self.assertIsNone(problem)
        self.assertEqual(count, CASES)


if __name__ == "__main__":
    unittest.main()
