// NDJSON (an object a line) and JSON (one array of objects).
#pragma once

#include "table/format/encoder.h"

namespace kiln::table {

std::unique_ptr<Encoder> make_json_encoder(const Schema& schema, bool array);

}  // namespace kiln::table
