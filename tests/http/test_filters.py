"""patient, group and _since over HTTP (operations.md §3)."""
import json
import unittest

from tests.support.server import Server, view


def resource(kind, identifier, **members):
    return json.dumps({"resourceType": kind, "id": identifier, **members})


DATA = {
    "Patient": [resource("Patient", "a", meta={"lastUpdated": "2024-01-01T00:00:00Z"}),
                resource("Patient", "b", meta={"lastUpdated": "2024-03-01T00:00:00Z"}),
                resource("Patient", "c")],
    "Observation": [resource("Observation", "o1", subject={"reference": "Patient/a"}),
                    resource("Observation", "o2", subject={"reference": "Patient/b"}),
                    resource("Observation", "o3", performer=[{"reference": "Patient/a"}]),
                    resource("Observation", "o4")],
    "Group": [resource("Group", "g", member=[{"entity": {"reference": "Patient/b"}}]),
              resource("Group", "empty")],
    "Organization": [resource("Organization", "a")],
}


class FilterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(data={kind + ".ndjson": "\n".join(lines) + "\n"
                                  for kind, lines in DATA.items()})
        cls.addClassCleanup(cls.server.stop)

    def run_ids(self, kind, *parameters):
        body = {"resourceType": "Parameters",
                "parameter": [{"name": "viewResource", "resource": view(kind)}, *parameters]}
        answer = self.server.post("/$viewdefinition-run", body)
        self.assertEqual(answer.status, 200, answer.text)
        return [json.loads(line)["id"] for line in answer.text.splitlines()]

    def patient(self, reference):
        return {"name": "patient", "valueReference": {"reference": reference}}

    def group(self, reference):
        return {"name": "group", "valueReference": {"reference": reference}}

    def test_com_9_patient_keeps_the_compartment_and_nothing_else(self):
        self.assertEqual(self.run_ids("Patient", self.patient("Patient/a")), ["a"])
        self.assertEqual(self.run_ids("Observation", self.patient("Patient/a")), ["o1", "o3"])
        self.assertEqual(self.run_ids("Organization", self.patient("Patient/a")), [])

    def test_ops_3_patient_repeats(self):
        self.assertEqual(self.run_ids("Observation", self.patient("Patient/a"),
                                      self.patient("b")), ["o1", "o2", "o3"])

    def test_ops_3_group_members_and_the_union_with_patients(self):
        self.assertEqual(self.run_ids("Observation", self.group("Group/g")), ["o2"])
        self.assertEqual(self.run_ids("Patient", self.group("Group/g"),
                                      self.patient("Patient/c")), ["b", "c"])

    def test_ops_3_a_group_without_members_selects_nothing(self):
        self.assertEqual(self.run_ids("Patient", self.group("Group/empty")), [])

    def test_com_15_since_is_later_or_unknown(self):
        since = {"name": "_since", "valueInstant": "2024-01-01T00:00:00Z"}
        self.assertEqual(self.run_ids("Patient", since), ["b", "c"])

    def test_ops_3_unknown_patients_and_groups_are_400_not_found(self):
        answer = self.server.post("/$viewdefinition-run", {
            "resourceType": "Parameters",
            "parameter": [{"name": "viewResource", "resource": view("Patient")},
                          self.patient("Patient/x"), self.group("Group/y")]})
        self.assertEqual(answer.status, 400)
        issues = [(issue["code"], issue["expression"]) for issue in answer.json()["issue"]]
        self.assertEqual(issues, [("not-found", ["patient"]), ("not-found", ["group"])])

    def test_ops_3_an_unknown_subject_beside_an_unknown_patient_is_404_with_both(self):
        answer = self.server.post("/$viewdefinition-run", {
            "resourceType": "Parameters",
            "parameter": [{"name": "viewReference", "valueReference": {"reference": "nope"}},
                          self.patient("Patient/x")]})
        self.assertEqual(answer.status, 404)
        self.assertEqual([issue["expression"] for issue in answer.json()["issue"]],
                         [["viewReference"], ["patient"]])

    def test_ops_3_query_parameters_take_lists(self):
        body = view("Observation")
        answer = self.server.post("/$viewdefinition-run?patient=Patient/a,Patient/b", body)
        self.assertEqual([json.loads(line)["id"] for line in answer.text.splitlines()],
                         ["o1", "o2", "o3"])

    def test_ops_3_exports_are_filtered_too(self):
        job = self.server.export({"resourceType": "Parameters", "parameter": [
            {"name": "view", "part": [{"name": "viewResource", "resource": view("Patient")}]},
            {"name": "view", "part": [{"name": "viewResource", "resource": view("Observation")}]},
            self.group("Group/g")]})
        self.assertEqual(job.rows("patient"), [{"id": "b"}])
        self.assertEqual(job.rows("observation"), [{"id": "o2"}])

    def export_ids(self, kind, *parameters):
        job = self.server.export({"resourceType": "Parameters", "parameter": [
            {"name": "view", "part": [{"name": "viewResource", "resource": view(kind)}]},
            *parameters]})
        return [row["id"] for row in job.rows(kind.lower())]

    def test_ops_3_an_export_for_a_group_without_members_has_no_rows(self):
        self.assertEqual(self.export_ids("Observation", self.group("Group/empty")), [])
        self.assertEqual(self.export_ids("Patient", self.group("Group/empty")), [])

    def test_com_9_an_export_for_a_patient_keeps_the_compartment(self):
        self.assertEqual(self.export_ids("Observation", self.patient("Patient/a")), ["o1", "o3"])
        self.assertEqual(self.export_ids("Organization", self.patient("Patient/a")), [])

    def test_com_15_an_export_since(self):
        since = {"name": "_since", "valueInstant": "2024-01-01T00:00:00Z"}
        self.assertEqual(self.export_ids("Patient", since), ["b", "c"])


if __name__ == "__main__":
    unittest.main()
