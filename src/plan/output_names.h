// What the outputs of a plan and their files are called.
#pragma once

#include <string>
#include <vector>

#include "plan/problem.h"
#include "plan/subject.h"
#include "table/format/encoder.h"

namespace kiln::plan {

/// kSameName, at `place`, for each name that is there already; "view1", "view2" for outputs that
/// have none.
void name_outputs(std::vector<Subject>& subjects, const std::string& place, Problems& problems);
/// Stems from the names: safe in every sink and file system, no two equal even where case does not
/// count.
void name_files(std::vector<Subject>& subjects);
/// kUnsuitedFormat for each view whose columns the format cannot hold.
void check_format(table::Format format, const std::vector<Subject>& subjects, Problems& problems);

}  // namespace kiln::plan
