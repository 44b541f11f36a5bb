#include "base/digest.h"

#include <array>
#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <isa-l.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>

namespace kiln::base {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() { EVP_DigestInit_ex(context, EVP_sha256(), nullptr); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, digest.data(), &size);
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

std::string Sha256::finish_hex() { return to_hex(finish()); }

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.finish_hex();
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(),
       &size);
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

std::string md5(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr);
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

uint32_t crc32c(std::string_view bytes) {
  static constexpr size_t kMost = size_t{1} << 30;  // a length is an int there
  uint32_t state = ~uint32_t{0};
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kMost);
    // It only reads.
    auto* const data = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    state = crc32_iscsi(data, static_cast<int>(piece.size()), state);
    bytes.remove_prefix(piece.size());
  }
  return ~state;
}

Result<FileDigest> digest_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return io_error("cannot read " + path, errno);
  Sha256 digest;
  std::vector<char> chunk(1 << 18);
  uint64_t size = 0;
  for (;;) {
    const ssize_t got = read(descriptor, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      close(descriptor);
      return io_error("cannot read " + path, error);
    }
    if (got == 0) break;
    digest.update({chunk.data(), static_cast<size_t>(got)});
    size += static_cast<uint64_t>(got);
  }
  close(descriptor);
  return FileDigest{size, digest.finish_hex()};
}

}  // namespace kiln::base
