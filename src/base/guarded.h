// The border between code that may throw and errors as values.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace kiln::base {

/// kNoMemory for std::bad_alloc, kUnavailable if the system has no more of something, else
/// kInternal.
Error error_of(const std::exception& exception) noexcept;

/// What `body` gives, a Status or a Result (or nothing, for a Status), or the std::exception that
/// leaves it as an error. Nothing else is thrown but a thread's cancellation, which must not be
/// held up, and a test's crash.
template <typename Body>
auto guarded(Body&& body) {
  using Given = std::invoke_result_t<Body>;
  using Value = std::conditional_t<std::is_void_v<Given>, Status, Given>;
  try {
    if constexpr (std::is_void_v<Given>) {
      std::forward<Body>(body)();
      return Value();
    } else {
      return Value(std::forward<Body>(body)());
    }
  } catch (const std::exception& exception) {
    return Value(error_of(exception));
  }
}

}  // namespace kiln::base
