#include "table/format/csv.h"

#include <charconv>
#include <cstring>

namespace kiln::table {
namespace {

bool needs_quotes(std::string_view text) {
  return text.find_first_of(",\"\n\r") != std::string_view::npos;
}

/// A spreadsheet takes what starts so for a formula.
bool looks_like_formula(std::string_view text) {
  return !text.empty() && (text.front() == '=' || text.front() == '+' || text.front() == '-' ||
                           text.front() == '@' || text.front() == '\t' || text.front() == '\r');
}

void append_quoted(std::string& out, std::string_view text, bool guard) {
  out += '"';
  if (guard) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

class CsvEncoder final : public Encoder {
 public:
  CsvEncoder(const Schema& schema, EncodeOptions options) : schema_(schema), options_(options) {}

  std::string prefix() const override {
    if (!options_.header) return {};
    std::string line;
    for (size_t i = 0; i < schema_.columns.size(); ++i) {
      if (i != 0) line += ',';
      append_text(line, {schema_.columns[i].name.data(),
                         static_cast<uint32_t>(schema_.columns[i].name.size()), false});
    }
    return line + '\n';
  }
  std::string_view separator() const override { return {}; }
  std::string_view suffix() const override { return {}; }

  void encode(const Batch& batch, std::string& out, std::vector<size_t>* row_ends) const override {
    for (size_t row = 0; row < batch.rows(); ++row) {
      for (size_t i = 0; i < batch.column_count(); ++i) {
        if (i != 0) out += ',';
        append_value(out, batch.column(i), row);
      }
      out += '\n';
      if (row_ends != nullptr) row_ends->push_back(out.size());
    }
  }

 private:
  void append_value(std::string& out, const ColumnVector& column, size_t row) const {
    if (!column.is_valid(row)) return;
    switch (column.storage()) {
      case Storage::kBoolean: out += column.boolean(row) ? "true" : "false"; return;
      case Storage::kInteger: append_integer(out, column.integer(row)); return;
      case Storage::kText: append_text(out, column.text(row)); return;
    }
  }

  static void append_integer(std::string& out, int64_t value) {
    char digits[24];
    const auto result = std::to_chars(digits, digits + sizeof(digits), value);
    out.append(digits, result.ptr);
  }

  /// An empty text is "" in quotes, so that it can be told from a missing value.
  void append_text(std::string& out, const Text& text) const {
    const std::string_view view = text.view();
    const bool guard = options_.csv_guard && looks_like_formula(view);
    const bool quotes = guard || view.empty() ||
                        (text.plain ? std::memchr(view.data(), ',', view.size()) != nullptr
                                    : needs_quotes(view));
    if (quotes) {
      append_quoted(out, view, guard);
    } else {
      out += view;
    }
  }

  const Schema& schema_;
  EncodeOptions options_;
};

}  // namespace

std::unique_ptr<Encoder> make_csv_encoder(const Schema& schema, EncodeOptions options) {
  return std::make_unique<CsvEncoder>(schema, options);
}

}  // namespace kiln::table
