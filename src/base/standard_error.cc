#include "base/standard_error.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kiln::base {
namespace {

constexpr std::chrono::seconds kLastPatience{1};
constexpr int kSlice = 50;  // ms between looks at the deadline
/// A pipe that is ready takes as much at once, if we are the only one who writes to it.
constexpr size_t kPiece = 4096;

}  // namespace

StandardError::StandardError() : descriptor_(STDERR_FILENO) {
  struct stat info {};
  if (::fstat(STDERR_FILENO, &info) != 0) return;
  is_socket_ = S_ISSOCK(info.st_mode);
  if (!S_ISFIFO(info.st_mode) && !S_ISCHR(info.st_mode)) return;
  const int own =
      ::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_APPEND);
  if (own >= 0) descriptor_ = own;
}

StandardError::~StandardError() {
  if (descriptor_ != STDERR_FILENO) ::close(descriptor_);
}

void StandardError::hurry() {
  deadline_ = (Clock::now() + kLastPatience).time_since_epoch().count();
}

long StandardError::write_some(std::string_view bytes) const {
  if (is_socket_) {
    return ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  return ::write(descriptor_, bytes.data(), std::min(bytes.size(), kPiece));
}

bool StandardError::is_late() const {
  const auto deadline = deadline_.load();
  return deadline != 0 && Clock::now().time_since_epoch().count() >= deadline;
}

bool StandardError::write(std::string_view bytes) {
  const size_t size = bytes.size();
  while (!bytes.empty()) {
    pollfd entry{descriptor_, POLLOUT, 0};
    if (::poll(&entry, 1, is_late() ? 0 : kSlice) > 0) {
      if (cut_ && write_some("\n") == 1) cut_ = false;
      const long written = write_some(bytes);
      if (written > 0) {
        bytes.remove_prefix(static_cast<size_t>(written));
        continue;
      }
      if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) return false;
      ::poll(nullptr, 0, 1);  // a terminal is ready for a byte, but not for ours
    }
    if (!is_late()) continue;
    cut_ = cut_ || bytes.size() < size;
    return false;
  }
  return true;
}

}  // namespace kiln::base
