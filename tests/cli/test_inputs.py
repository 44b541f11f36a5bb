"""What may be named with -d: formats, Bundles, files that are no data, files that were cut off."""
import bz2
import gzip
import json
import lzma
import os
import resource
import subprocess
import unittest
import zipfile

from tests.support.cli import KILN, CliTest, patients, view


def lines_of(resources):
    return "".join(json.dumps(r) + "\n" for r in resources).encode()


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


def bundle(*resources, **more):
    return {"resourceType": "Bundle", "type": "searchset",
            "entry": [{"resource": r} for r in resources], **more}


class InputTest(CliTest):
    def setUp(self):
        super().setUp()
        self.view = self.write("v/view.json", view("id=id"))
        self.bundles = self.write("v/bundles.json",
                                  view("t=type", "n=entry.count()", resource="Bundle"))

    def ids(self, *data, **how):
        named = [word for path in data for word in ("-d", path)]
        return [row["id"] for row in self.kiln("run", self.view, *named, **how).rows]

    def fails(self, data, **how):
        return self.kiln("run", self.view, "-d", data, status=1, **how)


class CutOff(InputTest):
    """The view reads `id` alone, which is there before every cut."""
    last = (b'{"resourceType":"Patient","id":"last","name":[{"given":["a"]},{}],'
            b'"contact":[{"name":{"family":"x"}}]}')

    def test_at_every_byte(self):
        data = lines_of(patients(2)) + self.last
        begin = len(data) - len(self.last)
        for size in range(begin + 1, len(data), 3):
            with self.subTest(data[begin:size]):
                path = self.write("p.ndjson", data[:size])
                self.assertIn(f"at {path}:3:", self.fails(path).err)
        for cut in (data[:-1], data[:-20]):
            self.assertIn("at <stdin>:3:", self.fails("-", stdin=cut).err)
            for name, pack in (("p.ndjson.gz", gzip.compress), ("p.ndjson.zst", zstd)):
                path = self.write(name, pack(cut))
                self.assertIn(f"at {path}:3:", self.fails(path).err)
        whole = self.write("p.ndjson", data)
        self.assertEqual(self.ids(whole), ["p0", "p1", "last"])

    def test_compression_that_was_cut_off_or_goes_on(self):
        data = lines_of(patients(2000))
        for name, pack in (("p.ndjson.gz", gzip.compress), ("p.ndjson.zst", zstd)):
            packed = pack(data)
            for bad in (packed[:-1], packed[:len(packed) // 2], packed[:20], packed + b"x",
                        packed + packed[:30]):
                with self.subTest(name, size=len(bad)):
                    path = self.write(name, bad)
                    self.assertIn(path, self.fails(path).err)
                    self.fails("-", stdin=bad)
            self.assertEqual(len(self.ids(self.write(name, packed + pack(b"") + packed))), 4000)

    def test_records_that_run_together(self):
        one = lines_of(patients(1)).strip()
        for bad in (one + one, one + b" " + one, one + b"\r" + one, one + b"\0" * 50 + b"\n" + one,
                    one[:-1] + b"\0" * 50 + one, one[:-3] + one, b"[" + one + b"]"):
            with self.subTest(bad):
                path = self.write("p.ndjson", one + b"\n" + bad + b"\n" + one + b"\n")
                self.assertIn(f"at {path}:2:", self.fails(path).err)

    def test_json_files(self):
        text = json.dumps(bundle(*patients(2)), indent=1) + "\n"
        for size in range(1, len(text.rstrip())):
            path = self.write("b.json", text[:size])
            if size % 7 == 0 or size > len(text) - 8:
                self.assertIn(path, self.fails(path).err)


class Bundles(InputTest):
    def test_lines_that_are_bundles(self):
        inner = bundle(*patients(2))
        batch = bundle(inner, {"resourceType": "Group", "id": "g"}, type="batch-response")
        single = {"resourceType": "Patient", "id": "x"}
        for name in ("d.ndjson", "Bundle.ndjson", "Bundle-1.ndjson", "Patient.ndjson"):
            path = self.write(name, [single, batch, single, inner])
            self.assertEqual(self.ids(path), ["x", "p0", "p1", "x", "p0", "p1"], name)
        self.assertEqual(self.ids(self.write("b.json", batch)), ["p0", "p1"])
        self.assertEqual(self.ids("-", stdin=lines_of([batch])), ["p0", "p1"])

    def test_a_view_over_bundles_gets_them(self):
        batch = bundle(bundle(*patients(2)), type="batch-response")
        rows = [{"t": "batch-response", "n": 1}, {"t": "searchset", "n": 2}]
        for path in (self.write("b.json", batch), self.write("b.ndjson", [batch]),
                     self.write("Bundle.ndjson", [batch])):
            self.assertEqual(self.kiln("run", self.bundles, "-d", path).rows, rows)

    def test_too_deep_is_said(self):
        nested = patients(1)[0]
        for _ in range(9):
            nested = bundle(nested)
        for path in (self.write("b.json", nested), self.write("b.ndjson", [nested])):
            self.assertIn(path, self.fails(path).err)
        self.assertEqual(self.ids(self.write("c.json", nested["entry"][0]["resource"])), ["p0"])

    def test_an_array_of_resources(self):
        path = self.write("a.json", json.dumps(patients(2) + [bundle(*patients(1))], indent=1))
        self.assertEqual(self.ids(path), ["p0", "p1", "p0"])
        bad = self.write("c.json", json.dumps(patients(1) + [{"id": "x"}]))
        self.assertIn(f"at {bad} item 2", self.fails(bad).err)

    def test_places_in_bundles(self):
        bad = {"resourceType": "Patient", "id": ["a", "b"]}
        line = json.dumps(bundle(patients(1)[0], bundle(bad)))
        path = self.write("b.ndjson", [patients(1)[0], line])
        column = line.index('{"resourceType": "Patient", "id": [') + 1
        self.assert_points_at(self.fails(path), f"{path}:2:{column}")
        path = self.write("b.json", line)
        self.assert_points_at(self.fails(path), f"{path} entry 2 entry 1")

    def test_fhirpath_takes_them_apart(self):
        path = self.write("b.ndjson", [bundle(*patients(2))])
        self.assertEqual(self.kiln("fhirpath", "id", path).rows, ["p0", "p1"])

    def test_fhirpath_takes_no_line_with_more_behind_a_bundle(self):
        line = json.dumps(bundle(*patients(1)))
        for name, text in (("two", line + line), ("junk", line + " junk")):
            path = self.write(name + ".ndjson", "")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text + "\n" + line + "\n")
            for command in (("run", self.view, "-d", path), ("fhirpath", "id", path)):
                self.assertIn(f"{path}:1:", self.kiln(*command, status=1).err)


