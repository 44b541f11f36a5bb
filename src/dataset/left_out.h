// Files that hold no resources: the log beside an export's data.
#pragma once

#include <cstddef>
#include <string_view>

#include "dataset/input.h"
#include "dataset/source.h"

namespace kiln::dataset {

/// As much of a file is looked at.
constexpr size_t kHeadSize = 64 * 1024;

/// Only what was found, and has a name that promises nothing.
inline bool may_be_left_out(const Input& input) { return input.found && input.type.empty(); }

/// True if `head`, the beginning of an NDJSON file or all of it, has lines and each of them is JSON
/// but no resource. A line that is damaged may have been one.
bool holds_no_resources(std::string_view head, bool is_all);

/// Makes the part of a file of so many bytes its only one, without lines.
void leave_out(Part& part, uint64_t size, BlockBuffer& buffer);

}  // namespace kiln::dataset
