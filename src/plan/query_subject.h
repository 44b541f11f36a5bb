// Queries as subjects.
#pragma once

#include <optional>
#include <string>

#include "plan/problem.h"
#include "plan/published_artefacts.h"
#include "plan/subject.h"

namespace kiln::plan {

/// A statement over the tables that it mentions: each is the published view of that name, case
/// aside. What is not there, and what DuckDB says of the statement, goes to `problems`.
std::optional<Subject> query_over_views(sql::Statement statement, std::string name,
                                        const ArtefactRegistry& artefacts,
                                        std::vector<sql::Binding> bindings,
                                        const std::string& place, Problems& problems);

/// Asks DuckDB for the columns of a query.
std::optional<Subject> subject_of_query(sql::QueryPtr query, std::string name,
                                        const std::string& place, Problems& problems);

}  // namespace kiln::plan
