#include "app/memory_limit.h"

#include <algorithm>
#include <fstream>
#include <string>

#include <malloc.h>
#include <unistd.h>

#include "base/pool.h"

namespace kiln::app {
namespace {

namespace fs = std::filesystem;

/// UINT64_MAX if the file is not there or holds no number ("max").
uint64_t number_in(const fs::path& path) {
  std::ifstream file(path);
  uint64_t number = UINT64_MAX;
  return file >> number ? number : UINT64_MAX;
}

/// The least of a group's limit and of those above it, as far as they can be seen: inside a
/// container a group's path may be one of outside.
uint64_t limit_of_group(const fs::path& mount, const std::string& group, const char* file) {
  uint64_t least = number_in(mount / file);
  fs::path at = mount;
  for (const fs::path& part : fs::path(group).relative_path()) {
    at /= part;
    least = std::min(least, number_in(at / file));
  }
  return least;
}

}  // namespace

uint64_t default_memory_limit(const fs::path& root) {
  uint64_t least =
      static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/group" or "7:memory:/group"
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") {
      least = std::min(least, limit_of_group(root / "sys/fs/cgroup", group, "memory.max"));
    } else if (controllers.find(",memory,") != std::string::npos) {
      least = std::min(
          least, limit_of_group(root / "sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least / 4 * 3;
}

void set_up_allocator() {
  // A threshold that is set stays; by itself it grows to 32 MiB with what is freed, and blocks
  // below it stay with the process: 200 slow downloads, whose chunks are 256 KiB, left 40 MiB so.
  static constexpr int kLarge = 128 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, 8 * kLarge);
  // Each reserves 64 MiB of addresses. The library's own eight for each core are for programs
  // whose threads all allocate; here those of the pool do, the others wait.
  ::mallopt(M_ARENA_MAX, static_cast<int>(4 + base::available_threads()));
}

}  // namespace kiln::app
