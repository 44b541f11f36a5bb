#include "base/open_path.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

namespace kiln::base {
namespace {

const char* kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "something else";
}

Error not_regular(const std::string& path, mode_t mode) {
  return Error(ErrorCode::kUnavailable,
               "not a regular file but " + std::string(kind_of(mode)) + ": " + path);
}

}  // namespace

Result<Descriptor> open_path(const std::string& path, SpecialFiles special, Links links) {
  const int no_links = links == Links::kRefused ? O_NOFOLLOW : 0;
  Descriptor descriptor(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | no_links));
  struct stat info {};
  if (!descriptor.ok()) {
    const int error = errno;  // a socket, or a device without a driver
    const bool is_special = error == ENXIO && ::stat(path.c_str(), &info) == 0;
    if (is_special && special == SpecialFiles::kRefused) return not_regular(path, info.st_mode);
    return io_error("cannot read " + path, error);
  }
  const int error = ::fstat(descriptor.get(), &info) != 0 ? errno
                    : S_ISDIR(info.st_mode)               ? EISDIR
                                                          : 0;
  if (error != 0) return io_error("cannot read " + path, error);
  if (special == SpecialFiles::kRefused && !S_ISREG(info.st_mode)) {
    return not_regular(path, info.st_mode);
  }
  return descriptor;
}

}  // namespace kiln::base
