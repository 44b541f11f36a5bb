// Queries as subjects.
#pragma once

#include "plan/problem.h"
#include "plan/subject.h"
#include "sql/query_runner.h"

namespace kiln::plan {

/// Asks DuckDB for the columns of the subject's query, which must be there. What it says of the
/// statement goes to `problems`: the subject is not complete then. DuckDB evaluates what is
/// constant in the statement already here, so that a stranger's has to be described where it is to
/// run.
void describe_query(Subject& subject, Problems& problems,
                    const sql::QueryRunner& runner = sql::local_runner(),
                    const sql::QueryLimits& limits = {}, const std::stop_token& stop = {});

}  // namespace kiln::plan
