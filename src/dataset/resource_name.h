// The name of a resource for messages about it.
#pragma once

#include <string>

namespace kiln::dataset {

/// "Patient/p5" of a line as LineParser takes it; "Patient" if it has no id, "" if it is no
/// resource or damaged before the two are known. Slow: parses the line once more.
std::string resource_name(const char* line);

}  // namespace kiln::dataset
