// How rows are laid out in files, and what each format can do.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "table/format/encoder.h"

namespace kiln::output {

enum class Compression : uint8_t { kNone, kGzip, kZstd };
std::string_view name_of(Compression compression);
/// Of "none", "gzip", "zstd".
std::optional<Compression> compression_of(std::string_view name);

struct Layout {
  table::Format format = table::Format::kNdjson;
  table::EncodeOptions text{};
  Compression compression = Compression::kNone;  ///< kNone where the format can_be_compressed not
  uint64_t part_rows = 0;                        ///< rows of a file; 0: one file
  bool limited = false;                          ///< rows may be cut off within a piece
};

/// What a format's files are like.
struct FormatTraits {
  table::Format format;
  bool can_be_compressed;  ///< false: compressed inside
  bool needs_file;         ///< the program that writes it wants a regular file
  size_t most_together;    ///< outputs that may be open at once
  /// Null if its files are not made of text.
  std::unique_ptr<table::Encoder> (*make_encoder)(const table::Schema&, table::EncodeOptions);
};

const FormatTraits& traits_of(table::Format format);

/// Of the whole file.
std::string media_type(const Layout& layout);
/// "stem.csv", or with parts "stem.part1.csv", ".gz" or ".zst" after it.
std::string file_name(std::string_view stem, const Layout& layout, uint64_t part);

}  // namespace kiln::output
