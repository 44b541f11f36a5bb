"""FHIR types as the tables need them, read from StructureDefinitions."""

from dataclasses import dataclass, field

# The System types of FHIRPath in the order of their fixed ids, 1 first (src/fhir/model.h).
SYSTEM_TYPES = ["Any", "Boolean", "String", "Integer", "Long", "Decimal", "Date", "DateTime",
                "Time", "Quantity"]

# The System type of a primitive's value, by the primitive's name; any other primitive is a String.
# The definitions' own codes cannot be used: positiveInt has System.String and integer64 has
# System.Integer in R5.
SYSTEM_TYPE_OF_PRIMITIVE = {
    "boolean": "Boolean", "integer": "Integer", "positiveInt": "Integer",
    "unsignedInt": "Integer", "integer64": "Long", "decimal": "Decimal", "date": "Date",
    "dateTime": "DateTime", "instant": "DateTime", "time": "Time",
}


@dataclass
class Element:
    name: str  # the FHIRPath name, without "[x]"
    types: list  # names of FHIR types; "System.String" for a System type
    is_list: bool
    is_choice: bool

    def rows(self):
        """(JSON key, type name) of each type that the element may have."""
        if not self.is_choice:
            return [(self.name, self.types[0])]
        return [(self.name + capitalized(t), t) for t in self.types]


@dataclass
class Type:
    name: str
    base: str  # "" for a root
    kind: str  # System, Primitive, Complex, Backbone, Resource
    is_abstract: bool = False
    elements: list = field(default_factory=list)

    def element(self, name):
        return next((e for e in self.elements if e.name == name), None)


def capitalized(name):
    return name[0].upper() + name[1:]


def last_part(url):
    return url.rsplit("/", 1)[-1]


def types_of_structure(definition):
    """The type that a StructureDefinition defines, then its backbone elements."""
    elements = definition.get("element") or definition["snapshot"]["element"]
    kind = {"primitive-type": "Primitive", "complex-type": "Complex", "resource": "Resource"}
    root = Type(definition["type"], last_part(definition.get("baseDefinition", "")),
                kind[definition["kind"]], definition.get("abstract", False))
    types = {root.name: root}
    parents = {e["path"].rpartition(".")[0] for e in elements}
    for e in elements[1:]:
        path, max_count = e["path"], e["max"]
        if max_count == "0":  # xhtml.extension: forbidden
            continue
        owner = types[path.rpartition(".")[0]]
        codes = [t["code"] for t in e.get("type", [])]
        if path in parents:
            assert codes in (["BackboneElement"], ["Element"]), path
            types[path] = Type(path, codes[0], "Backbone")
            codes = [path]
        elif "contentReference" in e:
            codes = [e["contentReference"].partition("#")[2]]
        elif codes[0].startswith("http://hl7.org/fhirpath/System."):
            codes = [type_for_system_code(owner, path)]
        name = path.rpartition(".")[2]
        owner.elements.append(Element(name.removesuffix("[x]"), codes, max_count != "1",
                                      name.endswith("[x]")))
    return list(types.values())


def type_for_system_code(owner, path):
    """What an element is that the definitions give a System type.

    Only ids, Extension.url and the value of a primitive have one. The definitions name the FHIR
    type in an extension, but not alike: Age.id is a "string" in R4 and an "id" in R4B.
    """
    name = path.rpartition(".")[2]
    if name == "id":
        return "id" if owner.kind == "Resource" else "string"
    if path == "Extension.url":
        return "uri"
    assert owner.kind == "Primitive" and name == "value", path
    return "System." + SYSTEM_TYPE_OF_PRIMITIVE.get(owner.name, "String")


def types_of_structures(definitions):
    """Name → Type of all StructureDefinitions that are not profiles."""
    types = {}
    for definition in definitions:
        if definition.get("derivation") == "constraint":
            continue
        for one in types_of_structure(definition):
            assert one.name not in types, one.name
            types[one.name] = one
    return types


def profiles_of_structures(definitions):
    """Name → type name of the profiles among data types (SimpleQuantity → Quantity)."""
    return {d["name"]: d["type"] for d in definitions if d.get("derivation") == "constraint"}
