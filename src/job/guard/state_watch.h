// Whether the files that jobs are kept in are still the ones that this process has open.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"

namespace kiln::job {

/// A path that leads elsewhere, or nowhere, means that what is written is lost with the process.
/// Thread-safe.
class StateWatch {
 public:
  /// Notes where the paths lead now; one that leads nowhere is not watched. `database` is looked
  /// into as well. Must outlive whoever has it open: closing a file ends the process' locks on it.
  StateWatch(const std::string& database, const std::vector<std::string>& others);
  ~StateWatch();
  StateWatch(const StateWatch&) = delete;
  StateWatch& operator=(const StateWatch&) = delete;

  /// kUnavailable if a file was removed, replaced or cut; stays so from then on.
  base::Status check();

 private:
  struct Watched {
    std::string path;
    uint64_t device;
    uint64_t inode;
  };
  base::Status look() KILN_REQUIRES(mutex_);

  const std::string database_;
  const int file_;  ///< the database, for as long as this lives
  std::vector<Watched> watched_;
  base::Mutex mutex_;
  uint64_t least_size_ KILN_GUARDED_BY(mutex_) = 0;  ///< of the database, which never shrinks
  std::string broken_ KILN_GUARDED_BY(mutex_);       ///< what was found; "" if nothing
};

}  // namespace kiln::job
