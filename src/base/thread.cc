#include "base/thread.h"

#include "base/guarded.h"

namespace kiln::base {
namespace {

Status run_to_its_end(const std::function<void()>& body) {
  try {
    return guarded(body);
  } catch (...) {
    return Error(ErrorCode::kInternal, "an exception of an unknown kind");
  }
}

}  // namespace

Result<Thread> start_thread(std::function<void()> body, std::function<void(Error)> failed) {
  const auto run = [body = std::move(body), failed = std::move(failed)]() noexcept {
    Status status = run_to_its_end(body);
    if (status.ok()) return;
    // What is done about an error may throw too; there is nobody else to tell.
    (void)guarded([&] { failed(std::move(status).error()); });
  };
  auto started = guarded([&]() -> Result<Thread> { return Thread(std::thread(run)); });
  if (started.ok() || started.error().code() == ErrorCode::kNoMemory) return started;
  return std::move(started).error().in("cannot start a thread");
}

}  // namespace kiln::base
