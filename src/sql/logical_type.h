// DuckDB's types. Internal to the library.
#pragma once

#include <string>
#include <utility>

#include "sql/duckdb_api.h"
#include "table/schema.h"

namespace kiln::sql {

/// A type that lives as long as this.
class LogicalType {
 public:
  LogicalType(const DuckDbApi& api, duckdb_logical_type type) : api_(&api), type_(type) {}
  LogicalType(LogicalType&& other) noexcept
      : api_(other.api_), type_(std::exchange(other.type_, nullptr)) {}
  LogicalType& operator=(LogicalType&& other) noexcept {
    std::swap(type_, other.type_);
    return *this;
  }
  ~LogicalType() {
    if (type_ != nullptr) api_->duckdb_destroy_logical_type(&type_);
  }

  /// Of a column of typed values.
  static LogicalType of(const DuckDbApi& api, const table::ColumnType& type);

  duckdb_logical_type get() const { return type_; }
  duckdb_type id() const { return api_->duckdb_get_type_id(type_); }
  /// "JSON" of the type that is a text to DuckDB; "" if it has none.
  std::string alias() const;

 private:
  const DuckDbApi* api_;
  duckdb_logical_type type_;
};

/// What DuckDB calls the type of a column: "DECIMAL(38,9)", "TIMESTAMP WITH TIME ZONE",
/// "VARCHAR[]".
std::string duckdb_name(const table::ColumnType& type);

}  // namespace kiln::sql
