"""The official view suite through $viewdefinition-run; results as tests/conformance has them."""
import json
import os
import unittest

from tests.support.cli import known_failures, shared_folder
from tests.support.server import Server

CASES = 149


def canonical(rows):
    """Rows as a sorted list of texts, 1.0 the same as 1."""
    plain = [json.loads(json.dumps(row), parse_int=float) for row in rows]
    return sorted(json.dumps(row, sort_keys=True) for row in plain)


class ViewSuiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = os.path.join(shared_folder(), "suites", "view")
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)

    def problem(self, resources, test):
        """What is wrong with the outcome of one case; None if it is as expected."""
        body = {"resourceType": "Parameters", "parameter":
                [{"name": "viewResource",
                  "resource": {"resourceType": "ViewDefinition", **test["view"]}}] +
                [{"name": "resource", "resource": resource} for resource in resources]}
        answer = self.server.post("/$viewdefinition-run", body)
        if test.get("expectError"):
            return None if answer.status == 422 else f"expected an error, got {answer.status}"
        if answer.status != 200:
            return answer.text
        rows = [json.loads(line) for line in answer.text.splitlines()]
        if "expectColumns" in test and rows and list(rows[0]) != test["expectColumns"]:
            return f"expected columns {test['expectColumns']}, got {list(rows[0])}"
        if "expect" in test and canonical(rows) != canonical(test["expect"]):
            return f"expected {test['expect']}, got {rows}"
        return None

    def test_all_cases(self):
        known = known_failures("view")
        count = 0
        for file_name in sorted(os.listdir(self.folder)):
            with open(os.path.join(self.folder, file_name), encoding="utf-8") as file:
                suite = json.load(file)
            for number, test in enumerate(suite["tests"]):
                count += 1
                name = f"{suite['title']}__{number}_{test['title']}"
                with self.subTest(name):
                    problem = self.problem(suite["resources"], test)
                    if name in known:
                        self.assertIsNotNone(problem, "passes now: take it out of the list")
                    else:
                        self.assertIsNone(problem)
        self.assertEqual(count, CASES)


if __name__ == "__main__":
    unittest.main()
