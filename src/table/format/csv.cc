#include "table/format/csv.h"

#include <algorithm>
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

/// Has a high bit set if some byte of `word` asks for quotes.
uint64_t specials(uint64_t word, bool plain) {
  const uint64_t comma = bytes_equal(word, ',');
  return plain ? comma
               : comma | bytes_equal(word, '"') | bytes_equal(word, '\n') | bytes_equal(word, '\r');
}

template <typename Word>
uint64_t copy_word(char* to, const char* from, bool plain) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  std::memcpy(to, &word, sizeof(word));
  return specials(word, plain);
}

/// Copies a text and tells whether it has to be put in quotes. Words at a time, the last one
/// overlapping the one before. A plain text can hold no other special character than a comma.
/// Most of the cost of a row is here.
bool copy_and_check(char* to, std::string_view text, bool plain) {
  const char* const from = text.data();
  const size_t size = text.size();
  uint64_t special = 0;
  if (size >= 8) {
    for (size_t i = 0; i + 8 < size; i += 8)
      special |= copy_word<uint64_t>(to + i, from + i, plain);
    special |= copy_word<uint64_t>(to + size - 8, from + size - 8, plain);
  } else if (size >= 4) {
    special = copy_word<uint32_t>(to, from, plain) |
              copy_word<uint32_t>(to + size - 4, from + size - 4, plain);
  } else {
    for (size_t i = 0; i < size; ++i) special |= copy_word<uint8_t>(to + i, from + i, plain);
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
    char* to = out.data() + out.size();
    for (size_t row = 0; row < batch.rows(); ++row) {
      to = make_room(out, to, room_for(batch, row));
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
  /// Two quotes, a guard, the quotes inside doubled, and a comma.
  static size_t room_for(const Text& text) { return 2 * size_t{text.size} + 4; }

  static size_t room_for(const Batch& batch, size_t row) {
    static constexpr size_t kLongestNumber = 24;
    size_t room = 1 + batch.column_count() * kLongestNumber;
    for (size_t i = 0; i < batch.column_count(); ++i) {
      const ColumnVector& column = batch.column(i);
      if (column.storage() == Storage::kText) room += room_for(column.text(row));
    }
    return room;
  }

  /// Where to go on writing, `room` bytes before the end of `out`. A string fills with zeros what
  /// it grows by, so it grows by little more than what is written.
  static char* make_room(std::string& out, char* to, size_t room) {
    static constexpr size_t kLeast = 16 << 10;
    const auto used = static_cast<size_t>(to - out.data());
    if (out.size() - used < room) out.resize(used + std::max(room, kLeast));
    return out.data() + used;
  }

  char* write_value(char* to, const ColumnVector& column, size_t row) const {
    if (!column.is_valid(row)) return to;
    switch (column.storage()) {
      case Storage::kText:
        return write_text(to, column.text(row));
      case Storage::kInteger:
        return std::to_chars(to, to + 24, column.integer(row)).ptr;
      case Storage::kBoolean: {
        const std::string_view text = column.boolean(row) ? "true" : "false";
        std::memcpy(to, text.data(), text.size());
        return to + text.size();
      }
      default:
        break;  // no other has text formats
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
