// The views of a query as a table function of DuckDB. Internal to the library.
#pragma once

#include <optional>

#include "sql/plan.h"
#include "sql/query.h"
#include "sql/session.h"
#include "sql/tables.h"

namespace kiln::sql {

/// What the function's calls share, all on the thread that runs the query. Outlives the session.
struct ViewFunctionState {
  const DuckDbApi* api = nullptr;
  const Query* query = nullptr;
  Tables* tables = nullptr;            ///< null: nothing is to be read
  std::optional<base::Error> failure;  ///< the first one of a reading
  Plan plan;
};

/// Makes `kiln_view(N)` known: the rows of the N-th relation, which must be a view, with the
/// columns that are read alone.
base::Status register_view_function(Session& session, ViewFunctionState& state);

}  // namespace kiln::sql
