"""Text of others on a terminal: nothing in it is obeyed, widths stay right."""
import os
import pty
import subprocess
import unittest

from tests.support.cli import KILN, CliTest, patients, run, view

# Bytes that a terminal obeys, or that turn the reading direction; the last ones are no UTF-8.
EVIL = "\x1b[31m\x07\x7f\u009b1m\u202e\u2066\u200f"


def obeyed(text):
    """What in a text would be obeyed: of C0 only the line's end may be there."""
    return [c for c in text if (ord(c) < 0x20 and c != "\n") or 0x7f <= ord(c) < 0xa0
            or c in "\u061c\u200e\u200f\u2028\u2029\ufeff" or "\u202a" <= c <= "\u202e"
            or "\u2066" <= c <= "\u2069" or "\udc80" <= c <= "\udcff"]


def on_terminal(*arguments):
    """Exit status and what a terminal gets from stdout."""
    control, terminal = pty.openpty()
    with subprocess.Popen([KILN, *arguments], stdout=terminal, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL) as process:
        os.close(terminal)
        content = b""
        while True:
            try:
                piece = os.read(control, 65536)
            except OSError:  # all have closed it
                break
            if not piece:
                break
            content += piece
    os.close(control)
    return process.returncode, content.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


class Messages(CliTest):
    def assert_clean(self, outcome, *shown):
        text = outcome.err
        self.assertEqual(obeyed(text), [], text)
        for what in shown:
            self.assertIn(what, text)

    def test_values_of_options_and_names_of_files(self):
        data = self.write("p.ndjson", patients(1))
        good = self.write("v.json", view("id=id"))
        self.assert_clean(self.kiln("run", self.path(EVIL), "-d", data, status=1), "\\x1b[31m",
                          "\\u009b", "\\u202e", "\\u2066", "\\u200f", "\\x07\\x7f")
        self.assert_clean(self.kiln("run", good, "-d", self.path(EVIL), status=1), "\\x1b")
        self.assert_clean(self.kiln("run", good, "-d", data, "-o", self.path("o." + EVIL),
                                    status=2), "\\x1b")
        self.assert_clean(self.kiln("run", good, "-d", data, "--" + EVIL, status=2), "\\x1b")
        self.assert_clean(self.kiln("run", good, "-d", data, "--since", EVIL, status=2), "\\x1b")
        self.assert_clean(self.kiln(EVIL, status=2), "\\x1b")
        self.assert_clean(self.kiln("serve", "--log-format", EVIL, status=2), "\\x1b")
        self.assert_clean(self.kiln("check", self.write(EVIL + ".json", view("id=id"))), "\\x1b")

    def test_bytes_that_are_no_text(self):
        outcome = subprocess.run([KILN.encode(), b"check", b"no\xffsuch\x9b.json"],
                                 capture_output=True, check=False)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn(b"no\\xffsuch\\x9b.json", outcome.stderr)

    def test_what_is_in_a_view(self):
        path = self.write("v.json", view("x=nme" + EVIL, name="n"))
        self.assert_clean(self.kiln("check", path, status=1), "\\x1b")
        path = self.write("v.json", view("x=id", resource="Pat" + EVIL))
        self.assert_clean(self.kiln("check", path, status=1), "\\x1b")
        path = self.write("v.json", {**view("x=id"), "sel" + EVIL: 1})
        self.assert_clean(self.kiln("check", path), "\\x1b")

    def test_what_is_in_the_data(self):
        path = self.write("v.json", view("x=name.single().family"))
        data = self.write("p.ndjson", patients(1, name=[{"family": EVIL}] * 2))
        self.assert_clean(self.kiln("run", path, "-d", data, status=1))
        named = self.write(f"{EVIL}.ndjson", ["{"])
        self.assert_clean(self.kiln("run", path, "-d", named, status=1), "\\x1b")
        skipped = self.write("Patient.ndjson", [{"resourceType": "Pat" + EVIL}])
        self.assert_clean(run("run", path, "-d", skipped))

    def test_a_trace(self):
        data = self.write("p.ndjson", patients(1, name=[{"family": "a\nb" + EVIL}]))
        self.assert_clean(self.kiln("fhirpath", "name.family.trace('t')", data), "a\\nb\\u001b[31m", "\\u202e")
        self.assert_clean(self.kiln("fhirpath", f"1.trace('{EVIL}')"), "\\x1b")

    def test_the_caret_stands_below_the_place(self):
        outcome = self.kiln("fhirpath", "'\x1b\u202e' & )", status=1)
        self.assert_clean(outcome)
        lines = outcome.err.splitlines()
        shown = next(line for line in lines if line.startswith("    '"))
        caret = next(line for line in lines if line.strip() == "^")
        self.assertEqual(caret.index("^"), shown.index(")"))

    def test_a_long_line_is_not_cut_inside_a_character(self):
        outcome = subprocess.run([KILN, "fhirpath", "'" + "ä" * 200 + "' & )"],
                                 capture_output=True, check=False)
        self.assertNotIn(b"\\x", outcome.stderr)
        outcome.stderr.decode("utf-8")


class Table(CliTest):
    def setUp(self):
        super().setUp()
        self.view = self.write("v.json", view("family=name.family", "id=id"))
        self.data = self.write("p.ndjson", [
            {"resourceType": "Patient", "id": f"p{i}", "name": [{"family": family}]}
            for i, family in enumerate((EVIL, "a\nb\tc", "Müller", "plain"))])

    def test_cells_are_shown_and_aligned(self):
        status, text = on_terminal("run", self.view, "-d", self.data)
        self.assertEqual(status, 0)
        self.assertEqual(obeyed(text), [])
        self.assertIn("\\x1b[31m\\x07\\x7f\\u009b1m\\u202e\\u2066\\u200f", text)
        self.assertIn("a\\nb\\tc", text)
        lines = text.splitlines()
        self.assertEqual(len(lines), 6)
        at = lines[0].index("id")
        self.assertEqual([line[at:] for line in lines[2:]], ["p0", "p1", "p2", "p3"])

    def test_data_formats_are_not_changed(self):
        for form in ("ndjson", "csv", "json"):
            out = self.kiln("run", self.view, "-d", self.data, "-f", form).text
            self.assertIn("\u202e", out)
            status, text = on_terminal("run", self.view, "-d", self.data, "-f", form)
            self.assertEqual((status, text), (0, out))

    def test_a_schema(self):
        described = view("id=id")
        described["select"][0]["column"][0]["description"] = "ab\n" + EVIL
        text = self.kiln("schema", self.write("s.json", described)).text
        self.assertEqual(obeyed(text), [])
        self.assertIn("ab\\n\\x1b", text)


if __name__ == "__main__":
    unittest.main()
