"""The FHIRPath R4 suite through kiln fhirpath; results as tests/conformance has them."""
import concurrent.futures
import json
import os
import unittest

from tests.support.cli import CliTest, known_failures, run, shared_folder

CASES = 441
AT_ONCE = 3


def plain(value):
    """The suite writes dates as @2024 and times as @T10:30."""
    return value.removeprefix("@").removeprefix("T") if value.startswith("@") else value


def fits(result, expected):
    return (result["value"] == plain(str(expected["value"])) and
            expected["type"] in (None, result["type"]))


def agrees(outcome, test):
    if test.get("invalid"):
        return outcome.status == 1 and outcome.err.startswith("error: ")
    expected = list(test["outputs"])
    if outcome.status != 0 or len(outcome.rows) != len(expected):
        return False
    if test.get("ordered") not in (False, "false"):
        return all(map(fits, outcome.rows, expected))
    for result in outcome.rows:
        match = next((e for e in expected if fits(result, e)), None)
        if match is None:
            return False
        expected.remove(match)
    return True


class FhirpathSuite(CliTest):
    def evaluate(self, test):
        arguments = ["fhirpath", test["expression"], "--typed"]
        if test.get("mode") == "strict":
            arguments.append("--strict")
        if test.get("inputfile"):
            arguments.append(os.path.join(self.inputs, test["inputfile"]))
        return run(*arguments)

    def test_all_cases(self):
        folder = os.path.join(shared_folder(), "suites", "fhirpath")
        self.inputs = os.path.join(folder, "input-r4")
        with open(os.path.join(folder, "tests-r4-half.json"), encoding="utf-8") as file:
            tests = json.load(file)
        self.assertEqual(len(tests), CASES)
        known = known_failures("fhirpath")
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for test, outcome in zip(tests, pool.map(self.evaluate, tests)):
                with self.subTest(test["name"]):
                    if test["name"] in known:
                        self.assertFalse(agrees(outcome, test), "passes now: take it out")
                    else:
                        self.assertTrue(agrees(outcome, test),
                                        f"{test['expression']}\nexpected {test['outputs']} "
                                        f"{test.get('invalid', '')}\ngot {outcome.text}{outcome.err}")


if __name__ == "__main__":
    unittest.main()
