#include "base/guarded.h"

#include <new>
#include <system_error>

#include "base/memory_budget.h"

namespace kiln::base {

Error error_of(const std::exception& exception) noexcept {
  const auto* const refused = dynamic_cast<const MemoryRefused*>(&exception);
  const bool never = refused != nullptr && !refused->could_fit();
  if (!never && dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return Error::no_memory();
  }
  const auto* const system = dynamic_cast<const std::system_error*>(&exception);
  const bool later =
      system != nullptr && system->code() == std::errc::resource_unavailable_try_again;
  try {
    if (never) return Error(ErrorCode::kLimit, exception.what());
    return Error(later ? ErrorCode::kUnavailable : ErrorCode::kInternal,
                 std::string("an exception: ") + exception.what());
  } catch (const std::exception&) {
    return Error::no_memory();
  }
}

}  // namespace kiln::base
