#include "job/guard/state_watch.h"

#include <array>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kiln::job {
namespace {

/// What every SQLite database begins with.
constexpr std::string_view kMagic("SQLite format 3\0", 16);

std::optional<struct stat> status_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

bool begins_as_a_database(int file) {
  std::array<char, kMagic.size()> head{};
  const ssize_t got = ::pread(file, head.data(), head.size(), 0);
  return got == static_cast<ssize_t>(head.size()) &&
         std::string_view(head.data(), head.size()) == kMagic;
}

}  // namespace

StateWatch::StateWatch(const std::string& database, const std::vector<std::string>& others)
    : database_(database), file_(::open(database.c_str(), O_RDONLY | O_CLOEXEC)) {
  std::vector<std::string> paths = others;
  paths.push_back(database);
  for (std::string& path : paths) {
    const auto status = status_of(path);
    if (status) watched_.push_back({std::move(path), status->st_dev, status->st_ino});
  }
}

StateWatch::~StateWatch() {
  if (file_ >= 0) ::close(file_);
}

base::Status StateWatch::check() {
  const base::MutexLock lock(mutex_);
  if (broken_.empty()) {
    const base::Status status = look();
    if (!status.ok()) broken_ = status.error().message();
  }
  if (broken_.empty()) return {};
  return base::Error(base::ErrorCode::kUnavailable, broken_);
}

base::Status StateWatch::look() {
  const auto error = [](std::string_view what, const std::string& path) {
    return base::Error(base::ErrorCode::kUnavailable,
                       "the server's state was " + std::string(what) +
                           " while it runs: " + path.substr(path.rfind('/') + 1));
  };
  for (const Watched& one : watched_) {
    const auto status = status_of(one.path);
    if (!status) return error("removed", one.path);
    if (status->st_dev != one.device || status->st_ino != one.inode) {
      return error("replaced", one.path);
    }
    if (one.path != database_) continue;
    const auto size = static_cast<uint64_t>(status->st_size);
    // Until its first checkpoint it may be empty.
    if (size < least_size_ || (size > 0 && !begins_as_a_database(file_))) {
      return error("damaged", one.path);
    }
    least_size_ = size;
  }
  return {};
}

}  // namespace kiln::job
