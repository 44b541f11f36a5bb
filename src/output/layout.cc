#include "output/layout.h"

#include <array>

#include "output/fhir_encoder.h"

namespace kiln::output {
namespace {

using table::Format;

template <Format kFormat>
std::unique_ptr<table::Encoder> text_encoder(const table::Schema& schema,
                                             table::EncodeOptions options) {
  return table::make_encoder(kFormat, schema, options);
}

std::unique_ptr<table::Encoder> fhir_encoder(const table::Schema& schema, table::EncodeOptions) {
  return make_fhir_encoder(schema);
}

constexpr size_t kMostTexts = 1000;
/// Each is a connection to DuckDB and a row group that grows.
constexpr size_t kMostParquet = 100;

constexpr std::array kTraits = {
    FormatTraits{Format::kNdjson, true, false, kMostTexts, text_encoder<Format::kNdjson>},
    FormatTraits{Format::kCsv, true, false, kMostTexts, text_encoder<Format::kCsv>},
    FormatTraits{Format::kJson, true, false, kMostTexts, text_encoder<Format::kJson>},
    FormatTraits{Format::kFhir, true, false, kMostTexts, fhir_encoder},
    FormatTraits{Format::kParquet, false, true, kMostParquet, nullptr},
};

struct CompressionName {
  Compression compression;
  std::string_view name;
  std::string_view ending;
  std::string_view media_type;
};

constexpr std::array kCompressions = {
    CompressionName{Compression::kNone, "none", "", ""},
    CompressionName{Compression::kGzip, "gzip", ".gz", "application/gzip"},
    CompressionName{Compression::kZstd, "zstd", ".zst", "application/zstd"},
};

const CompressionName& names_of(Compression compression) {
  return kCompressions[static_cast<size_t>(compression)];
}

}  // namespace

std::string_view name_of(Compression compression) { return names_of(compression).name; }

std::optional<Compression> compression_of(std::string_view name) {
  for (const CompressionName& one : kCompressions) {
    if (one.name == name) return one.compression;
  }
  return std::nullopt;
}

const FormatTraits& traits_of(Format format) {
  for (const FormatTraits& traits : kTraits) {
    if (traits.format == format) return traits;
  }
  return kTraits.front();
}

std::string media_type(const Layout& layout) {
  if (layout.compression == Compression::kNone) return std::string(media_type(layout.format));
  return std::string(names_of(layout.compression).media_type);
}

std::string file_name(std::string_view stem, const Layout& layout, uint64_t part) {
  std::string name(stem);
  if (part != 0) name += ".part" + std::to_string(part);
  name += '.';
  name += table::name_of(layout.format);
  name += names_of(layout.compression).ending;
  return name;
}

}  // namespace kiln::output
