// Counters of a scan that others watch while it goes on.
#pragma once

#include <atomic>
#include <cstdint>

namespace kiln::base {

struct Progress {
  std::atomic<uint64_t> bytes{0};        ///< of the files as they are on disk
  std::atomic<uint64_t> bytes_total{0};  ///< of the files that are read at all; 0: not known
  std::atomic<uint64_t> rows{0};
  std::atomic<size_t> subject{0};  ///< index of the one that got rows last
};

}  // namespace kiln::base
