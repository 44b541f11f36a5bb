// How a plan of DuckDB's reads a query's views. Internal to the library.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sql/query.h"
#include "table/condition.h"

namespace kiln::sql {

/// How a plan reads a view.
struct PlannedReadings {
  size_t count = 0;            ///< or more, where it is read in rounds
  std::set<size_t> columns{};  ///< that any reading wants; the schema's size for what is no column
  /// That every reading has right above itself: without the other rows the statement gives the
  /// same.
  std::vector<table::Condition> conditions{};
};

struct Plan {
  std::vector<PlannedReadings> readings{};  ///< of each relation; empty: not known
  bool may_stop = false;                    ///< before all rows have been read
};

/// `plan` is what json_serialize_plan(.., optimize := true) says, with all members that are of
/// their default value; what is not understood is no reading and no condition.
Plan read_plan(std::string plan, const std::vector<Relation>& relations);

}  // namespace kiln::sql
