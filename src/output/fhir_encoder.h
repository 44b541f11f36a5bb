// Rows as FHIR Parameters: one `row` parameter a row, one part a column (operations.md §2).
#pragma once

#include <memory>

#include "table/format/encoder.h"

namespace kiln::output {

/// The schema must outlive the encoder.
std::unique_ptr<table::Encoder> make_fhir_encoder(const table::Schema& schema);

}  // namespace kiln::output
