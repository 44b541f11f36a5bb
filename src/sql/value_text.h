// DuckDB's values as text, as CSV and JSON show them. Internal to the library.
#pragma once

#include <cstdint>
#include <string>

#include "sql/duckdb_api.h"

namespace kiln::sql {

/// All append. False, with nothing appended, for what has no such text: days and moments outside
/// the years 1 to 9999, and infinite ones; numbers that are none, and infinite ones.
[[nodiscard]] bool append_date(std::string& out, int64_t days);
[[nodiscard]] bool append_timestamp(std::string& out, int64_t microseconds, bool utc);
[[nodiscard]] bool append_double(std::string& out, double value);
[[nodiscard]] bool append_float(std::string& out, float value);
/// Microseconds since midnight; "24:00:00" for the end of the day.
void append_time(std::string& out, int64_t microseconds);
/// With `scale` digits after the point.
void append_decimal(std::string& out, duckdb_hugeint value, uint8_t scale);
void append_unsigned(std::string& out, duckdb_uhugeint value);
void append_uuid(std::string& out, duckdb_hugeint value);

}  // namespace kiln::sql
