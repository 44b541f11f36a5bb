// Places of which no client gets them all.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/mutex.h"

namespace kiln::net {

/// Counts who holds how many. Thread-safe.
class ClientShares {
 public:
  /// `most_of_one`: places of one client; 0: a quarter of `most`, at least one.
  ClientShares(size_t most, size_t most_of_one)
      : most_(most), most_of_one_(most_of_one != 0 ? most_of_one : (most < 4 ? 1 : most / 4)) {}

  enum class Taken { kYes, kNoneIsLeft, kOwnShareIsUsedUp };
  [[nodiscard]] Taken take(const std::string& client);
  void give_back(const std::string& client);

 private:
  const size_t most_;
  const size_t most_of_one_;
  base::Mutex mutex_;
  size_t taken_ KILN_GUARDED_BY(mutex_) = 0;
  std::map<std::string, size_t> by_client_ KILN_GUARDED_BY(mutex_);  ///< those with one or more
};

}  // namespace kiln::net
