// What the fuzz targets share. A target aborts where two ways do not agree.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace kiln::fuzz {

inline std::string_view as_text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes a number from the front of the input: 0 to `bound` - 1.
inline size_t take_choice(std::string_view& input, size_t bound) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte % bound;
}

inline void check(bool holds, const char* what, std::string_view detail = {}) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %s: %s\n", what, std::string(detail).c_str());
  std::abort();
}

}  // namespace kiln::fuzz
