// CSV (RFC 4180, lines ending in LF).
#pragma once

#include "table/format/encoder.h"

namespace kiln::table {

std::unique_ptr<Encoder> make_csv_encoder(const Schema& schema, EncodeOptions options);

}  // namespace kiln::table
