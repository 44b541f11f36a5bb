// Column by column: whether there are nulls, and then a byte for each row; then of lists how many
// items each row has and the items as a column, of texts their sizes and then their bytes, of
// Booleans a byte each, of anything else the array as it is.
#include "sql/worker/batch_codec.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "json/validate.h"

namespace kiln::sql {
namespace {

using table::ArrowView;
using table::Cell;
using table::ColumnVector;
using table::Storage;
using table::Text;

template <typename T>
const T* array_of(const ColumnVector& column) {
  return reinterpret_cast<const T*>(column.values());
}

/// Of what is written as it lies in memory; 0 of anything else.
size_t width_of_number(Storage storage) {
  switch (storage) {
    case Storage::kInt8:
      return 1;
    case Storage::kInt16:
      return 2;
    case Storage::kInt32:
    case Storage::kFloat:
      return 4;
    case Storage::kInteger:
    case Storage::kDouble:
      return 8;
    case Storage::kDecimal:
      return sizeof(table::Decimal128);
    case Storage::kBoolean:
    case Storage::kText:
    case Storage::kView:
      break;
  }
  return 0;
}

std::string_view text_at(const ColumnVector& column, size_t row) {
  if (column.storage() == Storage::kText) return column.text(row).view();
  return column.texts().text_of(array_of<ArrowView>(column)[row]);
}

size_t size_of_column(const ColumnVector& column, size_t begin, size_t count) {
  if (count == 0) return 1;
  const size_t nulls = column.nulls() == 0 ? 1 : 1 + count;
  if (column.is_list()) {
    const uint32_t first = column.list_begin(begin);
    return nulls + count * sizeof(uint32_t) +
           size_of_column(column.items(), first, column.list_begin(begin + count) - first);
  }
  const size_t width = width_of_number(column.storage());
  if (width != 0) return nulls + count * width;
  if (column.storage() == Storage::kBoolean) return nulls + count;
  size_t size = nulls + count * sizeof(uint32_t);
  for (size_t row = begin; row < begin + count; ++row) size += text_at(column, row).size();
  return size;
}

void write_column(const ColumnVector& column, size_t begin, size_t count, WireWriter& out) {
  out.put(static_cast<uint8_t>(column.nulls() != 0));
  if (column.nulls() != 0) {
    for (size_t row = begin; row < begin + count; ++row) {
      out.put(static_cast<uint8_t>(column.is_valid(row)));
    }
  }
  if (column.is_list()) {
    for (size_t row = begin; row < begin + count; ++row) {
      out.put(column.list_begin(row + 1) - column.list_begin(row));
    }
    const uint32_t first = count == 0 ? 0 : column.list_begin(begin);
    const uint32_t last = count == 0 ? 0 : column.list_begin(begin + count);
    return write_column(column.items(), first, last - first, out);
  }
  if (count == 0) return;
  if (const size_t width = width_of_number(column.storage()); width != 0) {
    return out.raw(column.values() + begin * width, count * width);
  }
  if (column.storage() == Storage::kBoolean) {
    for (size_t row = begin; row < begin + count; ++row) {
      out.put(static_cast<uint8_t>(column.boolean(row)));
    }
    return;
  }
  for (size_t row = begin; row < begin + count; ++row) {
    out.put(static_cast<uint32_t>(text_at(column, row).size()));
  }
  for (size_t row = begin; row < begin + count; ++row) {
    const std::string_view text = text_at(column, row);
    out.raw(text.data(), text.size());
  }
}

/// Reads one column's cells, in order.
class ColumnReader {
 public:
  /// `texts`: what texts that are referred to live in; null: the column copies them.
  ColumnReader(const ColumnVector& column, size_t count, WireReader& in, base::Arena* texts)
      : storage_(column.storage()), list_(column.is_list()) {
    if (in.get<uint8_t>() != 0) valid_ = in.raw(count);
    if (list_) {
      const std::string_view sizes = in.raw(count * sizeof(uint32_t));
      uint64_t all = 0;
      for (size_t i = 0; i < sizes.size() / sizeof(uint32_t); ++i)
        all += number<uint32_t>(sizes, i);
      sizes_ = sizes;
      if (!in.ok() || !is_possible(all, in)) return;
      items_ = std::make_unique<ColumnReader>(column.items(), all, in, texts);
      return;
    }
    if (const size_t width = width_of_number(storage_); width != 0) {
      values_ = in.raw(count * width);
    } else if (storage_ == Storage::kBoolean) {
      values_ = in.raw(count);
    } else {
      sizes_ = in.raw(count * sizeof(uint32_t));
      uint64_t all = 0;
      for (size_t i = 0; i < sizes_.size() / sizeof(uint32_t); ++i) {
        all += number<uint32_t>(sizes_, i);
      }
      values_ = in.raw(all);
      if (texts != nullptr && in.ok()) values_ = texts->copy(values_);
    }
  }

