#include "sql/logical_type.h"

namespace kiln::sql {
namespace {

struct Name {
  duckdb_type id;
  const char* text;
};

Name name_of(table::SqlType type) {
  switch (type) {
    case table::SqlType::kBoolean:
      return {DUCKDB_TYPE_BOOLEAN, "BOOLEAN"};
    case table::SqlType::kTinyInt:
      return {DUCKDB_TYPE_TINYINT, "TINYINT"};
    case table::SqlType::kSmallInt:
      return {DUCKDB_TYPE_SMALLINT, "SMALLINT"};
    case table::SqlType::kInteger:
      return {DUCKDB_TYPE_INTEGER, "INTEGER"};
    case table::SqlType::kBigInt:
      return {DUCKDB_TYPE_BIGINT, "BIGINT"};
    case table::SqlType::kReal:
      return {DUCKDB_TYPE_FLOAT, "FLOAT"};
    case table::SqlType::kDouble:
      return {DUCKDB_TYPE_DOUBLE, "DOUBLE"};
    case table::SqlType::kDecimal:
      return {DUCKDB_TYPE_DECIMAL, "DECIMAL"};
    case table::SqlType::kVarchar:
      return {DUCKDB_TYPE_VARCHAR, "VARCHAR"};
    case table::SqlType::kBinary:
      return {DUCKDB_TYPE_BLOB, "BLOB"};
    case table::SqlType::kDate:
      return {DUCKDB_TYPE_DATE, "DATE"};
    case table::SqlType::kTime:
      return {DUCKDB_TYPE_TIME, "TIME"};
    case table::SqlType::kTimestamp:
      return {DUCKDB_TYPE_TIMESTAMP, "TIMESTAMP"};
    case table::SqlType::kTimestampTz:
      return {DUCKDB_TYPE_TIMESTAMP_TZ, "TIMESTAMP WITH TIME ZONE"};
  }
  return {DUCKDB_TYPE_VARCHAR, "VARCHAR"};
}

}  // namespace

LogicalType LogicalType::of(const DuckDbApi& api, const table::ColumnType& type) {
  LogicalType item(api, type.sql == table::SqlType::kDecimal
                            ? api.duckdb_create_decimal_type(type.precision, type.scale)
                            : api.duckdb_create_logical_type(name_of(type.sql).id));
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

std::string duckdb_name(const table::ColumnType& type) {
  std::string name = name_of(type.sql).text;
  if (type.sql == table::SqlType::kDecimal) {
    name += "(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
  }
  return type.list ? name + "[]" : name;
}

}  // namespace kiln::sql
