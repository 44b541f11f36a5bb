#include "table/format/csv.h"
#include "table/format/encoder.h"
#include "table/format/json.h"

namespace kiln::table {

std::string_view name_of(Format format) {
  switch (format) {
    case Format::kNdjson:
      return "ndjson";
    case Format::kCsv:
      return "csv";
    case Format::kJson:
      return "json";
    case Format::kParquet:
      return "parquet";
  }
  return "ndjson";
}

std::string_view media_type(Format format) {
  switch (format) {
    case Format::kNdjson:
      return "application/x-ndjson";
    case Format::kCsv:
      return "text/csv";
    case Format::kJson:
      return "application/json";
    case Format::kParquet:
      return "application/vnd.apache.parquet";
  }
  return "application/octet-stream";
}

std::optional<Format> format_of(std::string_view text) {
  for (const Format format : {Format::kNdjson, Format::kCsv, Format::kJson, Format::kParquet}) {
    if (text == name_of(format) || text == media_type(format)) return format;
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

base::Status check_format(Format format, const Schema& schema) {
  if (format != Format::kCsv) return {};
  for (const Column& column : schema.columns) {
    if (!column.type.list) continue;
    return base::Error(base::ErrorCode::kUnsupported,
                       "CSV cannot hold a list, which column '" + column.name +
                           "' is: choose ndjson, json or parquet, or make it a text with join()");
  }
  return {};
}

std::unique_ptr<Encoder> make_encoder(Format format, const Schema& schema, EncodeOptions options) {
  if (format == Format::kCsv) return make_csv_encoder(schema, options);
  return make_json_encoder(schema, format == Format::kJson);
}

}  // namespace kiln::table
