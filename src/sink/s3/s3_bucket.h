// What is asked of a bucket, one function a request.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "sink/s3/list_progress.h"
#include "sink/s3/s3_client.h"

namespace kiln::sink {

struct ObjectPiece {
  std::string bytes;
  std::string etag;  ///< as sent, with its quotes; may be empty
};

/// A page of an answer that may have more.
struct ObjectPage {
  std::vector<std::string> keys;
  std::vector<std::string> prefixes;  ///< up to and with the delimiter
  std::optional<std::string> next;    ///< where the next page begins
};

/// A part of an upload as the store has taken it.
struct UploadedPart {
  std::string tag;
  std::string checksum;  ///< base64; empty without S3Options::checksum
};

struct UnfinishedUpload {
  std::string key;
  std::string id;
};

/// Errors are those of S3Client::send(). Thread-safe.
class S3Bucket {
 public:
  static constexpr size_t kKeysOfARemoval = 1000;
  static constexpr uint32_t kMostParts = 10'000;

  S3Bucket(S3Options options, S3Seams seams) : client_(std::move(options), std::move(seams)) {}

  const S3Options& options() const { return client_.options(); }
  const S3Client& client() const { return client_; }

  base::Status put(const std::string& key, std::string_view bytes, std::stop_token stop) const;
  /// The object's size.
  base::Result<uint64_t> head(const std::string& key, std::stop_token stop) const;
  /// `length` > 0 bytes from `offset`; kConflict if there are fewer, or if the object is no longer
  /// the one of `etag` (empty: any).
  base::Result<ObjectPiece> get(const std::string& key, uint64_t offset, uint64_t length,
                                const std::string& etag, std::stop_token stop) const;

  /// A whole object of a few bytes.
  base::Result<std::string> get_small(const std::string& key, std::stop_token stop) const;

  /// What begins with `prefix`, from the start or from a page's `next`. An empty delimiter: keys
  /// only.
  base::Result<ObjectPage> list(const std::string& prefix, const std::string& delimiter,
                                const std::optional<std::string>& from, std::stop_token stop) const;
  /// All that list() gives, page by page, until `take` fails. A list that does not end is kIo.
  base::Status for_each_page(const std::string& prefix, const std::string& delimiter,
                             const std::function<base::Status(ObjectPage)>& take,
                             const std::stop_token& stop) const;
  /// Whether the bucket can be listed, in one try.
  base::Status probe(const std::string& prefix) const;
  /// Up to kKeysOfARemoval. Keys that are not there are removed already.
  base::Status remove(const std::vector<std::string>& keys, std::stop_token stop) const;

  base::Result<std::string> begin_upload(const std::string& key, std::stop_token stop) const;
  /// `number` from 1.
  base::Result<UploadedPart> put_part(const std::string& key, const std::string& upload,
                                      uint32_t number, std::string_view bytes,
                                      std::stop_token stop) const;
  /// `size` of the whole tells whether an upload that is gone was completed by an earlier try.
  base::Status complete_upload(const std::string& key, const std::string& upload,
                               const std::vector<UploadedPart>& parts, uint64_t size,
                               std::stop_token stop) const;
  /// Gone already is well.
  base::Status abort_upload(const std::string& key, const std::string& upload,
                            std::stop_token stop) const;
  /// All that begin with the prefix. A list that does not end is kIo.
  base::Result<std::vector<UnfinishedUpload>> unfinished_uploads(const std::string& prefix,
                                                                 std::stop_token stop) const;

 private:
  net::Headers encryption_headers() const;
  std::string checksum_of(std::string_view bytes) const;
  /// After a page of a list, before the next one.
  base::Status go_on(ListProgress& progress, const std::vector<std::string>& entries,
                     const std::optional<std::string>& next, const std::stop_token& stop) const;

  const S3Client client_;
};

}  // namespace kiln::sink
