// The ids of the element names that Kiln itself asks for, each looked up once, at start-up.
#pragma once

#include "fhir/model.h"

namespace kiln::fhir::names {

inline const NameId kCode = find_name("code");
inline const NameId kContained = find_name("contained");
inline const NameId kEntry = find_name("entry");
inline const NameId kExtension = find_name("extension");
inline const NameId kFullUrl = find_name("fullUrl");
inline const NameId kId = find_name("id");
inline const NameId kLastUpdated = find_name("lastUpdated");
inline const NameId kMeta = find_name("meta");
inline const NameId kName = find_name("name");
inline const NameId kReference = find_name("reference");
inline const NameId kResource = find_name("resource");
inline const NameId kResourceType = find_name("resourceType");
inline const NameId kSystem = find_name("system");
inline const NameId kUnit = find_name("unit");
inline const NameId kUrl = find_name("url");
inline const NameId kValue = find_name("value");

}  // namespace kiln::fhir::names