class NoData(InputTest):
    def test_a_bulk_export_folder(self):
        self.write("d/Patient.000.ndjson", patients(2))
        self.write("d/log.ndjson", [{"exportId": "x", "eventId": "kickoff"}] * 3)
        self.write("d/manifest.json", {"output": [{"type": "Patient", "url": "x"}]})
        for data in ("d", "d/*"):
            outcome = self.kiln("run", self.view, "-d", self.path(data))
            self.assertEqual(len(outcome.rows), 2)
            for name in ("log.ndjson", "manifest.json"):
                self.assert_points_at(outcome, self.path("d/" + name))
        for name in ("log.ndjson", "manifest.json"):
            self.assertIn(name, self.fails(self.path("d/" + name)).err)

    def test_a_view_that_finds_nothing_says_so(self):
        self.write("d/Patient.ndjson", [{"resourceType": "Observation", "id": "o"}])
        self.write("d/Observation.jsonl", [{"resourceType": "Observation", "id": "o"}])
        path = self.write("v/o.json", view("id=id", resource="Observation", name="o"))
        outcome = self.kiln("run", path, "-d", self.path("d"))
        self.assertEqual(outcome.out, b"")
        for name in ("warning", "Patient.ndjson", "Observation.jsonl"):
            self.assertIn(name, outcome.err)
        self.assertIn("warning", self.kiln("run", path, "-d", "-", stdin=b"").err)
        out = self.path("out")
        outcome = self.kiln("export", path, self.view, "-d", self.path("d"), "-o", out)
        self.assertIn("Observation", outcome.err)

    def test_the_same_file_is_read_once(self):
        path = self.write("d/p.ndjson", patients(2))
        os.symlink("p.ndjson", self.path("d/link.ndjson"))
        os.link(path, self.path("hard.ndjson"))
        self.assertEqual(self.ids(path, self.path("d"), self.path("hard.ndjson"),
                                  self.path("d/../d/p.ndjson"), self.path("d/*")), ["p0", "p1"])

    def test_special_files_are_refused_where_they_are_found(self):
        self.write("d/p.ndjson", patients(1))
        os.mkfifo(self.path("d/fifo.ndjson"))
        for data in ("d", "d/*.ndjson"):
            self.assertIn("fifo.ndjson", self.fails(self.path(data)).err)

    def test_special_files_are_read_where_they_are_named(self):
        text = lines_of(patients(3))
        os.mkfifo(self.path("fifo"))
        writer = subprocess.Popen(["sh", "-c", f"cat > {self.path('fifo')}"],
                                  stdin=subprocess.PIPE)
        writer.stdin.write(text)
        writer.stdin.close()
        self.assertEqual(self.ids(self.path("fifo")), ["p0", "p1", "p2"])
        writer.wait()
        self.assertEqual(self.ids("/dev/stdin", stdin=text), ["p0", "p1", "p2"])
        path = self.write("p.ndjson", text)
        done = subprocess.run(
            ["bash", "-c", f"'{KILN}' run <(cat '{self.view}') -d <(gzip -c '{path}')"],
            capture_output=True, check=True)
        self.assertEqual(len(done.stdout.splitlines()), 3)


