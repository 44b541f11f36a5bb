#include "tests/conformance/suite.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace kiln::conformance {

std::string shared_folder() {
  const char* const named = std::getenv("KILN_SHARED");
  std::string folder = named != nullptr ? named : "../shared";
  return std::filesystem::exists(folder + "/suites") ? folder : std::string();
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

json::DocumentPtr read_json(const std::string& path) {
  auto document = json::Document::parse(read_file(path), path);
  if (!document.ok()) {
    std::fprintf(stderr, "%s\n", document.error().to_string().c_str());
    std::abort();
  }
  return *document;
}

std::vector<std::string> list_files(const std::string& folder, const std::string& ending) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().string().ends_with(ending)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::optional<std::string> known_failure(const std::string& suite, const std::string& name) {
  static const json::DocumentPtr kExpectations = read_json("tests/conformance/expectations.json");
  const json::Value reason = kExpectations->root()[suite][name];
  if (reason.missing()) return std::nullopt;
  return std::string(reason.text());
}

std::string test_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain ? c : '_';
  }
  return name;
}

}  // namespace kiln::conformance
