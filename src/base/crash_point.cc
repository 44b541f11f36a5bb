#include "base/crash_point.h"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "base/visible_text.h"

namespace kiln::base {
namespace {

struct Armed {
  size_t point = kCrashPoints.size() + 1;
  int passes = 1;
};

/// A test that misspells a point would pass without having crashed, so it is told at once.
[[noreturn]] void refuse(std::string_view setting) {
  std::fprintf(stderr, "KILN_CRASH_AT: no such crash point: %s\n", visible_text(setting).c_str());
  _exit(2);
}

Armed read_environment() {
  const char* const value = std::getenv("KILN_CRASH_AT");
  if (value == nullptr || *value == '\0') return {};
  const std::string_view setting = value;
  const size_t colon = setting.find(':');
  Armed armed;
  armed.point = crash_point_of(setting.substr(0, colon));
  if (armed.point == kCrashPoints.size()) refuse(setting);
  if (colon == std::string_view::npos) return armed;
  const char* const end = setting.data() + setting.size();
  const auto parsed = std::from_chars(setting.data() + colon + 1, end, armed.passes);
  if (parsed.ec != std::errc() || parsed.ptr != end || armed.passes < 1) refuse(setting);
  return armed;
}

const Armed kArmed = read_environment();
std::atomic<int> passes_left = kArmed.passes;

}  // namespace

const size_t kArmedCrashPoint = kArmed.point;

void pass_armed_crash_point() {
  if (passes_left.fetch_sub(1) != 1) return;
  // As a kill from outside: no handler, no destructor, nothing flushed.
  (void)::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

}  // namespace kiln::base
