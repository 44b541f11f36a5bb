// DuckDB's C functions, looked up in its shared library when a command first needs them. Internal
// to the library: nothing else includes duckdb.h.
#pragma once

#include <duckdb.h>

#include "base/error.h"

namespace kiln::sql {

/// The functions that Kiln calls.
#define KILN_DUCKDB_FUNCTIONS(X) \
  X(duckdb_library_version)      \
  X(duckdb_create_config)        \
  X(duckdb_set_config)           \
  X(duckdb_destroy_config)       \
  X(duckdb_open_ext)             \
  X(duckdb_close)                \
  X(duckdb_connect)              \
  X(duckdb_disconnect)           \
  X(duckdb_query)                \
  X(duckdb_result_error)         \
  X(duckdb_destroy_result)       \
  X(duckdb_free)                 \
  X(duckdb_arrow_scan)

struct DuckDbApi {
#define KILN_DECLARE(name) decltype(&::name) name;
  KILN_DUCKDB_FUNCTIONS(KILN_DECLARE)
#undef KILN_DECLARE
};

/// Opens libduckdb.so: $KILN_DUCKDB_LIBRARY, else beside the program, in its lib folder, or where
/// the system finds it. The same answer every time; thread-safe.
base::Result<const DuckDbApi*> duckdb_api();

}  // namespace kiln::sql