class Formats(InputTest):
    def test_names_do_not_matter(self):
        text = lines_of(patients(2))
        for name in ("p.ndjson", "p.ndjson.gz", "p.ndjson.zst", "p"):
            for pack in (bytes, gzip.compress, zstd):
                self.assertEqual(self.ids(self.write(name, pack(text))), ["p0", "p1"])
        whole = json.dumps(bundle(*patients(2))).encode()
        self.assertEqual(self.ids(self.write("b.json", gzip.compress(whole))), ["p0", "p1"])

    def test_others_are_named(self):
        text = lines_of(patients(2))
        with zipfile.ZipFile(self.path("x.zip"), "w") as archive:
            archive.writestr("p.ndjson", text)
        wide = text.decode()
        for name, content in (
                ("xz", lzma.compress(text)), ("bzip2", bz2.compress(text)),
                ("zip", self.read("x.zip")), ("UTF-16", wide.encode("utf-16")),
                ("UTF-16", wide.encode("utf-16-le")), ("UTF-16", wide.encode("utf-16-be")),
                ("Parquet", b"PAR1" + b"\0" * 40)):
            for file in ("p.ndjson", "p.json", "p.ndjson.gz"):
                path = self.write(file, content)
                outcome = self.fails(path)
                self.assertIn(name, outcome.err)
                self.assertIn(path, outcome.err)
            self.assertIn(name, self.fails("-", stdin=content).err)


class ManyFiles(InputTest):
    def test_more_files_than_descriptors(self):
        for i in range(600):
            self.write(f"d/{i:04}.json", json.dumps({"resourceType": "Patient", "id": f"p{i}"}))
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        done = subprocess.run([KILN, "run", self.view, "-d", self.path("d"), "--threads", "4"],
                              capture_output=True, preexec_fn=limit, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(line)["id"] for line in done.stdout.splitlines()]
        self.assertEqual(rows, [f"p{i}" for i in range(600)])


if __name__ == "__main__":
    unittest.main()
