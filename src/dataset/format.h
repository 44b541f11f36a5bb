// What a file's first bytes say of how it is to be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kiln::dataset {

enum class Compression : uint8_t { kNone, kGzip, kZstd };

struct Format {
  Compression compression = Compression::kNone;
  /// A format that is not read ("xz", "UTF-16"); empty for text that may be JSON.
  std::string_view foreign;
};

/// As many bytes as it takes to tell every format; a shorter file is given whole.
constexpr size_t kFormatBytes = 16;

/// Names of files play no part in it.
Format format_of(std::string_view head);

}  // namespace kiln::dataset
