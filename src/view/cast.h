// One value into one column.
#pragma once

#include "fhirpath/evaluation.h"
#include "table/batch.h"

namespace kiln::view {

/// Puts the item's value into `cell` as the column's type has it. False if it does not fit: what is
/// accepted, every writer can write. The item has to be of its JSON kind. `form`: the System type,
/// DateTime or Time, of the texts of a column that was declared to hold such a FHIR type which its
/// path does not promise; else kNoType. `values`: what the cell is to hold; this is the one place
/// where texts become dates, numbers and bytes. Texts that are not in the input are copied to
/// `texts`.
[[nodiscard]] bool cast_item(fhirpath::Evaluation& evaluation, const fhirpath::Item& item,
                             const table::ColumnType& type, fhir::TypeId form, table::Values values,
                             base::Arena& texts, table::Cell& cell);

}  // namespace kiln::view
