// One large object, sent in parts, several at once.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "sink/s3/s3_bucket.h"

namespace kiln::sink {

/// Holds at most S3Options::parallel_parts parts, each in one of as many threads, which are started
/// as they are needed. Used by one thread. Must not outlive the bucket.
class MultipartUpload {
 public:
  static base::Result<std::unique_ptr<MultipartUpload>> begin(const S3Bucket& bucket,
                                                              std::string key,
                                                              std::stop_token stop);
  /// Stops what is on its way. An upload that was not completed stays, for whoever removes the
  /// object: its end would have to wait for a store that may be down.
  ~MultipartUpload();
  MultipartUpload(const MultipartUpload&) = delete;
  MultipartUpload& operator=(const MultipartUpload&) = delete;

  /// Blocks while as many parts as allowed are on their way. Fails when one of those before has.
  /// `part` is left empty, but with room for the next.
  base::Status add_part(std::string& part);
  /// Waits for all parts. `size` is that of the whole.
  base::Status complete(uint64_t size);

 private:
  struct Part {
    uint32_t number;
    std::string bytes;
  };

  MultipartUpload(const S3Bucket& bucket, std::string key, std::string id, std::stop_token stop);

  void run();
  bool take(Part& part);
  void note(const Part& part, base::Result<UploadedPart> uploaded);
  void fail(base::Error error);
  base::Status failure() KILN_REQUIRES(mutex_);

  const S3Bucket& bucket_;
  const std::string key_;
  const std::string id_;
  const std::stop_token outer_stop_;
  std::stop_source stop_;  ///< of the threads: the caller's stop, a failure, or the end
  const std::stop_callback<std::function<void()>> forward_stop_;
  bool completed_ = false;
  uint32_t parts_ = 0;

  base::Mutex mutex_;
  base::Condition changed_;
  std::deque<Part> waiting_ KILN_GUARDED_BY(mutex_);
  size_t under_way_ KILN_GUARDED_BY(mutex_) = 0;  ///< waiting or in a thread
  bool no_more_ KILN_GUARDED_BY(mutex_) = false;
  std::vector<UploadedPart> uploaded_ KILN_GUARDED_BY(mutex_);  ///< by part
  std::vector<std::string> spare_ KILN_GUARDED_BY(mutex_);      ///< empty, with room for a part
  std::optional<base::Error> error_ KILN_GUARDED_BY(mutex_);

  std::vector<base::Thread> threads_;
};

}  // namespace kiln::sink
