// NDJSON (an object a line) and JSON (one array of objects).
#pragma once

#include "table/format/encoder.h"

namespace kiln::table {

/// Appends one value as JSON; null if it is not valid, an array for a list.
void append_json_value(std::string& out, const ColumnVector& column, JsonForm form, size_t row);

std::unique_ptr<Encoder> make_json_encoder(const Schema& schema, bool array);

}  // namespace kiln::table
