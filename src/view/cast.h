// One value into one column.
#pragma once

#include "fhirpath/evaluation.h"
#include "table/batch.h"

namespace kiln::view {

/// What the texts of a column have to be that was declared to hold a FHIR type which its path does
/// not promise.
enum class TextForm : uint8_t { kAny, kDate, kTime };

/// Puts the item's value into `cell` as the column's type has it. False if it does not fit: what is
/// accepted, every writer can write. The item has to be of its JSON kind. Texts that are not in the
/// input are copied to `texts`.
[[nodiscard]] bool cast_item(fhirpath::Evaluation& evaluation, const fhirpath::Item& item,
                             const table::ColumnType& type, TextForm form, base::Arena& texts,
                             table::Cell& cell);

}  // namespace kiln::view
