"""What -o may write: never what is read, never a device in its place, all of a set or nothing."""
import json
import os
import shutil
import signal
import stat
import subprocess
import unittest

from tests.support.cli import KILN, CliTest, patients, start, view

FORMATS = ("ndjson", "csv", "json", "parquet")


class Sources(CliTest):
    """Whatever name the output goes by, what is read stays as it was."""

    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", view("id=id", name="view"))
        self.data = self.write("data/Patient.ndjson", patients(50))
        self.other = self.write("data/Observation.ndjson", [])

    def refused(self, output, *arguments, form="ndjson", data=None, **how):
        before = {path: open(path, "rb").read() for path in (self.view, self.data, self.other)}
        names = sorted(os.listdir(self.folder)), sorted(os.listdir(self.path("data")))
        outcome = self.kiln("run", self.view, "-d", data or self.data, "-o", output, "-f", form,
                            *arguments, status=2, **how)
        self.assertEqual(outcome.out, b"")
        for path, content in before.items():
            with open(path, "rb") as file:
                self.assertTrue(file.read() == content, path)
        self.assertEqual((sorted(os.listdir(self.folder)), sorted(os.listdir(self.path("data")))),
                         names)

    def test_an_input_in_every_format(self):
        for form in FORMATS:
            with self.subTest(form):
                self.refused(self.data, form=form)

    def test_an_input_by_another_name(self):
        os.link(self.data, self.path("hard"))
        os.symlink(self.data, self.path("soft"))
        os.symlink("soft", self.path("softer"))
        os.symlink("data", self.path("folder"))
        for name in ("hard", "soft", "softer", "folder/Patient.ndjson", "./data/../soft"):
            with self.subTest(name):
                self.refused(self.path(name))
        self.refused("data/Patient.ndjson", cwd=self.folder)
        self.refused("./data/Patient.ndjson", cwd=self.folder, data="data")

    def test_a_link_that_is_read(self):
        os.symlink(self.data, self.path("soft.ndjson"))
        self.refused(self.data, data=self.path("soft.ndjson"))

    def test_a_file_of_the_folder_or_the_glob_even_of_another_type(self):
        self.refused(self.other, data=self.path("data"))
        self.refused(self.other, data=self.path("data/*.ndjson"))

    def test_the_view(self):
        for form in FORMATS:
            self.refused(self.view, form=form)

    def test_standard_input_is_an_input(self):
        with open(self.data, "rb") as file:
            self.refused(self.data, data="-", stdin=file)

    def test_standard_output_is_an_output(self):
        size = os.path.getsize(self.data)
        with open(self.data, "ab") as file:
            process = start("run", self.view, "-d", self.data, stdout=file)
            process.communicate()
        self.assertEqual((process.returncode, os.path.getsize(self.data)), (2, size))

    def test_another_file_beside_them_may_be_replaced(self):
        self.write("data/out.csv", "old")
        self.kiln("run", self.view, "-d", self.path("data"), "-o", self.path("data/out.csv"))
        self.assertTrue(self.read("data/out.csv").startswith(b"id\n"))


