// The id that a reference carries (SQL on FHIR, getReferenceKey()).
#pragma once

#include <string_view>

namespace kiln::fhirpath {

/// Of "Patient/1", "http://host/base/Patient/1/_history/2" or "urn:uuid:..." the id part; empty if
/// it has none, is a fragment ("#p"), or names another type than `type` (empty: any). A urn tells
/// no type, so that it is taken for any.
std::string_view reference_key(std::string_view reference, std::string_view type);

}  // namespace kiln::fhirpath
