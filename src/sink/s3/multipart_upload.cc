#include "sink/s3/multipart_upload.h"

#include <functional>
#include <utility>

#include "base/guarded.h"

namespace kiln::sink {
namespace {

using base::Error;
using base::ErrorCode;

}  // namespace

base::Result<std::unique_ptr<MultipartUpload>> MultipartUpload::begin(const S3Bucket& bucket,
                                                                      std::string key,
                                                                      std::stop_token stop) {
  KILN_ASSIGN(std::string id, bucket.begin_upload(key, stop));
  return std::unique_ptr<MultipartUpload>(
      new MultipartUpload(bucket, std::move(key), std::move(id), std::move(stop)));
}

MultipartUpload::MultipartUpload(const S3Bucket& bucket, std::string key, std::string id,
                                 std::stop_token stop)
    : bucket_(bucket),
      key_(std::move(key)),
      id_(std::move(id)),
      outer_stop_(std::move(stop)),
      forward_stop_(outer_stop_, [this] { stop_.request_stop(); }) {
  threads_.reserve(bucket_.options().parallel_parts);
}

MultipartUpload::~MultipartUpload() {
  if (!completed_) stop_.request_stop();
  {
    const base::MutexLock lock(mutex_);
    no_more_ = true;
    changed_.notify_all();
  }
  for (base::Thread& thread : threads_) thread.join();
}

base::Status MultipartUpload::failure() {
  if (outer_stop_.stop_requested()) return Error(ErrorCode::kCancelled, "stopped while writing");
  if (error_) return error_->clone();
  return {};
}

base::Status MultipartUpload::add_part(std::string& part) {
  if (parts_ == S3Bucket::kMostParts) {
    return Error(ErrorCode::kLimit, "an S3 object has at most 10000 parts: raise --s3-part-size");
  }
  const size_t most = bucket_.options().parallel_parts;
  base::MutexLock lock(mutex_);
  while (under_way_ == most && !error_) changed_.wait(mutex_);
  KILN_TRY(failure());
  waiting_.push_back({++parts_, std::move(part)});
  ++under_way_;
  uploaded_.emplace_back();
  part.clear();
  if (!spare_.empty()) {
    part = std::move(spare_.back());
    spare_.pop_back();
  }
  changed_.notify_all();
  if (under_way_ <= threads_.size()) return {};
  auto thread =
      base::start_thread([this] { run(); }, [this](Error error) { fail(std::move(error)); });
  if (thread.ok()) {
    threads_.push_back(std::move(*thread));
  } else if (threads_.empty()) {
    return std::move(thread).error();
  }
  return {};
}

base::Status MultipartUpload::complete(uint64_t size) {
  std::vector<UploadedPart> parts;
  {
    base::MutexLock lock(mutex_);
    while (under_way_ != 0 && !error_) changed_.wait(mutex_);
    KILN_TRY(failure());
    parts = uploaded_;
  }
  KILN_TRY(bucket_.complete_upload(key_, id_, parts, size, outer_stop_));
  completed_ = true;
  return {};
}

void MultipartUpload::run() {
  Part part;
  while (take(part)) {
    auto uploaded = base::guarded(
        [&] { return bucket_.put_part(key_, id_, part.number, part.bytes, stop_.get_token()); });
    part.bytes.clear();
    note(part, std::move(uploaded));
    const base::MutexLock lock(mutex_);
    if (spare_.empty()) spare_.push_back(std::move(part.bytes));
    part.bytes = {};
  }
}

/// The thread has ended, and who waits for its part must not.
void MultipartUpload::fail(Error error) {
  const base::MutexLock lock(mutex_);
  if (!error_) error_ = std::move(error);
  stop_.request_stop();
  changed_.notify_all();
}

bool MultipartUpload::take(Part& part) {
  base::MutexLock lock(mutex_);
  while (waiting_.empty() && !no_more_) changed_.wait(mutex_);
  // After a stop too: its request fails at once, and who waits for the part is told.
  if (waiting_.empty()) return false;
  part = std::move(waiting_.front());
  waiting_.pop_front();
  return true;
}

void MultipartUpload::note(const Part& part, base::Result<UploadedPart> uploaded) {
  const base::MutexLock lock(mutex_);
  --under_way_;
  if (uploaded.ok()) {
    uploaded_[part.number - 1] = std::move(uploaded).value();
  } else if (!error_) {
    // The others are stopped by it, and fail too: the first is the cause.
    error_ = std::move(uploaded).error();
    stop_.request_stop();
  }
  changed_.notify_all();
}

}  // namespace kiln::sink
