#include "sql/duckdb.h"
#include "sql/duckdb_api.h"

namespace kiln::sql {

base::Result<std::string> duckdb_version() {
  KILN_ASSIGN(const DuckDbApi* const api, duckdb_api());
  return std::string(api->duckdb_library_version());
}

}  // namespace kiln::sql
