// The tables that a statement of the command line may name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/artefacts.h"
#include "plan/problem.h"
#include "plan/published_artefacts.h"

namespace kiln::app {

/// What a statement may call a view or an SQL view; "" for any other artefact.
std::string table_name(const plan::Artefact& artefact);

/// Lines of table, column, type and description, the first one being their head: views before SQL
/// views, whose columns DuckDB tells. A table that has none for an error is a line of its name and
/// what is wrong, all of which goes to `problems`.
std::vector<std::vector<std::string>> list_tables(const plan::ArtefactsPtr& artefacts,
                                                  std::optional<fhir::Version> version,
                                                  plan::Problems& problems);

}  // namespace kiln::app
