#include <algorithm>
#include <array>

#include "table/format/csv.h"
#include "table/format/encoder.h"
#include "table/format/json.h"

namespace kiln::table {

namespace {

struct FormatName {
  Format format;
  std::string_view name;
  std::string_view media_type;
  bool of_files;
};

constexpr std::array kFormats = {
    FormatName{Format::kNdjson, "ndjson", "application/x-ndjson", true},
    FormatName{Format::kCsv, "csv", "text/csv", true},
    FormatName{Format::kJson, "json", "application/json", true},
    FormatName{Format::kFhir, "fhir", "application/fhir+json", false},
    FormatName{Format::kParquet, "parquet", "application/vnd.apache.parquet", true},
};

const FormatName& names_of(Format format) {
  for (const FormatName& names : kFormats) {
    if (names.format == format) return names;
  }
  return kFormats.front();
}

}  // namespace

std::string_view name_of(Format format) { return names_of(format).name; }

std::string_view media_type(Format format) { return names_of(format).media_type; }

std::optional<Format> format_of(std::string_view text) {
  for (const FormatName& names : kFormats) {
    if (names.of_files && (text == names.name || text == names.media_type)) return names.format;
  }
  if (text == "application/fhir+ndjson" || text == "application/ndjson") return Format::kNdjson;
  return std::nullopt;
}

std::optional<Format> format_of_file(std::string_view name) {
  for (const std::string_view compression : {".gz", ".zst"}) {
    if (name.ends_with(compression)) name.remove_suffix(compression.size());
  }
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::nullopt : format_of(name.substr(dot + 1));
}

namespace {

/// Whether Parquet can have it as it is: bytes have no way through the texts, and what has no name
/// or is a key needs one.
bool fits_parquet(const ColumnType& type) {
  if (!type.nested()) return type.sql != SqlType::kBinary;
  if (type.nesting == Nesting::kMap && (type.members[0].type.nested() || type.members[0].type.list))
    return false;
  return std::all_of(type.members.begin(), type.members.end(), [&](const Member& member) {
    return (type.nesting != Nesting::kStruct || !member.name.empty()) && fits_parquet(member.type);
  });
}

}  // namespace

base::Status check_format(Format format, const Schema& schema) {
  for (const Column& column : schema.columns) {
    if (column.type.list && format == Format::kCsv) {
      return base::Error(base::ErrorCode::kUnsupported,
                         "CSV cannot hold a list, which column '" + column.name +
                             "' is: choose ndjson, json or parquet, or make it a text with join()");
    }
    if (!column.type.nested()) continue;
    if (format == Format::kParquet && !fits_parquet(column.type)) {
      return base::Error(base::ErrorCode::kUnsupported,
                         "parquet cannot hold column '" + column.name +
                             "', in which there is a BLOB, a row without names or a map whose "
                             "keys are no scalars: choose ndjson or json, or cast it");
    }
    if (format == Format::kCsv || format == Format::kFhir) {
      return base::Error(base::ErrorCode::kUnsupported,
                         std::string(name_of(format)) + " cannot hold column '" + column.name +
                             "', which is a struct or has lists in lists: choose ndjson, json or "
                             "parquet, or select its parts");
    }
  }
  return {};
}

std::unique_ptr<Encoder> make_encoder(Format format, const Schema& schema, EncodeOptions options) {
  if (format == Format::kCsv) return make_csv_encoder(schema, options);
  return make_json_encoder(schema, format == Format::kJson);
}

}  // namespace kiln::table
