"""The patient compartment: which elements tie a resource to a patient."""

import re

_FILTER = re.compile(r"\.where\(\s*resolve\(\)\s+is\s+(\w+)\s*\)")
_CAST = re.compile(r"\.(?:ofType|as)\(\s*(\w+)\s*\)|\s+as\s+(\w+)")
_PATH = re.compile(r"\w+(\.\w+)+")


def rows(compartment, search_parameters):
    """Sorted (resource, dotted element path) pairs, and the (resource, code) pairs without any."""
    found, missing = set(), []
    for resource in compartment["resource"]:
        for code in resource.get("param", []):
            if code == "{def}":  # R5: the resource's own id, which is no element path
                continue
            paths = {(resource["code"], path)
                     for expression in _expressions(resource["code"], code, search_parameters)
                     for path in _paths(resource["code"], expression)}
            found |= paths
            if not paths:
                missing.append((resource["code"], code))
    return sorted(found), missing


def _expressions(resource, code, search_parameters):
    return [p["expression"] for p in search_parameters
            if p["code"] == code and p.get("expression")
            and {resource, "Resource", "DomainResource"} & set(p["base"])]


def _paths(resource, expression):
    for part in expression.split("|"):
        # A part that selects something other than references to patients says nothing here.
        if any(of != "Patient" for of in _FILTER.findall(part)):
            continue
        part = _FILTER.sub("", part)
        if any((a or b) != "Reference" for a, b in _CAST.findall(part)):
            continue
        part = _CAST.sub("", part).strip(" ()")
        owner, _, path = part.partition(".")
        if owner in (resource, "Resource", "DomainResource"):
            assert _PATH.fullmatch(part), part
            yield path


def resolves(types, resource, path):
    """Whether the element path exists in the model."""
    current = types.get(resource)
    for name in path.split("."):
        element = current and current.element(name)
        if not element:
            return False
        current = types.get(element.types[0])
    return True
