"""Resource types read from a fhir.schema.json, for a version without StructureDefinitions.

What the schema does not say, and how it is made good:
- the name of a choice element: "deceasedBoolean" and "deceasedDateTime" are two properties of their
  own. Both have the description of the element that they come from, and the name of their type at
  the end; a primitive is written out (a pattern in place of a $ref) in a choice and only there. A
  choice element of one single complex type cannot be told from a plain element, unless the previous
  version has it;
- which elements an interface lends a resource type: R5's schema gives EvidenceReport the elements
  of MetadataResource ("approvalDate") that its StructureDefinition leaves out, so R6's may as well.
  They are kept: one element too many does less harm than one too few;
- which backbone element is the definition and which is a contentReference to it: the first in the
  order of the document is the definition;
- base types: DomainResource if there is a narrative, else Resource; BackboneElement if there are
  modifier extensions, else Element;
- the abstract resource types and the types' membership in interfaces (CanonicalResource): the
  previous version's are taken;
- targets of references, cardinalities other than "may repeat", slices: not in the tables anyway.
"""

from fhir_tables.definitions import Element, Type, capitalized


def resource_types(schema, data_types, previous):
    """Name → Type of the schema's resource types and their backbone elements.

    data_types: name → Type of this version; previous: name → Type of the version before.
    """
    reader = _Reader(schema["definitions"], data_types, previous)
    for name in schema["discriminator"]["mapping"]:
        reader.read(name, name)
    return reader.types


class _Reader:
    def __init__(self, definitions, data_types, previous):
        self.definitions = definitions
        self.data_types = data_types
        self.previous = previous
        self.types = {}
        self.paths = {}  # name in the schema ("Patient_Contact") → "Patient.contact"
        self.primitives = sorted((t.name for t in data_types.values() if t.kind == "Primitive"),
                                 key=lambda name: (-len(name), name))

    def read(self, schema_name, path):
        self.paths[schema_name] = path
        properties = {name: value
                      for name, value in self.definitions[schema_name]["properties"].items()
                      if "const" not in value and not name.startswith("_")}
        if "." in path:
            made = Type(path, "BackboneElement" if "modifierExtension" in properties else "Element",
                        "Backbone")
        else:
            made = Type(path, "DomainResource" if "text" in properties else "Resource", "Resource")
        self.types[path] = made
        choices = self.choices(path, properties)
        for name, value in properties.items():
            if name not in choices:
                made.elements.append(Element(name, [self.type_of(value, f"{path}.{name}")],
                                             value.get("type") == "array", False))
                continue
            element, type_name = choices[name]
            if made.element(element) is None:
                made.elements.append(Element(element, [], False, True))
            made.element(element).types.append(type_name)
        assert len({e.name for e in made.elements}) == len(made.elements), path

    def type_of(self, value, path):
        value = value.get("items", value)
        if "enum" in value:
            return "code"
        name = value["$ref"].rpartition("/")[2]
        if name == "ResourceList":
            return "Resource"
        if "_" not in name:
            return name
        if name not in self.paths:
            self.read(name, path)
        return self.paths[name]

    def choices(self, path, properties):
        """Property name → (element name, type name) of those that belong to a choice."""
        groups, sizes = {}, {}
        for name, value in properties.items():
            type_name = self.type_in_name(name, value)
            element = type_name and name[:-len(type_name)]
            if type_name and element not in properties:  # "typeReference" beside "type" is plain
                groups.setdefault((element, value.get("description")), {})[name] = type_name
                sizes[element] = sizes.get(element, 0) + 1
        found = {}
        for (element, _), group in groups.items():
            before = self.previous.get(path) and self.previous[path].element(element)
            was_choice = before is not None and before.is_choice and sizes[element] == 1
            written_out = any("$ref" not in properties[name] for name in group)
            if len(group) > 1 or written_out or was_choice:
                found.update({name: (element, type_name) for name, type_name in group.items()})
        return found

    def type_in_name(self, name, value):
        """The type name that ends a property's name, if it is the property's type as well."""
        if value.get("type") == "array" or "enum" in value:
            return None
        if "$ref" in value:
            candidates = [value["$ref"].rpartition("/")[2]]
        else:  # a primitive written out: the longest name that fits ("dateTime" before "time")
            candidates = self.primitives
        fits = [c for c in candidates if name.endswith(capitalized(c)) and len(name) > len(c)]
        assert fits or "$ref" in value, name
        return fits[0] if fits and fits[0] in self.data_types else None
