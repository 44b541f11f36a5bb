#include "base/base64.h"

#include <algorithm>
#include <array>

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

bool is_base64(std::string_view text) {
  // The library takes '=' for a digit and cuts off some trailing bytes that are none.
  static constexpr auto kDigits = [] {
    std::array<bool, 256> digits = {};
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789+/")) {
      digits[static_cast<unsigned char>(c)] = true;
    }
    return digits;
  }();
  if (text.size() % 4 != 0) return false;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return kDigits[static_cast<unsigned char>(c)]; });
}

std::string base64_packed(std::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(packed),
               [](char c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t'; });
  return packed;
}

size_t base64_size(std::string_view text) {
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return text.size() / 4 * 3 - padding;
}

std::optional<std::string> base64_decode(std::string_view text) {
  const std::string packed = base64_packed(text);
  if (!is_base64(packed) || packed.size() >= (size_t{1} << 30)) return std::nullopt;
  std::string bytes(packed.size() / 4 * 3 + 1, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(packed.data()),
                                   static_cast<int>(packed.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(base64_size(packed));
  return bytes;
}

}  // namespace kiln::base
