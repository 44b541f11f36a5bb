// Queries as subjects.
#pragma once

#include "plan/problem.h"
#include "plan/subject.h"

namespace kiln::plan {

/// Asks DuckDB for the columns of the subject's query, which must be there. What it says of the
/// statement goes to `problems`: the subject is not complete then.
void describe_query(Subject& subject, Problems& problems);

}  // namespace kiln::plan
