// Rows in columns, laid out as Arrow does: a validity bitmap and a value array for each column,
// offsets for lists, views for text.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "table/schema.h"

namespace kiln::table {

/// A text somewhere else: in the line that was parsed, or in the batch's arena (Arrow's view layout
/// with a pointer in place of buffer and offset).
struct Text {
  const char* data = nullptr;
  uint32_t size = 0;
  /// Known to hold no quote, backslash or control character, so that JSON needs no escaping.
  bool plain = false;

  std::string_view view() const { return {data, size}; }
};

/// One value on its way into a column.
struct Cell {
  enum class Kind : uint8_t { kNull, kBoolean, kInteger, kText, kList };
  Kind kind = Kind::kNull;
  union {
    bool boolean;
    int64_t integer = 0;
    Text text;
    struct {
      const Cell* items;
      uint32_t size;
    } list;
  };

  Cell() {}
  static Cell of(bool value) {
    Cell cell;
    cell.kind = Kind::kBoolean;
    cell.boolean = value;
    return cell;
  }
  static Cell of(int64_t value) {
    Cell cell;
    cell.kind = Kind::kInteger;
    cell.integer = value;
    return cell;
  }
  static Cell of(Text value) {
    Cell cell;
    cell.kind = Kind::kText;
    cell.text = value;
    return cell;
  }
  static Cell of_list(const Cell* items, uint32_t size) {
    Cell cell;
    cell.kind = Kind::kList;
    cell.list = {items, size};
    return cell;
  }
};

/// One column's values. Of a list column, the items of all lists one after the other.
class ColumnVector {
 public:
  explicit ColumnVector(const ColumnType& type);

  void append(const Cell& cell) {
    if (size_ == capacity_) grow();
    const bool valid = cell.kind != Cell::Kind::kNull;
    if (size_ % 64 == 0) validity_[size_ / 64] = 0;
    validity_[size_ / 64] |= uint64_t{valid} << (size_ % 64);
    if (list_) {
      append_list(cell);
    } else if (storage_ == Storage::kText) {
      texts_[size_] = valid ? cell.text : Text();
    } else if (storage_ == Storage::kInteger) {
      integers_[size_] = valid ? cell.integer : 0;
    } else {
      booleans_[size_] = valid && cell.boolean ? 1 : 0;
    }
    ++size_;
  }
  void clear();

  size_t size() const { return size_; }
  bool is_valid(size_t row) const { return (validity_[row / 64] >> (row % 64) & 1) != 0; }
  bool boolean(size_t row) const { return booleans_[row] != 0; }
  int64_t integer(size_t row) const { return integers_[row]; }
  const Text& text(size_t row) const { return texts_[row]; }
  /// A list's items are values [list_begin(row), list_begin(row + 1)) of items().
  bool is_list() const { return list_; }
  uint32_t list_begin(size_t row) const { return offsets_[row]; }
  const ColumnVector& items() const { return *items_; }
  Storage storage() const { return storage_; }

 private:
  void grow();
  void append_list(const Cell& cell);

  Storage storage_;
  bool list_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  std::vector<uint64_t> validity_;
  // One of these has a value for each row.
  std::vector<uint8_t> booleans_;
  std::vector<int64_t> integers_;
  std::vector<Text> texts_;
  std::vector<uint32_t> offsets_;        // of a list column: where each row's items end
  std::unique_ptr<ColumnVector> items_;  // of a list column
};

/// Rows of one view over one block of input. Reused from block to block. The texts that are not in
/// the input live in its arena.
class Batch {
 public:
  /// `memory`: what its texts draw from; null: unbounded.
  explicit Batch(const Schema& schema, base::MemoryReservation* memory = nullptr);
  Batch(Batch&&) = default;

  /// Appends the cells of some columns; a row is complete when all columns have got theirs and
  /// finish_row() was called.
  void append_cells(size_t first_column, size_t count, const Cell* cells) {
    for (size_t i = 0; i < count; ++i) columns_[first_column + i].append(cells[i]);
  }
  void finish_row() { ++rows_; }
  void clear();
  /// Without the texts, which cells that are yet to be appended may need.
  void clear_rows();

  size_t rows() const { return rows_; }
  size_t column_count() const { return columns_.size(); }
  const ColumnVector& column(size_t index) const { return columns_[index]; }
  /// For texts that must live as long as the rows.
  base::Arena& texts() { return *texts_; }
  size_t texts_held() const { return texts_->held(); }

 private:
  std::vector<ColumnVector> columns_;
  size_t rows_ = 0;
  std::unique_ptr<base::Arena> texts_;
};

}  // namespace kiln::table
