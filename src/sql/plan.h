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
  size_t count = 0;
  std::set<size_t> columns{};  ///< that any reading wants; the schema's size for what is no column
  /// That every reading has right above itself: without the other rows the statement gives the
  /// same.
  std::vector<table::Condition> conditions{};
};

/// Of each relation. `plan` is what json_serialize_plan(.., optimize := true) says; what is not
/// understood is no reading and no condition.
std::vector<PlannedReadings> read_plan(std::string plan, const std::vector<Relation>& relations);

}  // namespace kiln::sql
