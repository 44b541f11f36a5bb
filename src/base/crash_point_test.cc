#include "base/crash_point.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kiln::base {
namespace {

constexpr std::array<std::string_view, 2> kCrashPoints = {"start.after_record", "run.after_end"};
constexpr std::array<std::string_view, 1> kOthers = {"submit.after_record"};

/// The wait status of this program run again, armed as given, through CrashPointChild.
int run_child(const char* setting) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (setting != nullptr) ::setenv("KILN_CRASH_AT", setting, 1);
    if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(3);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(3);
    ::execl("/proc/self/exe", "test", "--gtest_filter=CrashPointChild.*",
            "--gtest_also_run_disabled_tests", nullptr);
    ::_exit(4);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

/// Only ever run by run_child().
TEST(CrashPointChild, DISABLED_PassesTwice) {
  check_armed_crash_point({kCrashPoints, kOthers});
  for (int pass = 0; pass < 2; ++pass) KILN_CRASH_POINT("start.after_record");
  KILN_CRASH_POINT("run.after_end");
}

TEST(CrashPoint, KillsAtTheNthPass) {
  for (const char* setting : {"start.after_record", "start.after_record:2", "run.after_end:1"}) {
    const int status = run_child(setting);
    EXPECT_TRUE(WIFSIGNALED(status)) << setting;
    EXPECT_EQ(WTERMSIG(status), SIGKILL) << setting;
  }
}

TEST(CrashPoint, DoesNothingElsewhere) {
  for (const char* setting :
       {static_cast<const char*>(nullptr), "", "start.after_record:3", "submit.after_record"}) {
    const int status = run_child(setting);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << (setting ? setting : "unset");
  }
}

TEST(CrashPoint, RefusesWhatItDoesNotKnow) {
  for (const char* setting : {"start.after_recor", "start.after_record:", "start.after_record:0",
                              "start.after_record:1x", ":1"}) {
    const int status = run_child(setting);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 2) << setting;
  }
}

}  // namespace
}  // namespace kiln::base
