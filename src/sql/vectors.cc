#include "sql/vectors.h"

#include <cstring>

namespace kiln::sql {
namespace {

using table::ColumnVector;
using table::Storage;

template <typename T>
const T* values_of(const ColumnVector& column) {
  return reinterpret_cast<const T*>(column.values());
}

template <typename T>
void copy_values(const ColumnVector& column, size_t begin, size_t count, void* out) {
  std::memcpy(out, values_of<T>(column) + begin, count * sizeof(T));
}

template <typename T>
void narrow_decimals(const ColumnVector& column, size_t begin, size_t count, void* out) {
  const auto* const from = values_of<table::Decimal128>(column) + begin;
  for (size_t i = 0; i < count; ++i) static_cast<T*>(out)[i] = static_cast<T>(from[i].low);
}

/// DuckDB holds a decimal in as few bytes as its precision needs.
void fill_decimals(const DuckDbApi& api, const ColumnVector& column, size_t begin, size_t count,
                   duckdb_vector out) {
  void* const data = api.duckdb_vector_get_data(out);
  duckdb_logical_type type = api.duckdb_vector_get_column_type(out);
  const duckdb_type internal = api.duckdb_decimal_internal_type(type);
  api.duckdb_destroy_logical_type(&type);
  static_assert(sizeof(table::Decimal128) == sizeof(duckdb_hugeint));
  switch (internal) {
    case DUCKDB_TYPE_SMALLINT:
      return narrow_decimals<int16_t>(column, begin, count, data);
    case DUCKDB_TYPE_INTEGER:
      return narrow_decimals<int32_t>(column, begin, count, data);
    case DUCKDB_TYPE_BIGINT:
      return narrow_decimals<int64_t>(column, begin, count, data);
    default:
      return copy_values<table::Decimal128>(column, begin, count, data);
  }
}

void fill_texts(const DuckDbApi& api, const ColumnVector& column, size_t begin, size_t count,
                duckdb_vector out) {
  const auto* const views = values_of<table::ArrowView>(column) + begin;
  auto* const data = static_cast<duckdb_string_t*>(api.duckdb_vector_get_data(out));
  for (size_t i = 0; i < count; ++i) {
    if (!column.is_valid(begin + i)) continue;
    const table::ArrowView& view = views[i];
    if (static_cast<uint32_t>(view.size) <= table::ArrowView::kMostInline) {
      static_assert(sizeof(duckdb_string_t) == sizeof(table::ArrowView));
      std::memcpy(&data[i], &view, sizeof(view));  // short texts lie alike in both
    } else {
      const std::string_view text = column.texts().text_of(view);
      api.duckdb_vector_assign_string_element_len(out, i, text.data(), text.size());
    }
  }
}

void fill_nulls(const DuckDbApi& api, const ColumnVector& column, size_t begin, size_t count,
                duckdb_vector out) {
  if (column.nulls() == 0) return;
  api.duckdb_vector_ensure_validity_writable(out);
  uint64_t* const validity = api.duckdb_vector_get_validity(out);
  for (size_t i = 0; i < count; ++i) {
    if (!column.is_valid(begin + i)) validity[i / 64] &= ~(uint64_t{1} << (i % 64));
  }
}

base::Status fill_lists(const DuckDbApi& api, const ColumnVector& column, size_t begin,
                        size_t count, duckdb_vector out) {
  auto* const entries = static_cast<duckdb_list_entry*>(api.duckdb_vector_get_data(out));
  const uint32_t first = column.list_begin(begin);
  const uint32_t last = column.list_begin(begin + count);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t at = column.list_begin(begin + i);
    entries[i] = {at - first, uint64_t{column.list_begin(begin + i + 1)} - at};
  }
  if (api.duckdb_list_vector_reserve(out, last - first) == DuckDBError ||
      api.duckdb_list_vector_set_size(out, last - first) == DuckDBError) {
    return base::Error(base::ErrorCode::kInternal, "DuckDB: no room for a list");
  }
  return fill_vector(api, column.items(), first, last - first,
                     api.duckdb_list_vector_get_child(out));
}

}  // namespace

base::Status fill_vector(const DuckDbApi& api, const ColumnVector& column, size_t begin,
                         size_t count, duckdb_vector out) {
  if (count == 0) return {};
  fill_nulls(api, column, begin, count, out);
  if (column.is_list()) return fill_lists(api, column, begin, count, out);
  void* const data = api.duckdb_vector_get_data(out);
  switch (column.storage()) {
    case Storage::kBoolean:
      for (size_t i = 0; i < count; ++i) static_cast<bool*>(data)[i] = column.boolean(begin + i);
      break;
    case Storage::kInt8:
      copy_values<int8_t>(column, begin, count, data);
      break;
    case Storage::kInt16:
      copy_values<int16_t>(column, begin, count, data);
      break;
    case Storage::kInt32:
      copy_values<int32_t>(column, begin, count, data);
      break;
    case Storage::kInteger:
      copy_values<int64_t>(column, begin, count, data);
      break;
    case Storage::kFloat:
      copy_values<float>(column, begin, count, data);
      break;
    case Storage::kDouble:
      copy_values<double>(column, begin, count, data);
      break;
    case Storage::kDecimal:
      fill_decimals(api, column, begin, count, out);
      break;
    case Storage::kView:
      fill_texts(api, column, begin, count, out);
      break;
    case Storage::kText:
      return base::Error(base::ErrorCode::kInternal, "a query reads typed values");
  }
  return {};
}

}  // namespace kiln::sql
