#include "app/memory_limit.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace kiln::app {
namespace {

namespace fs = std::filesystem;

class MemoryLimitTest : public testing::Test {
 protected:
  MemoryLimitTest() {
    std::string pattern = testing::TempDir() + "kiln_memory_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  ~MemoryLimitTest() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  fs::path root_;
};

constexpr uint64_t kMiB = uint64_t{1} << 20;

TEST_F(MemoryLimitTest, WithoutAGroupItIsTheMachines) {
  EXPECT_GT(default_memory_limit(root_), 64 * kMiB);
  write("proc/self/cgroup", "0::/a\n");
  write("sys/fs/cgroup/a/memory.max", "max\n");
  EXPECT_GT(default_memory_limit(root_), 64 * kMiB);
}

TEST_F(MemoryLimitTest, Version2TakesTheLeastOnTheWayUp) {
  write("proc/self/cgroup", "0::/a/b\n");
  write("sys/fs/cgroup/a/b/memory.max", "max\n");
  write("sys/fs/cgroup/a/memory.max", std::to_string(64 * kMiB) + "\n");
  EXPECT_EQ(default_memory_limit(root_), 48 * kMiB);
}

TEST_F(MemoryLimitTest, Version1InAContainerWhoseGroupCannotBeSeen) {
  write("proc/self/cgroup", "3:cpu,cpuacct:/x\n2:memory:/docker/123\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(32 * kMiB) + "\n");
  EXPECT_EQ(default_memory_limit(root_), 24 * kMiB);
}

}  // namespace
}  // namespace kiln::app
