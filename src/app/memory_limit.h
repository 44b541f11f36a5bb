// How much memory the process may use, and what the allocator is told about it.
#pragma once

#include <cstdint>
#include <filesystem>

namespace kiln::app {

/// Three quarters of what the control group (version 1 or 2) or the machine has, in bytes. `root`:
/// where /proc and /sys are, for tests.
uint64_t default_memory_limit(const std::filesystem::path& root = "/");

/// Large blocks go back to the system when they are freed. To be called before any thread runs.
void set_up_allocator();

}  // namespace kiln::app
