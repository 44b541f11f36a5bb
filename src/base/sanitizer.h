// Whether this is a build with a sanitizer, for what has to know.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define KILN_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KILN_ADDRESS_SANITIZER 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define KILN_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KILN_THREAD_SANITIZER 1
#endif
#endif

#ifdef KILN_ADDRESS_SANITIZER
#include <sanitizer/lsan_interface.h>
#endif

namespace kiln::base {

#if defined(KILN_ADDRESS_SANITIZER) || defined(KILN_THREAD_SANITIZER)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

/// What this thread allocates while it lives stays until the process ends, and is held by memory
/// that LeakSanitizer does not look into.
#ifdef KILN_ADDRESS_SANITIZER
using KeptToTheEnd = __lsan::ScopedDisabler;
#else
struct KeptToTheEnd {
  KeptToTheEnd() {}
};
#endif

}  // namespace kiln::base
