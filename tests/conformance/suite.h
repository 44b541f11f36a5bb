// Reading the official suites, and the list of what is known to fail.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "json/document.h"

namespace kiln::conformance {

/// The folder that the suites and data lie in: $KILN_SHARED, else ../shared from the project's
/// root; empty if it is not there.
std::string shared_folder();

std::string read_file(const std::string& path);
/// Fails the test program if the file is no JSON.
json::DocumentPtr read_json(const std::string& path);
/// Files of a folder with that ending, sorted.
std::vector<std::string> list_files(const std::string& folder, const std::string& ending);

/// Why a case is known to fail (tests/conformance/expectations.json), nothing if it has to pass.
std::optional<std::string> known_failure(const std::string& suite, const std::string& name);

/// `text` with everything but letters and digits as '_', for test names.
std::string test_name(std::string_view text);

}  // namespace kiln::conformance
