// Room on the state directory's disk that is kept for what frees room.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/mutex.h"

namespace kiln::job {

/// A file of a size that nothing else may use: given up when the disk is full, so that the job
/// database can note what is cancelled, ended or deleted, and taken again when there is room.
/// Thread-safe.
class Reserve {
 public:
  /// Of the file.
  static constexpr uint64_t kSize = 1 << 20;
  /// What has to be free beside it for jobs to be taken.
  static constexpr uint64_t kLeastFree = 256 << 10;
  /// What has to be free beside it, before it is taken again.
  static constexpr uint64_t kFreeToRestore = 512 << 10;

  /// In a folder that is there. Touches nothing yet.
  explicit Reserve(const std::string& folder);

  /// Takes the room if it is not held and is there. kUnavailable: the disk is full.
  base::Status check();
  /// Whether what is free may not be enough for a small change.
  bool is_low() const;
  /// Gives the room to whoever is next.
  void release();

 private:
  const std::string folder_;
  const std::string path_;
  base::Mutex mutex_;
};

}  // namespace kiln::job