  /// False for a list with more items than can be there.
  bool is_whole() const { return !list_ || (items_ && items_->is_whole()); }
  /// Of the next row; to be asked `count` times at most, and only if all could be read. A list's
  /// items are in `items` until the next call.
  Cell next(std::vector<Cell>& items) {
    const size_t row = row_++;
    const bool is_null = !valid_.empty() && valid_[row] == 0;
    if (list_) {
      const auto size = number<uint32_t>(sizes_, row);
      items.clear();
      std::vector<Cell> none;
      for (uint32_t i = 0; i < size; ++i) items.push_back(items_->next(none));
      return is_null ? Cell() : Cell::of_list(items.data(), size);
    }
    if (storage_ == Storage::kText || storage_ == Storage::kView) {
      const auto size = number<uint32_t>(sizes_, row);
      const char* const data = values_.data() + text_;
      text_ += size;
      return is_null ? Cell() : Cell::of(Text{data, size});
    }
    return is_null ? Cell() : scalar(row);
  }

 private:
  template <typename T>
  static T number(std::string_view bytes, size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at * sizeof(T), sizeof(T));
    return value;
  }
  /// Each item has a byte or more; the reader fails if there are not as many.
  static bool is_possible(uint64_t items, const WireReader& in) {
    WireReader copy = in;
    return copy.raw(items).size() == items;
  }
  Cell scalar(size_t row) const {
    switch (storage_) {
      case Storage::kBoolean:
        return Cell::of(values_[row] != 0);
      case Storage::kInt8:
        return Cell::of(int64_t{number<int8_t>(values_, row)});
      case Storage::kInt16:
        return Cell::of(int64_t{number<int16_t>(values_, row)});
      case Storage::kInt32:
        return Cell::of(int64_t{number<int32_t>(values_, row)});
      case Storage::kInteger:
        return Cell::of(number<int64_t>(values_, row));
      case Storage::kFloat:
        return Cell::of(double{number<float>(values_, row)});
      case Storage::kDouble:
        return Cell::of(number<double>(values_, row));
      case Storage::kDecimal:
        return Cell::of(number<table::Decimal128>(values_, row));
      case Storage::kText:
      case Storage::kView:
        break;
    }
    return {};
  }

  const Storage storage_;
  const bool list_;
  std::string_view valid_;  ///< empty: no nulls
  std::string_view sizes_;  ///< of lists and texts
  std::string_view values_;
  std::unique_ptr<ColumnReader> items_;
  size_t row_ = 0;
  size_t text_ = 0;
};

}  // namespace

size_t size_of_rows(const table::Batch& batch, size_t begin, size_t count) {
  size_t size = sizeof(uint32_t);
  for (size_t i = 0; i < batch.column_count(); ++i) {
    size += size_of_column(batch.column(i), begin, count);
  }
  return size;
}

size_t rows_together(const table::Batch& batch, size_t begin, size_t count) {
  static constexpr size_t kUsual = size_t{2} << 20;
  count = std::min(count, kMostRowsTogether);
  while (count > 1 && size_of_rows(batch, begin, count) > kUsual) count /= 2;
  return count;
}

void write_rows(const table::Batch& batch, size_t begin, size_t count, WireWriter& out) {
  out.put(static_cast<uint32_t>(count));
  for (size_t i = 0; i < batch.column_count(); ++i) {
    write_column(batch.column(i), begin, count, out);
  }
}

base::Status check_nested(const table::Schema& schema, const table::Batch& batch) {
  if (batch.values() != table::Values::kTyped) return {};
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    if (!schema.columns[i].type.nested()) continue;
    const ColumnVector& column = batch.column(i);
    for (size_t row = 0; row < batch.rows(); ++row) {
      if (column.is_valid(row) &&
          json::find_problem(text_at(column, row), json::RepeatedKeys::kAllowed)) {
        return base::Error(base::ErrorCode::kInvalid, "a nested value that is no JSON");
      }
    }
  }
  return {};
}

base::Status read_rows(WireReader& in, table::Batch& batch) {
  const base::ErrorCode invalid = base::ErrorCode::kInvalid;
  const auto count = in.get<uint32_t>();
  if (!in.ok() || count > kMostRowsTogether) return base::Error(invalid, "no such rows");
  base::Arena* const texts = batch.values() == table::Values::kText ? &batch.texts() : nullptr;
  std::vector<Cell> items;
  for (size_t i = 0; i < batch.column_count(); ++i) {
    ColumnReader column(batch.column(i), count, in, texts);
    if (!in.ok() || !column.is_whole()) return base::Error(invalid, "rows that are cut off");
    for (uint32_t row = 0; row < count; ++row) {
      const Cell cell = column.next(items);
      batch.append_cells(i, 1, &cell);
    }
  }
  if (!in.done()) return base::Error(invalid, "rows with something behind them");
  for (uint32_t row = 0; row < count; ++row) batch.finish_row();
  return {};
}

}  // namespace kiln::sql
