#!/usr/bin/env python3
"""Writes the FHIR type tables in src/fhir/generated/ from HL7's definitions.

usage: tools/generate_fhir_tables.py [--check | --audit] DEFINITIONS

DEFINITIONS has a folder for each of R4, R4B and R5 with
  structuredefinitions.min.ndjson      one reduced StructureDefinition a line
  profiles-types.json                  for the profiles of data types
  compartmentdefinition-patient.json   and search-parameters.json
and R6 with
  fhir.schema.json                     the resource types
  profiles-types.json                  the data types
  search-parameters.json
  view-definition-bundle-entry.json    the ViewDefinition resource

R6 is a ballot: StructureDefinitions of its resource types and its compartments are not to be had.
fhir_tables/schema.py says what is lost in reading the schema instead. The compartment has R5's
resources and search codes with R6's expressions for them; codes that R6 no longer has drop out, and
resource types that are new in R6 are in no compartment.

With --check nothing is written, and the exit status is 1 if the committed files differ.
With --audit nothing is written either: R5 is read by its schema alone, as R6 is, and compared with
what its StructureDefinitions say.
"""

import argparse
import json
import pathlib
import sys

from fhir_tables import compartment, cpp, schema
from fhir_tables.definitions import profiles_of_structures, types_of_structures

OUT = pathlib.Path(__file__).resolve().parent.parent / "src" / "fhir" / "generated"


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def read_bundle(path):
    return [entry["resource"] for entry in read_json(path)["entry"]]


def read_version(name, folder):
    lines = (folder / "structuredefinitions.min.ndjson").read_text(encoding="utf-8").splitlines()
    types = types_of_structures([json.loads(line) for line in lines])
    profiles = profiles_of_structures(read_bundle(folder / "profiles-types.json"))
    rows, missing = compartment.rows(read_json(folder / "compartmentdefinition-patient.json"),
                                     read_bundle(folder / "search-parameters.json"))
    assert not missing, missing
    for row in rows:
        assert compartment.resolves(types, *row), row
    return cpp.Version(name, types, profiles, rows)


def read_r6(folder, r5, r5_folder):
    structures = read_bundle(folder / "profiles-types.json")
    types = types_of_structures(structures)
    types |= schema.resource_types(read_json(folder / "fhir.schema.json"), types, r5.types)
    if "ViewDefinition" not in types:
        view_definition = read_json(folder / "view-definition-bundle-entry.json")["resource"]
        types |= types_of_structures([view_definition])
    for one in r5.types.values():
        if one.kind == "Resource" and one.is_abstract:
            types.setdefault(one.name, one)
    rows, _ = compartment.rows(read_json(r5_folder / "compartmentdefinition-patient.json"),
                               read_bundle(folder / "search-parameters.json"))
    for row in rows:
        assert compartment.resolves(types, *row), row
    return cpp.Version("R6", types, profiles_of_structures(structures), rows)


def read_versions(folder):
    versions = [read_version(name, folder / name) for name in ("R4", "R4B", "R5")]
    return versions + [read_r6(folder / "R6", versions[-1], folder / "R5")]


def audit(folder):
    """Prints how R5's schema, read as R6's is, differs from R5's StructureDefinitions."""
    r4b, r5 = (read_version(name, folder / name) for name in ("R4B", "R5"))
    data_types = {name: one for name, one in r5.types.items()
                  if r5.types[name.partition(".")[0]].kind != "Resource"}
    wanted = {name: one for name, one in r5.types.items()
              if name not in data_types and not one.is_abstract}
    found = schema.resource_types(read_json(folder / "R5" / "fhir.schema.json"), data_types,
                                  r4b.types)
    lost = added = rows = 0
    for name in sorted(wanted.keys() | found.keys()):
        a, b = ({(e.name, json_key, type_name, e.is_list, e.is_choice)
                 for e in types[name].elements for json_key, type_name in e.rows()}
                if name in types else set() for types in (wanted, found))
        rows, lost, added = rows + len(a), lost + len(a - b), added + len(b - a)
        for mark, some in (("-", a - b), ("+", b - a)):
            for element, json_key, type_name, *_ in sorted(some):
                print(f"{mark} {name}.{element} {json_key} {type_name}")
    print(f"{len(wanted)} types and {rows} rows by definitions; by schema {len(found)} types, "
          f"{lost} rows lost, {added} added")


def main():
    parser = argparse.ArgumentParser(description="Writes the tables in src/fhir/generated/.")
    parser.add_argument("--check", action="store_true", help="compare with the files, write none")
    parser.add_argument("--audit", action="store_true", help="how good is reading a schema?")
    parser.add_argument("definitions", type=pathlib.Path, help="folder with R4, R4B, R5 and R6")
    arguments = parser.parse_args()
    if arguments.audit:
        audit(arguments.definitions)
        return 0
    made = cpp.sources(read_versions(arguments.definitions))
    if not arguments.check:
        OUT.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (OUT / name).write_text(text, encoding="utf-8")
        return 0
    found = {p.name: p.read_text(encoding="utf-8") for p in OUT.glob("*") if p.is_file()}
    different = sorted(n for n in made.keys() | found.keys() if made.get(n) != found.get(n))
    for name in different:
        print(f"src/fhir/generated/{name} differs", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
