// Which bucket, where, and how it is spoken to.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sink/s3/signature_v4.h"

namespace kiln::sink {

enum class S3Addressing : uint8_t {
  kAuto,         ///< virtual host for AWS itself, path for another endpoint
  kPath,         ///< https://host/bucket/key
  kVirtualHost,  ///< https://bucket.host/key
};

enum class S3Encryption : uint8_t { kNone, kAes256, kKms };

/// What a store is given to hold the bytes against, beside what protects them on their way.
enum class S3Checksum : uint8_t { kNone, kCrc32c };

struct S3Options {
  std::string bucket;
  std::string prefix;    ///< "" or "a/b": no slash at the ends
  std::string endpoint;  ///< "https://host:port"; empty: AWS itself
  std::string region;    ///< empty: us-east-1
  S3Credentials credentials;
  uint64_t part_size = uint64_t{16} << 20;  ///< bytes; a larger file goes up in parts of it
  uint32_t parallel_parts = 4;              ///< of one file
  bool presign = false;                     ///< downloads are sent to the store
  S3Addressing addressing = S3Addressing::kAuto;
  S3Encryption encryption = S3Encryption::kNone;
  std::string kms_key;  ///< empty: the bucket's own
  S3Checksum checksum = S3Checksum::kNone;
  std::chrono::seconds timeout{30};  ///< a request that moves nothing for so long is tried again
  std::string ca_file;               ///< certificates that are trusted; empty: those of the system
};

/// "s3://bucket/prefix?endpoint=…&region=…&part-size=…&presign=…&path-style=…&sse=…&kms-key=…
/// &checksum=…&timeout=…",
/// laid over `defaults`, whose other members stay. kUsage names what is wrong.
base::Result<S3Options> read_s3_url(std::string_view url, S3Options defaults);

/// The texts of the options and of the URL's query. kUsage if a text is none of them.
base::Result<uint64_t> read_s3_part_size(std::string_view text);       ///< "16MiB", "5242880"
base::Result<bool> read_s3_flag(std::string_view text);                ///< on, off, true, false
base::Result<S3Addressing> read_s3_path_style(std::string_view text);  ///< auto, on, off
base::Result<S3Encryption> read_s3_sse(std::string_view text);         ///< none, AES256, aws:kms
base::Result<S3Checksum> read_s3_checksum(std::string_view text);      ///< none, crc32c
base::Result<std::chrono::seconds> read_s3_timeout(std::string_view text);  ///< "30": 1 to 3600

/// Bounds of the protocol, names that work in every store, credentials that are there.
base::Status check_s3_options(const S3Options& options);

/// Where the requests of a bucket go.
struct S3Address {
  std::string origin;  ///< "https://host:port"
  std::string host;    ///< as the Host header has it
  std::string path;    ///< percent-encoded, of the bucket itself: "", "/bucket"
};
/// Of options that check_s3_options() passed.
S3Address address_of(const S3Options& options);

}  // namespace kiln::sink
