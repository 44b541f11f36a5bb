#pragma once

#include <string>

namespace kiln::json {

/// The version of the simdjson library, "3.0.1".
std::string simdjson_version();

}  // namespace kiln::json
