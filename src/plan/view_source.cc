#include "plan/view_source.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/near_name.h"

namespace kiln::plan {
namespace {

/// An artefact larger than this is a mistake.
constexpr size_t kLargest = size_t{64} << 20;

/// A file in the same folder whose name is near; "" if there is none.
std::string near_file(const std::string& path) {
  namespace fs = std::filesystem;
  static constexpr size_t kMostLookedAt = 10'000;
  const fs::path folder = fs::path(path).parent_path();
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator entry(folder.empty() ? fs::path(".") : folder, code), end;
       !code && entry != end && names.size() < kMostLookedAt; entry.increment(code)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const std::string near =
      base::nearest_name(fs::path(path).filename().string(), {names.begin(), names.end()});
  return near.empty() ? near : (folder / near).string();
}

/// `reads` is called before each read.
base::Result<std::string> read_to_end(int descriptor, const std::string& path,
                                      const std::function<void()>& reads) {
  std::string text;
  for (;;) {
    const size_t before = text.size();
    if (before > kLargest) {
      return base::Error(base::ErrorCode::kLimit, "the file is larger than 64 MiB: " + path);
    }
    text.resize(before + 64 * 1024 + before / 2);
    reads();
    pollfd wanted{descriptor, POLLIN, 0};  // a FIFO nobody has written to yet would be empty
    poll(&wanted, 1, -1);
    const ssize_t got = read(descriptor, text.data() + before, text.size() - before);
    const int error = errno;
    text.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got == 0) return text;
    if (got < 0 && error != EINTR && error != EAGAIN) {
      return base::io_error("cannot read " + path, error);
    }
  }
}

/// A file and, if it is a regular one, what is in it; a writer at the other end may take its time.
struct Opened {
  base::Descriptor descriptor;
  std::optional<std::string> text;
};

base::Result<Opened> open_and_read(const std::string& path, base::SpecialFiles special,
                                   base::Patience::Look& look) {
  auto opened = base::open_path(path, special);
  if (!opened.ok()) {
    if (opened.error().code() != base::ErrorCode::kNotFound) return std::move(opened).error();
    return std::move(opened).error().with_suggestion(near_file(path));
  }
  struct stat info {};
  if (fstat(opened->get(), &info) != 0) return base::io_error("cannot read " + path, errno);
  Opened file{std::move(*opened), std::nullopt};
  if (!S_ISREG(info.st_mode)) return file;
  KILN_ASSIGN(file.text, read_to_end(file.descriptor.get(), path, [&] { look.at(path); }));
  return file;
}

Compilation failed(base::Error error) {
  Compilation compilation;
  compilation.problems.errors.push_back(std::move(error));
  return compilation;
}

}  // namespace

base::Result<std::string> read_text(const std::string& path, const ReadRules& rules) {
  if (path == "-") return read_to_end(STDIN_FILENO, path, [] {});
  std::optional<base::Patience> own;
  base::Patience& patience = rules.patience != nullptr ? *rules.patience : own.emplace();
  KILN_ASSIGN(Opened opened,
              patience.run<Opened>(path, [path, special = rules.special](base::Patience::Look& at) {
                return open_and_read(path, special, at);
              }));
  if (opened.text) return std::move(*opened.text);
  return read_to_end(opened.descriptor.get(), path, [] {});
}

base::Result<json::DocumentPtr> read_document(const std::string& path, const ReadRules& rules) {
  KILN_ASSIGN(std::string text, read_text(path, rules));
  return json::Document::parse(std::move(text), path == "-" ? "<stdin>" : path);
}

base::Result<json::Value> find_view(const json::DocumentPtr& document) {
  const json::Value root = document->root();
  const std::string_view type = root["resourceType"].text();
  if (type == "Bundle") {
    for (const json::Value entry : root["entry"].items()) {
      if (view::is_view(entry["resource"])) return entry["resource"];
    }
  }
  if (type == "Parameters") {
    for (const json::Value parameter : root["parameter"].items()) {
      if (view::is_view(parameter["resource"])) return parameter["resource"];
    }
  }
  // Views without a resourceType are common in examples.
  if (view::is_view(root) || (type.empty() && root.is_object())) return root;
  return base::Error(
             base::ErrorCode::kInvalid,
             "not a ViewDefinition" + (type.empty() ? std::string() : ": " + std::string(type)))
      .at(root.position());
}

std::string stem_of(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  const size_t dot = name.rfind('.');
  if (dot != std::string::npos && dot != 0) name.resize(dot);
  return name;
}

Compilation load_view(const std::string& path, const view::CompileOptions& options) {
  auto document = read_document(path);
  if (document.ok()) return view_of_document(*document, path, options);
  return failed(std::move(document).error());
}

Compilation view_of_document(const json::DocumentPtr& document, const std::string& path,
                             const view::CompileOptions& options) {
  auto value = find_view(document);
  if (!value.ok()) return failed(std::move(value).error());
  return compile_view(document, *value, options, stem_of(path));
}

Subject subject_of(Compilation made, const std::string& path, Problems& problems) {
  for (base::Error& error : made.problems.errors) {
    problems.add(ProblemCode::kInvalidView, path, std::move(error));
  }
  for (base::Error& warning : made.problems.warnings) {
    problems.warn(ProblemCode::kInvalidView, path, std::move(warning));
  }
  for (base::Error& hint : made.problems.hints) {
    problems.hint(ProblemCode::kInvalidView, path, std::move(hint));
  }
  std::string name = made.view ? made.view->name() : "";
  return {name, std::move(made.view), "", path, name};
}

std::vector<Subject> load_views(const std::vector<std::string>& paths,
                                const view::CompileOptions& options, Problems& problems) {
  std::vector<Subject> subjects;
  for (const std::string& path : paths) {
    subjects.push_back(subject_of(load_view(path, options), path, problems));
  }
  return subjects;
}

}  // namespace kiln::plan
