#include "app/version.h"

#include "json/line_parser.h"
#include "json/version.h"
#include "sql/duckdb.h"

namespace kiln::app {

std::string version_number() { return KILN_VERSION; }

std::string version_text() {
  const auto duckdb = sql::duckdb_version();
  return "kiln " + version_number() + " (" KILN_COMMIT ")\nDuckDB " +
         (duckdb.ok() ? *duckdb : std::string("not found")) + "\nsimdjson " +
         json::simdjson_version() + "\nSIMD " + std::string(json::Scanner::best().target);
}

}  // namespace kiln::app
