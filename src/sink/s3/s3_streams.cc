#include "sink/s3/s3_streams.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kiln::sink {
namespace {

using base::Error;
using base::ErrorCode;

// The first byte comes soon, and a large file in few requests.
constexpr uint64_t kFirstPiece = uint64_t{256} << 10;
constexpr uint64_t kPiece = uint64_t{4} << 20;

}  // namespace

base::Status S3Writer::check_open() const {
  if (state_ == State::kOpen) return {};
  return Error(ErrorCode::kInternal, "an exported file is written to after its end");
}

base::Status S3Writer::write(std::string_view bytes) {
  KILN_TRY(check_open());
  state_ = State::kEnded;
  if (stop_.stop_requested()) return Error(ErrorCode::kCancelled, "stopped while writing");
  digest_.update(bytes);
  size_ += bytes.size();
  KILN_TRY(append(bytes));
  state_ = State::kOpen;
  return {};
}

base::Status S3Writer::append(std::string_view bytes) {
  const size_t part_size = bucket_.options().part_size;
  while (!bytes.empty()) {
    if (buffer_.size() == part_size) KILN_TRY(send_buffer());
    const std::string_view piece = bytes.substr(0, part_size - buffer_.size());
    // Doubling would go past the part and take up to two of them.
    const size_t needed = buffer_.size() + piece.size();
    if (needed > buffer_.capacity()) {
      buffer_.reserve(std::min(part_size, std::max(needed, 2 * buffer_.capacity())));
    }
    buffer_.append(piece);
    bytes.remove_prefix(piece.size());
  }
  return {};
}

base::Status S3Writer::send_buffer() {
  if (!upload_) {
    KILN_ASSIGN(upload_, MultipartUpload::begin(bucket_, key_, stop_));
  }
  return upload_->add_part(buffer_);
}

base::Result<StoredObject> S3Writer::finish() {
  KILN_TRY(check_open());
  state_ = State::kEnded;
  if (stop_.stop_requested()) return Error(ErrorCode::kCancelled, "stopped while writing");
  if (upload_) {
    KILN_TRY(upload_->add_part(buffer_));
    KILN_TRY(upload_->complete(size_));
  } else {
    KILN_TRY(bucket_.put(key_, buffer_, stop_));
  }
  buffer_ = {};
  return StoredObject{size_, digest_.finish_hex()};
}

base::Status S3Source::fetch() {
  const bool first = !std::exchange(begun_, true);
  if (left_ == 0) {
    if (!first) return {};
    // There is no range of nothing, but whether the object is there must be known.
    KILN_ASSIGN(const uint64_t size, bucket_.head(key_, stop_.get_token()));
    if (offset_ > size) {
      return Error(ErrorCode::kConflict, "an exported file is shorter than it was");
    }
    return {};
  }
  const uint64_t length = std::min(first ? kFirstPiece : kPiece, left_);
  KILN_ASSIGN(ObjectPiece got, bucket_.get(key_, offset_, length, etag_, stop_.get_token()));
  if (etag_.empty()) etag_ = std::move(got.etag);
  piece_ = std::move(got.bytes);
  taken_ = 0;
  offset_ += length;
  left_ -= length;
  return {};
}

base::Result<size_t> S3Source::read(char* to, size_t size) {
  if (size == 0) return size_t{0};
  if (taken_ == piece_.size()) KILN_TRY(fetch());
  const size_t count = std::min(size, piece_.size() - taken_);
  std::memcpy(to, piece_.data() + taken_, count);
  taken_ += count;
  return count;
}

}  // namespace kiln::sink
