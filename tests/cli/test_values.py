"""Values that do not fit, and those that only just do: the same verdict in every format."""
import unittest

from tests.support.cli import CliTest, run, view

FORMATS = ("ndjson", "json", "csv", "parquet")

# (ansi/type, extension's value[x] as JSON, fits)
VALUES = [
    ("VARCHAR(4)", '"valueString":"äöüß"', True),
    ("VARCHAR(4)", '"valueString":"äöüßx"', False),
    ("DECIMAL(4,2)", '"valueDecimal":12.30', True),
    ("DECIMAL(4,2)", '"valueDecimal":12.345', False),
    ("DECIMAL(4,2)", '"valueDecimal":123.4', False),
    ("DECIMAL", '"valueDecimal":12345678901234567890123456789.123456789', True),
    ("DECIMAL(38,38)", '"valueDecimal":1e-38', True),
    ("DECIMAL(38,38)", '"valueDecimal":1e-39', False),
    ("DECIMAL(38,0)", '"valueDecimal":1e38', False),
    ("REAL", '"valueDecimal":3.4e38', True),
    ("REAL", '"valueDecimal":3.5e38', False),
    ("REAL", '"valueDecimal":1e-45', True),
    ("REAL", '"valueDecimal":-0.0', True),
    ("REAL", '"valueDecimal":1e-50', False),
    ("DOUBLE PRECISION", '"valueDecimal":1.7e308', True),
    ("DOUBLE PRECISION", '"valueDecimal":1.8e308', False),
    ("DOUBLE PRECISION", '"valueDecimal":5e-324', True),
    ("DOUBLE PRECISION", '"valueDecimal":1e-330', False),
    ("DOUBLE PRECISION", '"valueDecimal":0.1234567890123456789012345678901234567890', True),
    ("TINYINT", '"valueInteger":127', True),
    ("TINYINT", '"valueInteger":128', False),
    ("BIGINT", '"valueDecimal":9223372036854775807', True),
    ("BIGINT", '"valueDecimal":9223372036854775808', False),
    ("DATE", '"valueDate":"0001-01-01"', True),
    ("DATE", '"valueDate":"9999-12-31"', True),
    ("DATE", '"valueDate":"2024-02"', False),
    ("DATE", '"valueDate":"2023-02-29"', False),
    ("DATE", '"valueDateTime":"2024-02-29T23:59:60-14:00"', True),
    ("TIMESTAMP", '"valueDateTime":"0001-01-01T00:00:00Z"', True),
    ("TIMESTAMP", '"valueDateTime":"9999-12-31T23:59:59.999999Z"', True),
    ("TIMESTAMP", '"valueDateTime":"9999-12-31T23:59:60Z"', False),
    ("TIMESTAMP", '"valueDateTime":"2016-12-31T23:59:60Z"', True),
    ("TIMESTAMP", '"valueDateTime":"2024-01-01T00:00:00.1234567Z"', False),
    ("TIMESTAMP(3)", '"valueDateTime":"2024-01-01T00:00:00.123Z"', True),
    ("TIMESTAMP(3)", '"valueDateTime":"2024-01-01T00:00:00.1234Z"', False),
    ("TIMESTAMP", '"valueDateTime":"2024-01-01T24:00:00Z"', False),
    ("TIMESTAMP WITH TIME ZONE", '"valueInstant":"0001-01-01T00:00:00+14:00"', True),
    ("TIMESTAMP WITH TIME ZONE", '"valueInstant":"9999-12-31T23:59:59-12:00"', True),
    ("TIMESTAMP WITH TIME ZONE", '"valueInstant":"2016-12-31T23:59:60.5Z"', True),
    ("TIMESTAMP WITH TIME ZONE", '"valueInstant":"2024-01-01T00:00:00.123456000Z"', True),
    ("TIME", '"valueTime":"23:59:59.999999"', True),
    ("TIME", '"valueTime":"10:30:60"', True),
    ("TIME", '"valueTime":"23:59:60"', False),
    ("TIME", '"valueTime":"24:00:00"', False),
    ("TIME(3)", '"valueTime":"10:30:00.1234"', False),
    ("BINARY", '"valueBase64Binary":""', True),
    ("BINARY", '"valueBase64Binary":"aG\\nk =\\r\\n"', True),
    ("BINARY", '"valueBase64Binary":"aGl="', True),
    ("BINARY", '"valueBase64Binary":"aG\\/+"', True),
    ("BINARY", '"valueBase64Binary":"aGk"', False),
    ("BINARY", '"valueBase64Binary":"a===="', False),
    ("BINARY", '"valueBase64Binary":"a-_="', False),
    ("BINARY", '"valueBoolean":true', False),
    ("VARCHAR", '"valueString":"a\\u0000b"', True),
    ("VARCHAR", '"valueString":"\\ud834\\udd1e"', True),
    ("DATE", '"valueBoolean":true', False),
    ("BOOLEAN", '"valueBoolean":"true"', False),
    ("VARCHAR", '"valueDecimal":"1.8"', False),
    ("VARCHAR", '"valueString":1.8', False),
]

