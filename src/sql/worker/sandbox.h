// What the process of a query may do. Internal to the library.
#pragma once

#include <string>

#include "base/error.h"

namespace kiln::sql {

struct SandboxLimits {
  uint64_t memory = 0;     ///< bytes beyond those that it has already; 0: unbounded
  uint64_t file_size = 0;  ///< bytes of a file; 0: unbounded
  std::string folder{};    ///< the one that it may use; "": none
};

/// Before anything else: the process ends with its parent, cannot be looked into, gains no
/// rights, dumps no core, and has but the descriptors up to `last`. False if the parent has gone.
bool isolate(int parent, int last);

/// For good: limits, no file but below the folder, no system call but those that a query needs (no
/// sockets, no programs, no processes, no signals to others). What the kernel does not have is
/// named in what is returned ("Landlock", "seccomp"); without Landlock there are no files at all.
/// An error is one of what it has.
base::Result<std::string> close_doors(const SandboxLimits& limits);

}  // namespace kiln::sql
