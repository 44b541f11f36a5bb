// What `kiln --version` says.
#pragma once

#include <string>

namespace kiln::app {

/// Version, commit, and the versions of DuckDB and simdjson.
std::string version_text();
/// "0.1.0".
std::string version_number();

}  // namespace kiln::app
