// What the outputs of a plan and their files are called, and whether their format suits.
#pragma once

#include <string>
#include <vector>

#include "output/layout.h"
#include "plan/problem.h"
#include "plan/subject.h"

namespace kiln::plan {

/// kSameName, at `place`, for each name that is there already; "view1", "view2" for outputs that
/// have none.
void name_outputs(std::vector<Subject>& subjects, const std::string& place, Problems& problems);
/// Stems from the names: safe in every sink and file system, no two equal even where case does not
/// count.
void name_files(std::vector<Subject>& subjects);
/// kUnsuitedFormat for each view whose columns the format cannot hold.
void check_format(table::Format format, const std::vector<Subject>& subjects, Problems& problems);
/// kUnsuitedLayout, at `place`, if files of the format cannot be compressed so.
void check_compression(const output::Layout& layout, const std::string& place, Problems& problems);
/// kTooManyOutputs, at `place`, if the format cannot have so many open at once.
void check_count(table::Format format, size_t outputs, const std::string& place,
                 Problems& problems);

}  // namespace kiln::plan
