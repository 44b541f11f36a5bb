#include "job/guard/reserve.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace kiln::job {
namespace {

/// Nothing if it cannot be told.
std::optional<struct statvfs> disk_of(const std::string& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0 || disk.f_blocks == 0) return std::nullopt;
  return disk;
}

/// Bytes; what cannot be told is no bound.
uint64_t free_in(const std::string& folder) {
  const auto disk = disk_of(folder);
  return disk ? uint64_t{disk->f_bavail} * disk->f_frsize : std::numeric_limits<uint64_t>::max();
}

uint64_t size_for(const std::string& folder) {
  const auto disk = disk_of(folder);
  if (!disk) return Reserve::kMost;
  return std::clamp(uint64_t{disk->f_blocks} * disk->f_frsize / 16, Reserve::kLeast,
                    Reserve::kMost);
}

bool is_held(const std::string& path, uint64_t size) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && uint64_t(status.st_size) >= size;
}

/// Whole or not there.
bool make(const std::string& path, uint64_t size) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return false;
  const bool made = ::posix_fallocate(file, 0, static_cast<off_t>(size)) == 0;
  ::close(file);
  if (!made) ::unlink(path.c_str());
  return made;
}

}  // namespace

Reserve::Reserve(const std::string& folder)
    : folder_(folder), path_(folder + "/reserve"), size_(size_for(folder)) {}

base::Status Reserve::check() {
  const base::MutexLock lock(mutex_);
  const uint64_t free = free_in(folder_);
  const bool has_room = is_held(path_, size_)
                            ? free >= least_free()
                            : free >= size_ + free_to_restore() && make(path_, size_);
  if (has_room) return {};
  return base::Error(base::ErrorCode::kUnavailable, "the disk of the job database is full");
}

bool Reserve::is_low() const { return free_in(folder_) < least_free(); }

void Reserve::release() {
  const base::MutexLock lock(mutex_);
  ::unlink(path_.c_str());
}

}  // namespace kiln::job