TYPES = ("Base64Binary", "Boolean", "Date", "DateTime", "Decimal", "Instant", "Integer", "String",
         "Time")


def typed(ansi_type, value):
    """A view of the extension's value as a column of the SQL type."""
    kind = next(t for t in TYPES if value.startswith(f'"value{t}"'))
    fhir = kind[0].lower() + kind[1:]
    definition = view("id=id", f"v=extension.value.ofType({fhir})")
    definition["select"][0]["column"][1]["tag"] = [{"name": "ansi/type", "value": ansi_type}]
    return definition


def patient(value, name="p5"):
    return '{"resourceType":"Patient","id":"%s","extension":[{"url":"u",%s}]}' % (name, value)


class Casts(CliTest):
    def test_every_format_takes_what_fits_and_tells_of_what_does_not(self):
        for number, (ansi_type, value, fits) in enumerate(VALUES):
            data = self.write(f"d{number}.ndjson", [patient(value)])
            definition = self.write(f"v{number}.json", typed(ansi_type, value))
            for form in FORMATS:
                with self.subTest(ansi_type, value=value, format=form):
                    out = self.path(f"o{number}.{form}")
                    outcome = run("run", definition, "-d", data, "-f", form, "-o", out)
                    self.assertEqual(outcome.status, 0 if fits else 1, outcome.err)
                    if fits:
                        continue
                    for word in ("does not fit", "Patient/p5", "'v'"):
                        self.assertIn(word, outcome.err)
                    self.assert_points_at(outcome, f"{data}:1:{column_of(value)}")
                    self.kiln("run", definition, "-d", data, "-f", form, "-o", out,
                              "--lenient-casts")

    def test_damaged_base64_can_be_skipped_in_every_format(self):
        data = self.write("d.ndjson", [patient('"valueBase64Binary":"aGk="', "good"),
                                       patient('"valueBase64Binary":"aG*="', "bad")])
        definition = self.write("v.json", typed("BINARY", '"valueBase64Binary"'))
        for form in FORMATS:
            with self.subTest(form):
                outcome = self.kiln("run", definition, "-d", data, "-f", form,
                                    "-o", self.path("o." + form), "--on-error", "skip")
                self.assertIn("Patient/bad", outcome.err)
                self.assertNotIn("Patient/good", outcome.err)

    def test_schema_shows_lengths_and_precisions(self):
        for ansi_type, shown in (("varchar(4)", "VARCHAR(4)"), ("NUMERIC", "DECIMAL(38,9)"),
                                 ("decimal(10,2)", "DECIMAL(10,2)"),
                                 ("timestamp(3)", "TIMESTAMP(3)")):
            definition = self.write("v.json", typed(ansi_type, '"valueString"'))
            self.assertIn(shown, self.kiln("schema", definition).text)


def column_of(value):
    """Where the value starts in the line of patient()."""
    start = patient(value).index(value)
    return start + value.index(":") + 2


