"""Downloads (operations.md §4.4, §7 Range)."""
import json
import unittest

from tests.support.server import Server, export_of, parts_of, view

PATIENTS = "".join(json.dumps({"resourceType": "Patient", "id": f"p{i}"}) + "\n" for i in range(9))
CSV = ("id\n" + "".join(f"p{i}\n" for i in range(9))).encode()


class DownloadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(data={"Patient.ndjson": PATIENTS})
        cls.addClassCleanup(cls.server.stop)
        cls.job = cls.server.export(export_of(view("Patient"), _format="csv"))
        cls.url = cls.job.outputs()["patient"][0]
        file = dict(dict(parts_of(cls.job.manifest()))["output"])["file"]
        cls.tag = '"' + dict(file)["sha256"] + '"'

    def get(self, **headers):
        return self.server.request("GET", self.url, headers={
            name.replace("_", "-"): value for name, value in headers.items()})

    def test_ops_4_4_headers(self):
        answer = self.get()
        self.assertEqual((answer.status, answer.body), (200, CSV))
        self.assertEqual(answer.headers["Content-Length"], str(len(CSV)))
        self.assertTrue(answer.headers["Content-Type"].startswith("text/csv"))
        self.assertEqual(answer.headers["ETag"], self.tag)
        self.assertEqual(answer.headers["Content-Disposition"], 'attachment; filename="patient.csv"')
        self.assertEqual(answer.headers["Accept-Ranges"], "bytes")

    def test_ops_4_4_media_types(self):
        for name, kind in (("ndjson", "application/x-ndjson"), ("json", "application/json"),
                           ("parquet", "application/vnd.apache.parquet")):
            job = self.server.export(export_of(view("Patient"), _format=name))
            answer = self.server.request("GET", job.outputs()["patient"][0])
            self.assertTrue(answer.headers["Content-Type"].startswith(kind), name)

    def test_ops_4_4_head(self):
        answer = self.server.request("HEAD", self.url)
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual((answer.headers["Content-Length"], answer.headers["ETag"]),
                         (str(len(CSV)), self.tag))

    def test_ops_4_4_a_known_tag_is_304(self):
        for tags in (self.tag, "W/" + self.tag, f'"other", {self.tag}', "*"):
            answer = self.get(If_None_Match=tags)
            self.assertEqual((answer.status, answer.body, answer.headers["ETag"]),
                             (304, b"", self.tag), tags)
        self.assertEqual(self.get(If_None_Match='"other"').status, 200)

    def test_ops_4_4_nobody_keeps_a_copy(self):
        for path in (self.url, self.job.status_url, self.job.status_url + "/result", "/export",
                     "/export/" + "0" * 32):
            answer = self.server.request("GET", path)
            self.assertEqual(answer.headers["Cache-Control"], "private, no-store", path)
        answer = self.server.kick_off(export_of(view("Patient")))
        self.assertEqual(answer.headers["Cache-Control"], "private, no-store")

    def test_ops_6_412_another_file_is_meant(self):
        for tags in ('"other"', "W/" + self.tag, ""):
            answer = self.get(If_Match=tags)
            self.assertEqual((answer.status, answer.issues()), (412, [("conflict", "")]), tags)
        for tags in (self.tag, f'"other", {self.tag}', "*"):
            self.assertEqual(self.get(If_Match=tags).status, 200, tags)
        self.assertEqual(self.get(If_Match='"other"', If_None_Match=self.tag).status, 412)
        answer = self.get(If_Match=self.tag, Range="bytes=0-0")
        self.assertEqual((answer.status, answer.body), (206, CSV[:1]))

    def test_ops_4_4_dates(self):
        date = self.get().headers["Last-Modified"]
        old = "Sun, 06 Nov 1994 08:49:37 GMT"
        for field, value, status in (("If-Unmodified-Since", date, 200),
                                     ("If-Unmodified-Since", old, 412),
                                     ("If-Unmodified-Since", "soon", 200),
                                     ("If-Modified-Since", date, 304),
                                     ("If-Modified-Since", old, 200)):
            answer = self.server.request("GET", self.url, headers={field: value})
            self.assertEqual(answer.status, status, (field, value))

    def test_ops_4_4_an_encoded_slash_is_no_way_out(self):
        folder = self.job.status_url + "/files/"
        for name in ("..%2fresult", "%2e%2e/result", "../result", "..%2F..%2F..%2Flock",
                     "%2Fetc%2Fpasswd", "patient.csv%2F", "patient%2ecsv%2f."):
            answer = self.server.request("GET", folder + name)
            self.assertEqual(answer.status, 404, name)
        self.assertEqual(self.server.request("GET", folder + "%70atient%2Ecsv").body, CSV)
        self.assertEqual(self.server.request("GET", folder + "patient.csv%00").status, 400)
        self.assertEqual(self.server.get("/ViewDefinition%2Fpatients").status, 404)

    def test_ops_7_one_range(self):
        size = len(CSV)
        for asked, begin, end in (("0-0", 0, 1), ("3-5", 3, 6), ("5-", 5, size),
                                  ("-4", size - 4, size), (f"0-{size * 9}", 0, size),
                                  (f"-{size * 9}", 0, size)):
            answer = self.get(Range="bytes=" + asked)
            self.assertEqual((answer.status, answer.body), (206, CSV[begin:end]), asked)
            self.assertEqual(answer.headers["Content-Range"], f"bytes {begin}-{end - 1}/{size}")
            self.assertEqual(answer.headers["Content-Length"], str(end - begin))

    def test_ops_7_a_range_in_any_case_and_of_any_size(self):
        size = len(CSV)
        for asked, begin in (("BYTES=3-", 3), (f"bytes=1-{10 ** 30}", 1), (f"bytes=-{10 ** 30}", 0)):
            answer = self.get(Range=asked)
            self.assertEqual((answer.status, answer.body), (206, CSV[begin:size]), asked)

    def test_ops_7_several_ranges_or_none_that_is_one_give_the_file(self):
        for asked in ("bytes=0-1,3-4", "bytes 0-1", "bytes=5-3", "lines=1-2", "bytes=x-y", "bytes="):
            answer = self.get(Range=asked)
            self.assertEqual((answer.status, answer.body), (200, CSV), asked)

    def test_ops_6_416_beyond_the_end(self):
        for asked in (f"bytes={len(CSV)}-", "bytes=-0", f"bytes={10 ** 30}-"):
            answer = self.get(Range=asked)
            self.assertEqual((answer.status, answer.headers["Content-Range"]),
                             (416, f"bytes */{len(CSV)}"), asked)
            self.assertEqual(answer.json()["resourceType"], "OperationOutcome")

    def test_ops_7_if_range(self):
        self.assertEqual(self.get(Range="bytes=0-1", If_Range=self.tag).status, 206)
        for other in ('"other"', "W/" + self.tag, "Tue, 24 Nov 2026 00:00:00 GMT"):
            self.assertEqual(self.get(Range="bytes=0-1", If_Range=other).status, 200, other)

    def test_ops_7_a_range_of_an_empty_file(self):
        url = self.server.export(export_of(view("Group"))).outputs()["group"][0]
        answer = self.server.request("GET", url)
        self.assertEqual((answer.status, answer.body, answer.headers["Content-Length"]),
                         (200, b"", "0"))
        answer = self.server.request("GET", url, headers={"Range": "bytes=0-0"})
        self.assertIn(answer.status, (200, 416))

    def test_ops_4_4_only_files_of_the_manifest(self):
        folder = self.url.rsplit("/", 1)[0]
        for name in ("", "other.csv", ".patient.csv.part", "..", "%2e%2e", "../1/patient.csv",
                     "%2e%2e%2f1%2fpatient.csv", "PATIENT.csv", "..%5c..%5cjobs.sqlite",
                     "%2fetc%2fpasswd", "1/patient.csv"):
            answer = self.server.request("GET", folder + "/" + name)
            self.assertEqual((answer.status, answer.json()["resourceType"]),
                             (404, "OperationOutcome"), name)

    def test_ops_6_405_a_file_is_only_read(self):
        for method in ("DELETE", "PUT", "POST"):
            answer = self.server.request(method, self.url)
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"), method)


if __name__ == "__main__":
    unittest.main()
