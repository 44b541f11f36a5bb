// Patterns that stand for files.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace kiln::dataset {

/// Told of each file and folder before it is touched.
using LookingAt = std::function<void(const std::string& path)>;

bool is_glob(const std::string& argument);

/// The paths that match, sorted, without folders: "*", "?" and "[...]" within a name, "**" as a
/// whole part for any number of folders. What begins with a dot is matched by a dot only. Folders
/// that cannot be read hold nothing.
std::vector<std::string> list_glob(const std::string& pattern, const LookingAt& looking_at = {});

}  // namespace kiln::dataset
