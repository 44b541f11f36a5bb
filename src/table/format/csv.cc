#include "table/format/csv.h"

#include <charconv>
#include <cstring>

namespace kiln::table {
namespace {

/// The high bit of every byte of `word` that equals `c` (and perhaps of bytes above one).
uint64_t bytes_equal(uint64_t word, char c) {
  static constexpr uint64_t kOnes = 0x0101010101010101;
  static constexpr uint64_t kHighs = 0x8080808080808080;
  const uint64_t zeros = word ^ (kOnes * static_cast<unsigned char>(c));
  return (zeros - kOnes) & ~zeros & kHighs;
}

/// Copies a text eight bytes at a time, which may write up to seven bytes too many, and tells
/// whether it has to be put in quotes. A plain text can hold no other special character than a
/// comma. Most of the cost of a row is here.
bool copy_and_check(char* to, std::string_view text, bool plain) {
  const char* p = text.data();
  uint64_t special = 0;
  size_t left = text.size();
  while (left != 0) {
    uint64_t word = 0;
    const size_t step = left < 8 ? left : 8;
    std::memcpy(&word, p, step);
    std::memcpy(to, &word, 8);
    special |= bytes_equal(word, ',');
    if (!plain) {
      special |= bytes_equal(word, '"') | bytes_equal(word, '\n') | bytes_equal(word, '\r');
    }
    p += step;
    to += step;
    left -= step;
  }
  return special != 0;
}

/// A spreadsheet takes what starts so for a formula.
bool looks_like_formula(std::string_view text) {
  return !text.empty() && (text.front() == '=' || text.front() == '+' || text.front() == '-' ||
                           text.front() == '@' || text.front() == '\t' || text.front() == '\r');
}

char* write_quoted(char* to, std::string_view text, bool guard) {
  *to++ = '"';
  if (guard) *to++ = '\'';
  for (const char c : text) {
    if (c == '"') *to++ = '"';
    *to++ = c;
  }
  *to++ = '"';
  return to;
}

class CsvEncoder final : public Encoder {
 public:
  CsvEncoder(const Schema& schema, EncodeOptions options) : schema_(schema), options_(options) {}

  std::string prefix() const override {
    if (!options_.header) return {};
    std::string line;
    for (const Column& column : schema_.columns) {
      if (!line.empty()) line += ',';
      const Text name{column.name.data(), static_cast<uint32_t>(column.name.size()), false};
      std::string field(room_for(name), '\0');
      field.resize(static_cast<size_t>(write_text(field.data(), name) - field.data()));
      line += field;
    }
    return line + '\n';
  }
  std::string_view separator() const override { return {}; }
  std::string_view suffix() const override { return {}; }

  void encode(const Batch& batch, std::string& out, std::vector<size_t>* row_ends) const override {
    const size_t before = out.size();
    out.resize(before + room_for(batch));
    char* to = out.data() + before;
    for (size_t row = 0; row < batch.rows(); ++row) {
      for (size_t i = 0; i < batch.column_count(); ++i) {
        to = write_value(to, batch.column(i), row);
        *to++ = ',';
      }
      if (batch.column_count() != 0) --to;
      *to++ = '\n';
      if (row_ends != nullptr) row_ends->push_back(static_cast<size_t>(to - out.data()));
    }
    out.resize(static_cast<size_t>(to - out.data()));
  }

 private:
  /// Two quotes, a guard, the quotes inside doubled, a comma, and what copying writes too many.
  static size_t room_for(const Text& text) { return 2 * size_t{text.size} + 12; }

  static size_t room_for(const Batch& batch) {
    static constexpr size_t kLongestNumber = 24;
    size_t room = batch.rows() + 8;
    for (size_t i = 0; i < batch.column_count(); ++i) {
      const ColumnVector& column = batch.column(i);
      room += batch.rows() * kLongestNumber;
      if (column.storage() != Storage::kText) continue;
      for (size_t row = 0; row < batch.rows(); ++row) room += room_for(column.text(row));
    }
    return room;
  }

  char* write_value(char* to, const ColumnVector& column, size_t row) const {
    if (!column.is_valid(row)) return to;
    switch (column.storage()) {
      case Storage::kText: return write_text(to, column.text(row));
      case Storage::kInteger: return std::to_chars(to, to + 24, column.integer(row)).ptr;
      case Storage::kBoolean: {
        const std::string_view text = column.boolean(row) ? "true" : "false";
        std::memcpy(to, text.data(), text.size());
        return to + text.size();
      }
    }
    return to;
  }

  /// An empty text is "" in quotes, so that it can be told from a missing value.
  char* write_text(char* to, const Text& text) const {
    const std::string_view view = text.view();
    const bool guard = options_.csv_guard && looks_like_formula(view);
    const bool special = copy_and_check(to, view, text.plain);
    if (special || guard || view.empty()) return write_quoted(to, view, guard);
    return to + view.size();
  }

  const Schema& schema_;
  EncodeOptions options_;
};

}  // namespace

std::unique_ptr<Encoder> make_csv_encoder(const Schema& schema, EncodeOptions options) {
  return std::make_unique<CsvEncoder>(schema, options);
}

}  // namespace kiln::table
