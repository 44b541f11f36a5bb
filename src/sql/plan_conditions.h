// What a plan of DuckDB's shows that a statement wants of its views. Internal to the library.
#pragma once

#include <string>
#include <vector>

#include "sql/query.h"
#include "table/condition.h"

namespace kiln::sql {

/// Of each relation that is a view, conditions that every reading of it has right above itself in
/// the plan: without the other rows the statement gives the same. `plan` is what
/// json_serialize_plan(.., optimize := true) says; what is not understood is no condition.
std::vector<std::vector<table::Condition>> conditions_of(std::string plan,
                                                         const std::vector<Relation>& relations);

}  // namespace kiln::sql
