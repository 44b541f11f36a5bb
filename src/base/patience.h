// Touching files that may never answer.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "base/error.h"

namespace kiln::base {

struct PatienceOptions {
  /// How long one file may take: its file system may have gone away.
  std::chrono::milliseconds limit{5000};
  /// Called by the thread that touches a file, before it does; for tests.
  std::function<void(const std::string& path)> before = {};
};

/// Has files looked at by threads of its own, and waits for them no longer than it has patience.
/// Threads that do not come back are left behind, a few at most; they may outlive this.
/// Thread-safe.
class Patience {
 public:
  /// Where a look is.
  class Look {
   public:
    virtual ~Look() = default;
    /// This file comes next: the time that it may take begins.
    virtual void at(const std::string& path) = 0;
  };

  explicit Patience(PatienceOptions options = {});
  /// Nobody may be in run().
  ~Patience();
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

  /// What `touch` gives, by another thread, beginning at `path`. If it gets no further for too long
  /// that is kUnavailable, which names the file, and at once for everyone with the same `path`
  /// until that look goes on; also if too many have been left behind. kCancelled on a stop. As
  /// `touch` may go on after that, all that it uses must be its own.
  template <typename T>
  Result<T> run(const std::string& path, std::function<Result<T>(Look&)> touch,
                const std::stop_token& stop = {}) {
    const auto result = std::make_shared<std::optional<Result<T>>>();
    KILN_TRY(wait(
        path, [result, touch = std::move(touch)](Look& look) { result->emplace(touch(look)); },
        stop));
    return std::move(**result);
  }

  static constexpr size_t kMostLeftBehind = 16;

 private:
  struct Task;
  struct Shared;
  Status wait(const std::string& path, std::function<void(Look&)> touch,
              const std::stop_token& stop);

  const std::shared_ptr<Shared> shared_;  ///< with its threads
};

}  // namespace kiln::base
