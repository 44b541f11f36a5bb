// Rows in columns, laid out as Arrow does: a validity bitmap and a value array for each column,
// offsets for lists, views for text.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
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

/// An unscaled decimal of at most 38 digits, as Arrow's decimal128 has it in memory.
struct Decimal128 {
  uint64_t low = 0;
  int64_t high = 0;

  friend bool operator==(const Decimal128&, const Decimal128&) = default;
};

/// One value on its way into a column.
struct Cell {
  enum class Kind : uint8_t { kNull, kBoolean, kInteger, kReal, kDecimal, kText, kList };
  Kind kind = Kind::kNull;
  union {
    bool boolean;
    int64_t integer = 0;  ///< whole numbers; of typed values also dates, times and timestamps
    double real;
    Decimal128 decimal;
    Text text;  ///< of typed values also bytes
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
  static Cell of(double value) {
    Cell cell;
    cell.kind = Kind::kReal;
    cell.real = value;
    return cell;
  }
  static Cell of(Decimal128 value) {
    Cell cell;
    cell.kind = Kind::kDecimal;
    cell.decimal = value;
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

/// An array that grows without being cleared first.
template <typename T>
class GrowingArray {
 public:
  static_assert(std::is_trivially_copyable_v<T>);

  void reserve(size_t count) {
    void* const grown = std::realloc(data_.get(), count * sizeof(T));
    if (grown == nullptr) throw std::bad_alloc();
    (void)data_.release();
    data_.reset(static_cast<T*>(grown));
  }
  T& operator[](size_t i) { return data_.get()[i]; }
  const T& operator[](size_t i) const { return data_.get()[i]; }
  const T* data() const { return data_.get(); }
  T* data() { return data_.get(); }

 private:
  struct Free {
    void operator()(T* data) const { std::free(data); }
  };
  std::unique_ptr<T, Free> data_;
};

/// Arrow's view of a text: up to 12 bytes in itself, else its first four and where it is.
struct ArrowView {
  static constexpr uint32_t kMostInline = 12;
  int32_t size;
  char start[4];
  int32_t buffer;  ///< with offset: the other eight bytes of a short text
  int32_t offset;
};
static_assert(sizeof(ArrowView) == 16);

/// The bytes of the long texts of a typed column, in buffers that never move.
class TextBuffers {
 public:
  explicit TextBuffers(base::MemoryReservation* memory) : memory_(memory) {}
  TextBuffers(TextBuffers&& other) noexcept { *this = std::move(other); }
  TextBuffers& operator=(TextBuffers&& other) noexcept;
  ~TextBuffers() { clear(); }

  ArrowView add(std::string_view text);
  std::string_view text_of(const ArrowView& view) const;
  void clear();
  /// Nothing is drawn for them any more: whoever owns them now counts them.
  void detach();

  struct Buffer {
    std::unique_ptr<char[]> bytes;
    size_t size;  ///< of what is in use
    size_t capacity;
  };
  const std::vector<Buffer>& buffers() const { return buffers_; }
  size_t held() const { return held_; }

 private:
  base::MemoryReservation* memory_ = nullptr;
  std::vector<Buffer> buffers_;
  size_t held_ = 0;
};

/// One column's values. Of a list column, the items of all lists one after the other.
class ColumnVector {
 public:
  explicit ColumnVector(const ColumnType& type, Values values = Values::kText,
                        base::MemoryReservation* memory = nullptr);

  void append(const Cell& cell) {
    if (size_ == capacity_) grow();
    const bool valid = cell.kind != Cell::Kind::kNull;
    if (size_ % 64 == 0) validity_[size_ / 64] = 0;
    validity_[size_ / 64] |= uint64_t{valid} << (size_ % 64);
    nulls_ += valid ? 0U : 1U;
    if (list_) {
      append_list(cell);
    } else if (storage_ == Storage::kText) {
      value<Text>(size_) = valid ? cell.text : Text();
    } else if (storage_ == Storage::kInteger) {
      value<int64_t>(size_) = valid ? cell.integer : 0;
    } else {
      append_typed(valid ? cell : Cell());
    }
    ++size_;
  }
  void clear();

  size_t size() const { return size_; }
  size_t nulls() const { return nulls_; }
  bool is_valid(size_t row) const { return (validity_[row / 64] >> (row % 64) & 1) != 0; }
  bool boolean(size_t row) const { return (value<uint64_t>(row / 64) >> (row % 64) & 1) != 0; }
  int64_t integer(size_t row) const { return value<int64_t>(row); }
  const Text& text(size_t row) const { return value<Text>(row); }
  /// A list's items are values [list_begin(row), list_begin(row + 1)) of items().
  bool is_list() const { return list_; }
  uint32_t list_begin(size_t row) const { return offsets_[row]; }
  const ColumnVector& items() const { return *items_; }
  Storage storage() const { return storage_; }

  /// Arrow's buffers: a bit for each row, a value for each row, of a list column where each row's
  /// items begin and end.
  const uint64_t* validity() const { return validity_.data(); }
  const std::byte* values() const { return values_.data(); }
  const uint32_t* offsets() const { return offsets_.data(); }
  /// Of a typed column of texts.
  const TextBuffers& texts() const { return texts_; }
  /// Bytes that its arrays and texts take.
  size_t held() const;
  void detach();

 private:
  template <typename T>
  T& value(size_t row) {
    return reinterpret_cast<T*>(values_.data())[row];
  }
  template <typename T>
  const T& value(size_t row) const {
    return reinterpret_cast<const T*>(values_.data())[row];
  }
  void grow();
  void append_list(const Cell& cell);
  void append_typed(const Cell& cell);

  Storage storage_;
  bool list_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t nulls_ = 0;
  GrowingArray<uint64_t> validity_;
  GrowingArray<std::byte> values_;       // of all but list columns
  GrowingArray<uint32_t> offsets_;       // of a list column: where each row's items end
  std::unique_ptr<ColumnVector> items_;  // of a list column
  TextBuffers texts_;
};

/// Rows of one view over one block of input. Reused from block to block. Values as text: texts that
/// are not in the input live in its arena. Typed values: the columns own all that they hold.
class Batch {
 public:
  /// `memory`: what its texts draw from; null: unbounded.
  explicit Batch(const Schema& schema, Values values = Values::kText,
                 base::MemoryReservation* memory = nullptr);
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
  Values values() const { return values_; }
  size_t column_count() const { return columns_.size(); }
  const ColumnVector& column(size_t index) const { return columns_[index]; }
  /// For texts that must live as long as the rows.
  base::Arena& texts() { return *texts_; }
  /// Bytes that texts take.
  size_t texts_held() const { return texts_->held(); }

  /// The rows of typed values, which are this batch's no longer and draw on no memory.
  std::shared_ptr<const Batch> take_rows();
  /// Bytes that the columns take.
  size_t held() const;

 private:
  explicit Batch(Values values) : values_(values) {}

  Values values_;
  base::MemoryReservation* memory_ = nullptr;
  const Schema* schema_ = nullptr;
  std::vector<ColumnVector> columns_;
  size_t rows_ = 0;
  std::unique_ptr<base::Arena> texts_;
};

}  // namespace kiln::table
