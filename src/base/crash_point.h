// Places where a test can kill the process: what is on disk there must be enough to go on from.
// A library that has such places lists their names as kCrashPoints in its own namespace.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string_view>

namespace kiln::base {

using CrashPointNames = std::span<const std::string_view>;

/// True if KILN_CRASH_AT=name[:n] was set when the process started: it kills itself when it passes
/// the point of that name for the n-th time.
extern const bool kCrashIsArmed;

/// Counts a pass of the armed point; nothing at any other.
void pass_crash_point(std::string_view name);

/// Ends the process with status 2 if the armed point is in none of the lists: a test that misspells
/// one would pass without having crashed.
void check_armed_crash_point(std::initializer_list<CrashPointNames> lists);

constexpr bool is_crash_point(CrashPointNames names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace kiln::base

/// `name` has to be one of kCrashPoints of the namespace at hand. Costs one test when not armed.
#define KILN_CRASH_POINT(name)                                                          \
  do {                                                                                  \
    static_assert(::kiln::base::is_crash_point(kCrashPoints, name), "not in the list"); \
    if (::kiln::base::kCrashIsArmed) [[unlikely]] {                                     \
      ::kiln::base::pass_crash_point(name);                                             \
    }                                                                                   \
  } while (false)
