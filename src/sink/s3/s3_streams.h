// Writing and reading one object.
#pragma once

#include <memory>
#include <string>

#include "base/digest.h"
#include "sink/export_sink.h"
#include "sink/s3/multipart_upload.h"
#include "sink/s3/s3_bucket.h"

namespace kiln::sink {

/// Holds up to one part until it knows whether there is more: one PUT for a small object, an upload
/// in parts for others.
class S3Writer final : public ObjectWriter {
 public:
  S3Writer(const S3Bucket& bucket, std::string key, std::stop_token stop)
      : bucket_(bucket), key_(std::move(key)), stop_(std::move(stop)) {}

  base::Status write(std::string_view bytes) override;
  base::Result<StoredObject> finish() override;

 private:
  enum class State : uint8_t { kOpen, kEnded };

  base::Status append(std::string_view bytes);
  base::Status send_buffer();
  base::Status check_open() const;

  const S3Bucket& bucket_;
  const std::string key_;
  const std::stop_token stop_;
  base::Sha256 digest_;
  uint64_t size_ = 0;
  State state_ = State::kOpen;
  std::string buffer_;
  std::unique_ptr<MultipartUpload> upload_;  ///< once there is more than a part
};

/// Reads piece by piece, each a request of its own for a range: whoever reads slowly holds no
/// connection, and a broken one costs a piece.
class S3Source final : public net::BodySource {
 public:
  S3Source(const S3Bucket& bucket, std::string key, uint64_t offset, uint64_t length)
      : bucket_(bucket), key_(std::move(key)), offset_(offset), left_(length) {}

  base::Result<size_t> read(char* to, size_t size) override;
  void cancel() override { stop_.request_stop(); }

 private:
  base::Status fetch();

  const S3Bucket& bucket_;
  const std::string key_;
  uint64_t offset_;  ///< of the next piece
  uint64_t left_;    ///< from there on
  bool begun_ = false;
  std::string etag_;
  std::string piece_;
  size_t taken_ = 0;  ///< of the piece
  std::stop_source stop_;
};

}  // namespace kiln::sink
