#include "api/export/poll_limiter.h"

namespace kiln::api {

bool PollLimiter::allow(const std::string& job) {
  static constexpr size_t kManyWindows = 4096;
  const auto now = clock_.steady_now();
  base::MutexLock lock(mutex_);
  if (windows_.size() >= kManyWindows) {
    std::erase_if(windows_, [&](const auto& entry) {
      return now - entry.second.begin >= std::chrono::seconds(1);
    });
  }
  Window& window = windows_[job];
  if (window.polls == 0 || now - window.begin >= std::chrono::seconds(1)) window = {now, 0};
  return ++window.polls <= limit_;
}

}  // namespace kiln::api
