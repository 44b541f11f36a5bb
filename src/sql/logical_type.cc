#include "sql/logical_type.h"

namespace kiln::sql {
namespace {

duckdb_type id_of(table::SqlType type) {
  switch (type) {
    case table::SqlType::kBoolean:
      return DUCKDB_TYPE_BOOLEAN;
    case table::SqlType::kTinyInt:
      return DUCKDB_TYPE_TINYINT;
    case table::SqlType::kSmallInt:
      return DUCKDB_TYPE_SMALLINT;
    case table::SqlType::kInteger:
      return DUCKDB_TYPE_INTEGER;
    case table::SqlType::kBigInt:
      return DUCKDB_TYPE_BIGINT;
    case table::SqlType::kReal:
      return DUCKDB_TYPE_FLOAT;
    case table::SqlType::kDouble:
      return DUCKDB_TYPE_DOUBLE;
    case table::SqlType::kDecimal:
      return DUCKDB_TYPE_DECIMAL;
    case table::SqlType::kVarchar:
      return DUCKDB_TYPE_VARCHAR;
    case table::SqlType::kBinary:
      return DUCKDB_TYPE_BLOB;
    case table::SqlType::kDate:
      return DUCKDB_TYPE_DATE;
    case table::SqlType::kTime:
      return DUCKDB_TYPE_TIME;
    case table::SqlType::kTimestamp:
      return DUCKDB_TYPE_TIMESTAMP;
    case table::SqlType::kTimestampTz:
      return DUCKDB_TYPE_TIMESTAMP_TZ;
  }
  return DUCKDB_TYPE_VARCHAR;
}

}  // namespace

LogicalType LogicalType::of(const DuckDbApi& api, const table::ColumnType& type) {
  LogicalType item(api, type.sql == table::SqlType::kDecimal
                            ? api.duckdb_create_decimal_type(type.precision, type.scale)
                            : api.duckdb_create_logical_type(id_of(type.sql)));
  if (!type.list) return item;
  return {api, api.duckdb_create_list_type(item.get())};
}

std::string LogicalType::alias() const {
  char* const text = api_->duckdb_logical_type_get_alias(type_);
  if (text == nullptr) return "";
  std::string alias(text);
  api_->duckdb_free(text);
  return alias;
}

}  // namespace kiln::sql
