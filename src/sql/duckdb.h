// The embedded DuckDB, as far as other libraries need to know of it.
#pragma once

#include <string>

#include "base/error.h"

namespace kiln::sql {

/// The version of the DuckDB library that would be used, "v1.5.6".
base::Result<std::string> duckdb_version();

}  // namespace kiln::sql
