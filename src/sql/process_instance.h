// One database for a process that is there for one query. Internal to the library, but for its use
// by programs.
#pragma once

#include <memory>

#include "sql/query_runner.h"

namespace kiln::sql {

class Instance;

/// From here on statements are parsed and queries run, one at a time, in one database with these
/// limits; else each query has one of its own, and the parser has one, which is 20 ms each. To be
/// called before the first statement is parsed, by nobody else meanwhile.
base::Status open_process_instance(const QueryLimits& limits);

/// Null if there is none.
std::shared_ptr<Instance> process_instance();

}  // namespace kiln::sql
