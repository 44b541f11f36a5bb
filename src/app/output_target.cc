#include "app/output_target.h"

#include <cerrno>
#include <filesystem>

#include <unistd.h>

#include "base/number.h"

namespace kiln::app {
namespace {

namespace fs = std::filesystem;

base::Error not_writable(const std::string& what, const std::string& name) {
  return base::Error(base::ErrorCode::kConflict, "the output cannot be " + what + ": " + name);
}

/// Of a name that means an open descriptor, which is more than the file behind it: it has an offset
/// and may append.
std::optional<int> descriptor_of(const std::string& path) {
  if (path == "/dev/stdin") return STDIN_FILENO;
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const auto number = base::whole_number<int>(path.substr(folder.size()));
    if (number && *number >= 0) return number;
  }
  return std::nullopt;
}

struct Resolved {
  std::string path;
  std::optional<int> descriptor;
};

/// Follows the links of the last component, dangling ones too: the link stays, what it leads to is
/// written.
base::Result<Resolved> follow_links(const std::string& name) {
  static constexpr int kMostLinks = 40;  // as many as the system follows
  fs::path path = name;
  for (int links = 0; links <= kMostLinks; ++links) {
    if (const auto descriptor = descriptor_of(path.string())) return Resolved{"", descriptor};
    std::error_code code;
    if (!fs::is_symlink(fs::symlink_status(path, code))) return Resolved{path.string(), {}};
    const fs::path next = fs::read_symlink(path, code);
    if (code) return base::io_error("cannot write " + name, code.value());
    path = path.parent_path() / next;
  }
  return base::io_error("cannot write " + name, ELOOP);
}

OutputTarget open_descriptor(int descriptor, const std::string& name) {
  OutputTarget target{OutputTarget::Kind::kStream, name, "", descriptor, {}};
  struct stat info {};
  if (::fstat(descriptor, &info) == 0) target.existing = info;
  return target;
}

}  // namespace

base::Result<OutputTarget> find_target(const std::string& name) {
  if (name.empty() || name == "-") return open_descriptor(STDOUT_FILENO, "standard output");
  KILN_ASSIGN(const Resolved resolved, follow_links(name));
  if (resolved.descriptor) return open_descriptor(*resolved.descriptor, name);
  OutputTarget target{OutputTarget::Kind::kFile, name, resolved.path, -1, {}};
  struct stat info {};
  if (::stat(target.path.c_str(), &info) != 0) {
    if (errno != ENOENT) return base::io_error("cannot write " + name, errno);
    if (name.ends_with('/')) return not_writable("a folder", name);
    return target;
  }
  if (S_ISDIR(info.st_mode)) return not_writable("a folder", name);
  if (S_ISBLK(info.st_mode)) return not_writable("a block device", name);
  if (S_ISSOCK(info.st_mode)) return not_writable("a socket", name);
  if (!S_ISREG(info.st_mode)) target.kind = OutputTarget::Kind::kStream;
  target.existing = info;
  return target;
}

bool names_standard_input(const std::string& name) {
  return name == "-" || descriptor_of(name) == STDIN_FILENO;
}

void SourceFiles::add(const std::string& name) {
  struct stat info {};
  if (names_standard_input(name)) {
    if (::fstat(STDIN_FILENO, &info) == 0) {
      files_.emplace(Identity{info.st_dev, info.st_ino}, "standard input");
    }
    return;
  }
  if (::stat(name.c_str(), &info) == 0) files_.emplace(Identity{info.st_dev, info.st_ino}, name);
  const fs::path folder = fs::path(name).parent_path();
  if (::stat(folder.empty() ? "." : folder.c_str(), &info) == 0) {
    folders_.emplace(Identity{info.st_dev, info.st_ino}, name);
  }
}

base::Status SourceFiles::check(const OutputTarget& target) const {
  if (!target.existing) return {};
  const mode_t mode = target.existing->st_mode;
  if (!S_ISREG(mode) && !S_ISFIFO(mode)) return {};
  const auto found = files_.find({target.existing->st_dev, target.existing->st_ino});
  if (found == files_.end()) return {};
  return base::Error(base::ErrorCode::kUsage, "the output would be written over what is read: " +
                                                  target.name + " is " + found->second);
}

base::Status SourceFiles::check_in_folder(const OutputTarget& target) const {
  KILN_TRY(check(target));
  if (!target.existing) return {};
  const fs::path folder = fs::path(target.path).parent_path();
  struct stat info {};
  if (::stat(folder.empty() ? "." : folder.c_str(), &info) != 0) return {};
  const auto found = folders_.find({info.st_dev, info.st_ino});
  if (found == folders_.end()) return {};
  return base::Error(base::ErrorCode::kUsage,
                     "the output would replace " + target.name +
                         " in a folder that is read from: " + found->second + " is there");
}

}  // namespace kiln::app
