#include "base/crash_point.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "base/number.h"
#include "base/visible_text.h"

namespace kiln::base {
namespace {

struct Armed {
  std::string_view setting;  ///< all of KILN_CRASH_AT
  std::string_view name;
  int passes = 1;
};

[[noreturn]] void refuse(std::string_view setting) {
  std::fprintf(stderr, "KILN_CRASH_AT: no such crash point: %s\n", visible_text(setting).c_str());
  _exit(2);
}

Armed read_environment() {
  const char* const value = std::getenv("KILN_CRASH_AT");
  if (value == nullptr || *value == '\0') return {};
  Armed armed;
  armed.setting = value;
  const size_t colon = armed.setting.find(':');
  armed.name = armed.setting.substr(0, colon);
  if (armed.name.empty()) refuse(armed.setting);
  if (colon == std::string_view::npos) return armed;
  const auto passes = whole_number<int>(armed.setting.substr(colon + 1));
  if (!passes || *passes < 1) refuse(armed.setting);
  armed.passes = *passes;
  return armed;
}

const Armed kArmed = read_environment();
std::atomic<int> passes_left = kArmed.passes;

}  // namespace

const bool kCrashIsArmed = !kArmed.name.empty();

void pass_crash_point(std::string_view name) {
  if (name != kArmed.name || passes_left.fetch_sub(1) != 1) return;
  // As a kill from outside: no handler, no destructor, nothing flushed.
  (void)::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

void check_armed_crash_point(std::initializer_list<CrashPointNames> lists) {
  const bool known = std::any_of(lists.begin(), lists.end(), [](CrashPointNames names) {
    return is_crash_point(names, kArmed.name);
  });
  if (kCrashIsArmed && !known) refuse(kArmed.setting);
}

}  // namespace kiln::base
