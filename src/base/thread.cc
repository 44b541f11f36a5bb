#include "base/thread.h"

#include <system_error>

namespace kiln::base {

Result<std::thread> start_thread(std::function<void()> body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& error) {
    return Error(ErrorCode::kUnavailable, std::string("cannot start a thread: ") + error.what());
  }
}

}  // namespace kiln::base