class Places(CliTest):
    def setUp(self):
        super().setUp()
        self.view = self.write("view.json", view("id=id"))
        self.data = self.write("p.ndjson", patients(100))
        self.bad = self.write("bad.ndjson", patients(100) + ["{"])
        self.rows = self.kiln("run", self.view, "-d", self.data, "-f", "csv").out

    def to(self, output, *arguments, data=None, **how):
        return self.kiln("run", self.view, "-d", data or self.data, "-o", output, *arguments, **how)

    def test_a_link_stays_and_its_target_is_replaced(self):
        self.write("d/target.csv", "old")
        for target in ("d/target.csv", "d/new.csv"):
            with self.subTest(target):
                os.symlink(target, self.path("link.csv"))
                os.symlink("link.csv", self.path("link-to-link.csv"))
                self.to(self.path("link-to-link.csv"))
                self.assertTrue(os.path.islink(self.path("link.csv")))
                self.assertTrue(os.path.islink(self.path("link-to-link.csv")))
                self.assertEqual(self.read(target), self.rows)
                os.unlink(self.path("link.csv"))
                os.unlink(self.path("link-to-link.csv"))

    def test_as_many_links_as_the_system_follows(self):
        for links, status in ((39, 0), (40, 0), (41, 1)):
            with self.subTest(links):
                self.write("end.csv", "old")
                for i in range(links):
                    os.symlink("end.csv" if i == 0 else f"link{i - 1}.csv",
                               self.path(f"link{i}.csv"))
                self.to(self.path(f"link{links - 1}.csv"), status=status)
                self.assertEqual(self.read("end.csv"), self.rows if status == 0 else b"old")
                for i in range(links):
                    os.unlink(self.path(f"link{i}.csv"))

    def test_a_circle_of_links_is_an_error(self):
        os.symlink("b.csv", self.path("a.csv"))
        os.symlink("a.csv", self.path("b.csv"))
        self.to(self.path("a.csv"), status=1)

    def test_a_folder_is_refused(self):
        os.mkdir(self.path("d"))
        for name in ("d", "d/", "missing/"):
            for form in FORMATS:
                self.assertIn("folder", self.to(self.path(name), "-f", form, status=1).err)
        self.assert_no_leftovers(folder="d")

    def test_a_file_that_is_replaced_keeps_its_permissions(self):
        for name in ("out.csv", "out.parquet"):
            for mode in (0o600, 0o644, 0o640, 0o666, 0o444):
                with self.subTest(name=name, mode=oct(mode)):
                    path = self.write(name, "old")
                    os.chmod(path, mode)
                    self.to(path)
                    self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode)
                    self.assertNotEqual(self.read(name), b"old")
                    os.unlink(path)

    def test_a_long_name_is_no_reason_to_fail(self):
        self.to(self.path("x" * 251 + ".csv"))

    def test_temporary_names_cannot_be_foreseen(self):
        """A link that waits under the name that was formed from the process id is not followed."""
        victim = self.write("victim", "precious")
        script = ('ln -s "$1/victim" "$1/out.csv.kiln-part-$$"; '
                  'exec "$KILN" run "$1/view.json" -d "$1/p.ndjson" -o "$1/out.csv"')
        subprocess.run(["sh", "-c", script, "sh", self.folder], check=True,
                       env={**os.environ, "KILN": KILN})
        with open(victim, encoding="utf-8") as file:
            self.assertEqual(file.read(), "precious")
        self.assertEqual(self.read("out.csv"), self.rows)

    def test_a_folder_that_takes_no_files(self):
        self.to(self.path("missing/out.csv"), status=1)
        self.to("/proc/out.csv", status=1)
        self.assert_no_leftovers("view.json", "p.ndjson", "bad.ndjson")

    def test_an_empty_name_is_no_output(self):
        self.to("", status=2)
        self.kiln("export", self.view, "-d", self.data, "-o", "", status=2)

    def test_standard_output_by_its_names(self):
        for name in ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
            self.assertEqual(self.to(name, "-f", "csv").out, self.rows)

    def test_a_redirected_standard_output_is_appended_to(self):
        path = self.write("log.csv", "first\n")
        inode = os.stat(path).st_ino
        os.symlink("/dev/stdout", self.path("link.csv"))
        with open(path, "ab") as file:  # by a link: a wrong program would replace /dev/stdout
            process = start("run", self.view, "-d", self.data, "-f", "csv",
                            "-o", self.path("link.csv"), stdout=file)
            process.communicate()
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.read("log.csv"), b"first\n" + self.rows)
        self.assertEqual(os.stat(path).st_ino, inode)
        self.assertTrue(os.path.islink(self.path("link.csv")))

    def test_parquet_needs_a_regular_file(self):
        os.mkfifo(self.path("pipe.parquet"))
        # By links: a wrong program would replace the system's own.
        os.symlink("/dev/stdout", self.path("out.parquet"))
        for name in (self.path("pipe.parquet"), self.path("out.parquet"), "-"):
            with self.subTest(name):
                outcome = self.to(name, "-f", "parquet", status=2)
                self.assertEqual(outcome.out, b"")
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe.parquet")).st_mode))

    def test_devices_stay_devices(self):
        """On nodes of our own, where they may be made: a wrong program would break the system's."""
        null, full, disk = self.path("null.csv"), self.path("full.csv"), self.path("disk.csv")
        try:
            os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            os.mknod(full, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
            os.mknod(disk, 0o600 | stat.S_IFBLK, os.makedev(7, 250))
            with open(null, "wb"):
                pass
        except OSError as error:
            self.skipTest(f"cannot make device nodes: {error}")
        for form in FORMATS:
            self.to(null, "-f", form, status=2 if form == "parquet" else 0)
            self.assertTrue(stat.S_ISCHR(os.stat(null).st_mode), form)
            self.to(full, "-f", form, status=2 if form == "parquet" else 1)
            self.assertTrue(stat.S_ISCHR(os.stat(full).st_mode), form)
            self.to(disk, "-f", form, status=1)
            self.assertTrue(stat.S_ISBLK(os.stat(disk).st_mode), form)
        os.mkdir(self.path("out"))
        os.mknod(self.path("out/manifest.json"), 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        self.kiln("export", self.view, "-d", self.data, "-o", self.path("out"), status=2)
        self.assert_no_leftovers("manifest.json", folder="out")

    def test_a_pipe_that_nobody_reads_can_be_interrupted(self):
        os.mkfifo(self.path("pipe"))
        process = start("run", self.view, "-d", self.data, "-f", "csv", "-o", self.path("pipe"))
        # It waits for a reader, so it is there whenever the signal comes; once is enough.
        while not os.path.exists(f"/proc/{process.pid}/task") or not waits(process.pid):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143)


def waits(pid):
    """Whether the process has blocked the signals that it reads from a descriptor."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        masks = dict(line.split(":", 1) for line in file)
    return int(masks["SigBlk"], 16) & 1 << (signal.SIGTERM - 1)


class FullDisk(CliTest):
    def setUp(self):
        super().setUp()
        self.disk = self.path("disk")
        os.mkdir(self.disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", self.disk],
                                 capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("cannot mount a small file system: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)
        self.view = self.write("view.json", view("id=id", "again=id", name="large"))
        self.data = self.write("p.ndjson", [
            {"resourceType": "Patient", "id": os.urandom(30).hex()} for _ in range(40_000)])

    def test_a_full_disk_is_status_1_and_leaves_nothing(self):
        for form in FORMATS:
            with self.subTest(form):
                self.kiln("run", self.view, "-d", self.data, "-o", f"{self.disk}/out.{form}",
                          status=1)
                self.assertEqual(os.listdir(self.disk), [])
                self.kiln("export", self.view, "-d", self.data, "-f", form, "-o", self.disk,
                          status=1)
                self.assertEqual(os.listdir(self.disk), [])


class Sets(CliTest):
    """kiln export: all files of a run or none."""

    def setUp(self):
        super().setUp()
        self.views = [self.write(f"views/{name}.json", view("id=id", name=name))
                      for name in ("a", "b", "c")]
        self.data = self.write("data/Patient.ndjson", patients(20))

    def export(self, output, *arguments, data=None, **how):
        return self.kiln("export", *self.views, "-d", data or self.data, "-o", output, *arguments,
                         **how)

    def content(self, folder):
        return {name: self.read(f"{folder}/{name}") for name in sorted(os.listdir(self.path(folder)))
                if os.path.isfile(self.path(f"{folder}/{name}"))}

    def test_data_and_views_are_not_replaced(self):
        os.rename(self.data, self.path("data/b.ndjson"))
        before = self.content("data")
        self.export(self.path("data"), data=self.path("data"), status=2)
        self.assertEqual(self.content("data"), before)
        before = self.content("views")
        self.export(self.path("views"), "-f", "json", data=self.path("data"), status=2)
        self.assertEqual(self.content("views"), before)

    def test_nor_what_else_lies_beside_them(self):
        """The manifest of the bulk export that the data came with, for one."""
        self.write("data/manifest.json", {"transactionTime": "2024-01-01T00:00:00Z"})
        for data in (self.path("data/Patient.ndjson"), self.path("data/*.ndjson")):
            before = self.content("data")
            self.export(self.path("data"), "-f", "csv", data=data, status=2)
            self.assertEqual(self.content("data"), before)

    def test_a_hard_link_in_the_output_folder_is_an_input_too(self):
        os.mkdir(self.path("out"))
        os.link(self.data, self.path("out/c.ndjson"))
        before = self.read("data/Patient.ndjson")
        self.export(self.path("out"), status=2)
        self.assertEqual(self.read("data/Patient.ndjson"), before)
        self.assert_no_leftovers("c.ndjson", folder="out")

    def test_new_files_may_lie_beside_the_data(self):
        self.export(self.path("data"), "-f", "csv")
        self.assertEqual(sorted(os.listdir(self.path("data"))),
                         ["Patient.ndjson", "a.csv", "b.csv", "c.csv", "manifest.json"])

    def test_a_view_cannot_be_the_manifest(self):
        path = self.write("m.json", view("id=id", name="manifest"))
        self.kiln("export", path, "-d", self.data, "-o", self.path("out"), "-f", "json", status=2)
        self.assertFalse(os.path.exists(self.path("out")))
        self.kiln("export", path, "-d", self.data, "-o", self.path("out"), "-f", "csv")

    def test_a_folder_in_the_place_of_a_file_is_seen_at_the_start(self):
        os.makedirs(self.path("out/b.ndjson"))
        self.export(self.path("out"), status=1)
        self.assert_no_leftovers("b.ndjson", folder="out")

    def test_a_failure_while_files_get_their_names_leaves_the_old_set(self):
        """A folder takes the place of a file while the data is still being read."""
        for form in ("ndjson", "parquet"):
            for name in (f"a.{form}", f"b.{form}", f"c.{form}", "manifest.json"):
                for old in (True, False):
                    with self.subTest(name=name, old=old):
                        self.fail_midway(name, old, form)

    def fail_midway(self, name, old, form):
        out = self.path("out")
        if old:
            self.export(out, "-f", form)
            os.unlink(os.path.join(out, name))
        before = self.content("out") if old else {}
        process = start("export", *self.views, "-d", "-", "-o", out, "-f", form,
                        stdin=subprocess.PIPE)
        # The files are made before the data is read, and more than a pipe holds is read by now.
        process.stdin.write(b'{"resourceType":"Patient","id":"%s"}\n' % (b"x" * 1000) * 4000)
        process.stdin.flush()
        os.makedirs(os.path.join(out, name, "in the way"))
        process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertEqual(self.content("out"), before)
        self.assert_no_leftovers(name, *before, folder="out")
        shutil.rmtree(out)

    def test_permissions_of_a_set_stay(self):
        self.export(self.path("out"))
        for name in os.listdir(self.path("out")):
            os.chmod(self.path(f"out/{name}"), 0o640)
        self.export(self.path("out"), "--limit", 1)
        for name in os.listdir(self.path("out")):
            self.assertEqual(stat.S_IMODE(os.stat(self.path(f"out/{name}")).st_mode), 0o640)
        manifest = json.loads(self.read("out/manifest.json"))
        self.assertEqual([one["rows"] for one in manifest["output"]], [1, 1, 1])

    def test_the_same_folder_again_and_again(self):
        for _ in range(3):
            self.export(self.path("out"))
        self.assert_no_leftovers("a.ndjson", "b.ndjson", "c.ndjson", "manifest.json", folder="out")


class Samples(CliTest):
    def test_forced_into_a_folder_it_keeps_links(self):
        self.kiln("sample", self.path("s"), "--patients", 1)
        size = os.path.getsize(self.path("s/data/Patient.ndjson"))
        os.rename(self.path("s/data/Patient.ndjson"), self.path("elsewhere"))
        os.symlink("../../elsewhere", self.path("s/data/Patient.ndjson"))
        self.kiln("sample", self.path("s"), "--patients", 1, "--force")
        self.assertTrue(os.path.islink(self.path("s/data/Patient.ndjson")))
        self.assertEqual(os.path.getsize(self.path("elsewhere")), size)


if __name__ == "__main__":
    unittest.main()
