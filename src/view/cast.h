// One value into one column.
#pragma once

#include "fhirpath/evaluation.h"
#include "table/batch.h"

namespace kiln::view {

/// Puts the item's value into `cell` as the column's type has it. False if it does not fit. Texts
/// that are not in the input are copied to `texts`.
[[nodiscard]] bool cast_item(fhirpath::Evaluation& evaluation, const fhirpath::Item& item,
                             const table::ColumnType& type, base::Arena& texts, table::Cell& cell);

}  // namespace kiln::view
