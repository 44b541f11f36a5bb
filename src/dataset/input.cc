#include "dataset/input.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include "dataset/glob.h"

namespace kiln::dataset {
namespace {

namespace fs = std::filesystem;

bool is_data_name(std::string_view name) {
  return name.ends_with(".ndjson") || name.ends_with(".ndjson.gz") ||
         name.ends_with(".ndjson.zst") || name.ends_with(".json");
}

base::Error not_found(const std::string& what, const std::string& argument) {
  return base::Error(base::ErrorCode::kNotFound, what + ": " + argument);
}

/// Whatever is no folder: what cannot be read is an error when it is opened.
base::Result<std::vector<std::string>> list_folder(const std::string& folder,
                                                   std::vector<std::string>& passed_over,
                                                   const LookingAt& looking_at) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (looking_at) looking_at(entry->path().string());
    if (name.starts_with('.') || entry->is_directory(ignored)) continue;
    (is_data_name(name) ? paths : passed_over).push_back(entry->path().string());
  }
  if (error) return base::io_error("cannot read the folder " + folder, error.value());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// The files that an argument stands for, and whether it names the file itself.
base::Result<std::vector<std::string>> paths_of(const std::string& argument,
                                                std::vector<std::string>& passed_over, bool& found,
                                                const LookingAt& looking_at) {
  struct stat info {};
  found = true;
  if (looking_at) looking_at(argument);
  if (stat(argument.c_str(), &info) != 0) {
    const int error = errno;
    if (!is_glob(argument)) return base::io_error("cannot read " + argument, error);
    std::vector<std::string> paths = list_glob(argument, looking_at);
    if (paths.empty()) return not_found("no file matches", argument);
    return paths;
  }
  if (!S_ISDIR(info.st_mode)) {
    found = false;
    return std::vector<std::string>{argument};
  }
  KILN_ASSIGN(std::vector<std::string> paths, list_folder(argument, passed_over, looking_at));
  if (!paths.empty()) return paths;
  return not_found("no *.ndjson, *.ndjson.gz, *.ndjson.zst or *.json in the folder", argument);
}

/// Adds files, each once.
class DistinctInputs {
 public:
  base::Status add(Input input) {
    struct stat info {};
    if (stat(input.path.c_str(), &info) != 0) {
      return base::io_error("cannot read " + input.path, errno);
    }
    const auto [at, is_new] = known_.try_emplace(std::pair(info.st_dev, info.st_ino), all_.size());
    if (is_new) {
      all_.push_back(std::move(input));
      return {};
    }
    Input& same = all_[at->second];
    if (same.type != input.type) same.type.clear();
    same.found = same.found && input.found;
    return {};
  }
  void add_stdin() {
    if (!std::exchange(has_stdin_, true)) all_.push_back({"-"});
  }
  std::vector<Input> take() { return std::move(all_); }

 private:
  std::vector<Input> all_;
  std::map<std::pair<dev_t, ino_t>, size_t> known_;
  bool has_stdin_ = false;
};

}  // namespace

std::string name_of(const Input& input) { return input.path == "-" ? "<stdin>" : input.path; }

Input describe_file(const std::string& path, bool (*is_type)(std::string_view name)) {
  Input input;
  input.path = path;
  std::string_view name = path;
  name = name.substr(name.rfind('/') + 1);
  if (name.ends_with(".gz")) {
    name.remove_suffix(3);
  } else if (name.ends_with(".zst")) {
    name.remove_suffix(4);
  }
  if (name.ends_with(".json")) {
    input.kind = FileKind::kJson;
    return input;
  }
  if (name.ends_with(".ndjson")) {
    const std::string_view stem = name.substr(0, name.find_first_of(".-_"));
    // A file of Bundles may hold anything.
    if (stem != "Bundle" && is_type(stem)) input.type = stem;
  }
  return input;
}

base::Result<Inputs> find_inputs(const std::vector<std::string>& arguments,
                                 bool (*is_type)(std::string_view name),
                                 const LookingAt& looking_at) {
  Inputs inputs;
  DistinctInputs distinct;
  for (const std::string& argument : arguments) {
    if (argument == "-") {
      distinct.add_stdin();
      continue;
    }
    bool found = false;
    KILN_ASSIGN(const std::vector<std::string> paths,
                paths_of(argument, inputs.passed_over, found, looking_at));
    for (const std::string& path : paths) {
      Input input = describe_file(path, is_type);
      input.found = found;
      if (looking_at) looking_at(path);
      KILN_TRY(distinct.add(std::move(input)));
    }
  }
  inputs.files = distinct.take();
  return inputs;
}

}  // namespace kiln::dataset
