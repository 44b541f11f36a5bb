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
  /// Of the file: a sixteenth of the disk, within these.
  static constexpr uint64_t kLeast = 256 << 10;
  static constexpr uint64_t kMost = 1 << 20;

  /// In a folder that is there. Touches nothing yet.
  explicit Reserve(const std::string& folder);

  uint64_t size() const { return size_; }
  /// What has to be free beside it for jobs to be taken.
  uint64_t least_free() const { return size_ / 4; }
  /// What has to be free beside it, before it is taken again.
  uint64_t free_to_restore() const { return size_ / 2; }

  /// Takes the room if it is not held and is there. kUnavailable: the disk is full.
  base::Status check();
  /// Whether what is free may not be enough for a small change.
  bool is_low() const;
  /// Gives the room to whoever is next.
  void release();

 private:
  const std::string folder_;
  const std::string path_;
  const uint64_t size_;
  base::Mutex mutex_;
};

}  // namespace kiln::job
