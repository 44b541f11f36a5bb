#include "dataset/input.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <glob.h>
#include <sys/stat.h>

namespace kiln::dataset {
namespace {

namespace fs = std::filesystem;

bool is_data_name(std::string_view name) {
  return !name.starts_with('.') && (name.ends_with(".ndjson") || name.ends_with(".ndjson.gz") ||
                                    name.ends_with(".ndjson.zst") || name.ends_with(".json"));
}

base::Error not_found(const std::string& what, const std::string& argument) {
  return base::Error(base::ErrorCode::kNotFound, what + ": " + argument);
}

base::Result<std::vector<std::string>> list_folder(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) return base::io_error("cannot read the folder " + folder, error.value());
  for (const fs::directory_entry& entry : entries) {
    std::error_code ignored;
    if (entry.is_regular_file(ignored) && is_data_name(entry.path().filename().string())) {
      paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::string> list_glob(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) {
      struct stat info {};
      if (stat(found.gl_pathv[i], &info) == 0 && S_ISREG(info.st_mode)) {
        paths.emplace_back(found.gl_pathv[i]);
      }
    }
  }
  globfree(&found);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

Input describe_file(const std::string& path, bool (*is_type)(std::string_view name)) {
  Input input;
  input.path = path;
  std::string_view name = path;
  name = name.substr(name.rfind('/') + 1);
  if (name.ends_with(".gz")) {
    input.compression = Compression::kGzip;
    name.remove_suffix(3);
  } else if (name.ends_with(".zst")) {
    input.compression = Compression::kZstd;
    name.remove_suffix(4);
  }
  if (name.ends_with(".json")) {
    input.kind = FileKind::kJson;
    return input;
  }
  if (name.ends_with(".ndjson")) {
    const std::string_view stem = name.substr(0, name.find_first_of(".-_"));
    if (is_type(stem)) input.type = stem;
  }
  return input;
}

base::Result<std::vector<Input>> find_inputs(const std::vector<std::string>& arguments,
                                             bool (*is_type)(std::string_view name)) {
  std::vector<Input> inputs;
  for (const std::string& argument : arguments) {
    if (argument == "-") {
      inputs.push_back({argument, FileKind::kNdjson, Compression::kNone, {}});
      continue;
    }
    struct stat info {};
    if (stat(argument.c_str(), &info) != 0) {
      const int error = errno;
      const bool pattern = argument.find_first_of("*?[") != std::string::npos;
      if (!pattern) return base::io_error("cannot read " + argument, error);
      const std::vector<std::string> paths = list_glob(argument);
      if (paths.empty()) return not_found("no file matches", argument);
      for (const std::string& path : paths) inputs.push_back(describe_file(path, is_type));
    } else if (S_ISDIR(info.st_mode)) {
      KILN_ASSIGN(const std::vector<std::string> paths, list_folder(argument));
      if (paths.empty()) {
        return not_found("no *.ndjson, *.ndjson.gz, *.ndjson.zst or *.json in the folder",
                         argument);
      }
      for (const std::string& path : paths) inputs.push_back(describe_file(path, is_type));
    } else {
      inputs.push_back(describe_file(argument, is_type));
    }
  }
  return inputs;
}

}  // namespace kiln::dataset
