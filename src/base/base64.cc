#include "base/base64.h"

#include <algorithm>

#include <openssl/evp.h>

namespace kiln::base {

std::string base64_encode(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  // The library counts in int: pieces of whole groups.
  static constexpr size_t kPiece = size_t{3} << 20;
  size_t size = 0;
  for (size_t at = 0; at < bytes.size(); at += kPiece) {
    const std::string_view piece = bytes.substr(at, kPiece);
    size += static_cast<size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data() + size),
        reinterpret_cast<const unsigned char*>(piece.data()), static_cast<int>(piece.size())));
  }
  text.resize(size);
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(packed),
               [](char c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t'; });
  if (packed.size() % 4 != 0 || packed.size() >= (size_t{1} << 30)) return std::nullopt;
  // The library takes '=' for a digit and cuts off some trailing bytes that are none.
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t end = packed.find_first_not_of(kDigits);
  if (end != std::string::npos &&
      (packed.size() - end > 2 || packed.find_first_not_of('=', end) != std::string::npos)) {
    return std::nullopt;
  }
  std::string bytes(packed.size() / 4 * 3 + 1, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(packed.data()),
                                   static_cast<int>(packed.size()));
  if (size < 0) return std::nullopt;
  const size_t padding = packed.ends_with("==") ? 2 : packed.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

}  // namespace kiln::base
