// SHA-256, HMAC over it, and what protocols ask for: MD5 and CRC-32C.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace kiln::base {

/// Of bytes that come piece by piece. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  void update(std::string_view bytes);
  /// Lower-case hex; the digest cannot be used after.
  std::string finish_hex();
  /// The 32 bytes.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);
/// HMAC-SHA-256 (RFC 2104): the 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);
/// The 16 bytes. Guards against accidents only.
std::string md5(std::string_view bytes);
/// CRC-32C (Castagnoli, RFC 3720). Guards against accidents only.
uint32_t crc32c(std::string_view bytes);
/// Lower-case.
std::string to_hex(std::string_view bytes);

struct FileDigest {
  uint64_t size = 0;
  std::string sha256;  ///< lower-case hex
};
Result<FileDigest> digest_file(const std::string& path);

}  // namespace kiln::base
