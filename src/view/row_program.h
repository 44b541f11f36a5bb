// The executable form of a view's selects. Internal to the library.
#pragma once

#include <vector>

#include "fhirpath/direct_path.h"
#include "fhirpath/json_kind.h"
#include "fhirpath/program.h"
#include "table/condition.h"

namespace kiln::view {

struct ColumnProgram {
  fhirpath::Program program;
  uint32_t column;               ///< in the schema
  const fhirpath::Path* direct;  ///< the whole program as a direct path, if it is one
  fhir::TypeId type;             ///< of its values, if it is one and known; else kNoType
  fhirpath::JsonKinds kinds;     ///< of that type
  fhirpath::JsonKinds verbatim;  ///< those of them that are the cell as they stand in the input
  fhir::TypeId form;             ///< of its texts, as cast_item() has it
  /// Depends on %rowIndex and constants alone, so that it has a value where the focus has none.
  bool of_row_index;
  std::vector<table::Condition> conditions;  ///< all must hold, or the row is not wanted
};

enum class Iteration : uint8_t { kNone, kForEach, kForEachOrNull, kRepeat };

/// A select. Its columns stand next to each other in the schema: its own, those of its selects,
/// those of its unionAll.
struct SelectProgram {
  Iteration iteration = Iteration::kNone;
  std::vector<fhirpath::Program> paths;  ///< one for forEach, one or more for repeat
  uint32_t first_column = 0;
  uint32_t width = 0;
  std::vector<ColumnProgram> columns;  ///< those with conditions first
  size_t tested = 0;                   ///< how many have conditions
  std::vector<SelectProgram> selects;
  std::vector<SelectProgram> unions;  ///< branches: all with the same columns

  /// Just columns: always one row.
  bool is_simple() const {
    return iteration == Iteration::kNone && selects.empty() && unions.empty();
  }
};

class RowProgram {
 public:
  std::vector<fhirpath::Program> where;
  std::vector<SelectProgram> selects;
};

}  // namespace kiln::view
