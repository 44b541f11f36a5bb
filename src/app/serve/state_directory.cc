#include "app/serve/state_directory.h"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kiln::app {
namespace {

namespace fs = std::filesystem;

base::Status make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return base::io_error("cannot make the folder " + path, errno);
}

/// So that a power cut cannot take away the folder of jobs that were accepted.
base::Status sync_folder(const fs::path& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  const int error = errno;
  if (folder >= 0) ::close(folder);
  return synced ? base::Status() : base::io_error("cannot sync " + path.string(), error);
}

}  // namespace

base::Result<StateDirectory> StateDirectory::open(const std::string& given) {
  std::string path = fs::absolute(given).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::error_code code;
  const fs::path parent = fs::path(path).parent_path();
  fs::create_directories(parent, code);
  const bool is_new = !fs::exists(path, code);
  KILN_TRY(make_folder(path));
  if (is_new) KILN_TRY(sync_folder(parent));
  const int lock = ::open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return base::io_error("cannot use the state directory " + path, errno);
  StateDirectory directory(path, lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return base::Error(base::ErrorCode::kConflict,
                       "another server is using the state directory " + path);
  }
  // Emptied, not made anew: that might need room.
  KILN_TRY(make_folder(directory.scratch_path()));
  for (fs::directory_iterator entry(directory.scratch_path(), code), end; !code && entry != end;
       entry.increment(code)) {
    std::error_code ignored;
    fs::remove_all(entry->path(), ignored);
  }
  return directory;
}

std::string StateDirectory::identity() const {
  struct statx file {};
  if (::statx(lock_, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &file) != 0) return "";
  std::string text = std::to_string(file.stx_ino);
  if ((file.stx_mask & STATX_BTIME) != 0) {
    text +=
        " " + std::to_string(file.stx_btime.tv_sec) + "." + std::to_string(file.stx_btime.tv_nsec);
  }
  return text;
}

StateDirectory::~StateDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

}  // namespace kiln::app