class Misfits(CliTest):
    def test_a_quoted_number_is_told_wherever_it_is_read(self):
        line = ('{"resourceType":"Observation","id":"a","status":"final","code":{},'
                '"valueQuantity":{"value":"1.8","unit":"mg"}}')
        data = self.write("d.ndjson", [line])
        value = "value.ofType(Quantity).value"
        place = f"{data}:1:{line.index('1.8')}"
        for definition in (view("v=" + value, resource="Observation"),
                           view(f"v={value} > 1", resource="Observation"),
                           view("v=value.ofType(Quantity) > 1 'mg'", resource="Observation"),
                           view("v=id", resource="Observation", where=[{"path": value + " > 1"}])):
            with self.subTest(definition["select"]):
                path = self.write("v.json", definition)
                outcome = self.kiln("run", path, "-d", data, status=1)
                self.assertEqual(outcome.out, b"")
                self.assertIn("Observation/a", outcome.err)
                self.assert_points_at(outcome, place)
                skipped = self.kiln("run", path, "-d", data, "--on-error", "skip")
                self.assertEqual(skipped.out, b"")
                self.kiln("run", path, "-d", data, "--lenient-casts")

    def test_lenient_casts_make_it_null(self):
        data = self.write("d.ndjson", ['{"resourceType":"Patient","id":"p","active":"true"}'])
        definition = self.write("v.json", view("a=active", "b=active = true", "c=active.exists()"))
        outcome = self.kiln("run", definition, "-d", data, "--lenient-casts")
        self.assertEqual(outcome.rows, [{"a": None, "b": None, "c": True}])


class ErrorsNameTheResource(CliTest):
    def test_whatever_is_wrong(self):
        bad = {
            "cast": ('{"resourceType":"Patient","id":"p5","birthDate":"2024-02"}',
                     typed_column("DATE", "birthDate")),
            "several": ('{"resourceType":"Patient","id":"p5","name":[{"given":["a","b"]}]}',
                        view("v=name.given")),
            "evaluation": ('{"resourceType":"Patient","id":"p5","name":[{},{}]}',
                           view("v=name.single().family")),
            "where": ('{"resourceType":"Patient","id":"p5","name":[{},{}]}',
                      view("v=id", where=[{"path": "name.single().exists()"}])),
            # The id stands behind what the view needs.
            "id last": ('{"resourceType":"Patient","active":"x","id":"p5"}', view("v=active")),
        }
        for label, (line, definition) in bad.items():
            with self.subTest(label):
                data = self.write("d.ndjson", ['{"resourceType":"Patient","id":"p4"}', line])
                path = self.write("v.json", definition)
                outcome = self.kiln("run", path, "-d", data, status=1)
                self.assertIn("Patient/p5", outcome.err)
                self.assertIn("sample", outcome.err)
                self.assertIn(f"{data}:2:", outcome.err)
                exported = self.kiln("export", path, "-d", data, "-o", self.path("out"), status=1)
                self.assertIn("Patient/p5", exported.err)

    def test_in_fhirpath(self):
        data = self.write("d.ndjson", ['{"resourceType":"Patient","id":"p5","active":"x"}'])
        outcome = self.kiln("fhirpath", "active = true", data, status=1)
        self.assertIn("Patient/p5", outcome.err)
        self.assert_points_at(outcome, f"{data}:1:46")


def typed_column(ansi_type, path):
    definition = view("v=" + path)
    definition["select"][0]["column"][0]["tag"] = [{"name": "ansi/type", "value": ansi_type}]
    return definition


class NamesOfTheJson(CliTest):
    def test_are_warnings_and_errors_if_strict(self):
        data = self.write("d.ndjson", ['{"resourceType":"Bundle","type":"collection","entry":['
                                       '{"resource":{"resourceType":"Patient","id":"1"}},'
                                       '{"resource":{"resourceType":"Basic","id":"2"}}]}'])
        definition = view("id=entry.resource.where(resourceType = 'Patient').id",
                          resource="Bundle")
        path = self.write("v.json", definition)
        outcome = self.kiln("run", path, "-d", data)
        self.assertEqual(outcome.rows, [{"id": "1"}])
        self.assertIn("ofType(Patient)", outcome.err)
        self.assertIn("warning", self.kiln("check", path).err)
        self.assertIn("ofType(Patient)", self.kiln("check", "--strict", path, status=1).err)
        clean = self.write("w.json", view("id=id"))
        self.kiln("check", "--strict", clean)


if __name__ == "__main__":
    unittest.main()
