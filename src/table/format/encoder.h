// Rows to bytes. An encoder turns batches into pieces that make a file when put one after the
// other, so that workers can encode in parallel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "table/batch.h"

namespace kiln::table {

enum class Format : uint8_t { kNdjson, kCsv, kJson, kFhir, kParquet };

/// "ndjson", "csv", "json", "fhir", "parquet".
std::string_view name_of(Format format);
/// Of a name or a media type; nothing if there is no such format of files.
std::optional<Format> format_of(std::string_view text);
/// Of a file's ending, compression aside ("out.csv.gz"); nothing if it tells none.
std::optional<Format> format_of_file(std::string_view name);
std::string_view media_type(Format format);

struct EncodeOptions {
  bool header = true;      ///< CSV: a first line with the columns' names
  bool csv_guard = false;  ///< CSV: a quote before values that a spreadsheet would run
};

/// Immutable and thread-safe. A file is prefix(), the encoded pieces with separator() between those
/// that are not empty and before_rows() and after_rows() around them if there is any, then
/// suffix().
class Encoder {
 public:
  virtual ~Encoder() = default;

  virtual std::string prefix() const = 0;
  virtual std::string_view separator() const = 0;
  virtual std::string_view suffix() const = 0;
  virtual std::string_view before_rows() const { return ""; }
  virtual std::string_view after_rows() const { return ""; }

  /// Appends the batch's rows. If `row_ends` is not null, appends to it the size of `out` after
  /// each row (for cutting a piece between rows; a separator between rows belongs to the row after
  /// it).
  virtual void encode(const Batch& batch, std::string& out,
                      std::vector<size_t>* row_ends) const = 0;
};

/// CSV has no lists: an error that names the first column that would need one.
base::Status check_format(Format format, const Schema& schema);

/// For the text formats: CSV, NDJSON, JSON. check_format() must have passed. The schema must
/// outlive the encoder.
std::unique_ptr<Encoder> make_encoder(Format format, const Schema& schema, EncodeOptions options);

}  // namespace kiln::table
