// A column of a query's result: its type as a table has it, and its values out of DuckDB's vectors.
// Internal to the library.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sql/logical_type.h"
#include "table/batch.h"

namespace kiln::sql {

class ValueReader;

/// One thread at a time.
class ResultColumn {
 public:
  /// kUnsupported, naming the column, for a type that no format has (INTERVAL).
  static base::Result<ResultColumn> make(const DuckDbApi& api, std::string name, LogicalType type,
                                         table::Values values);
  ResultColumn(ResultColumn&&) noexcept;
  ResultColumn& operator=(ResultColumn&&) noexcept;
  ~ResultColumn();

  const table::Column& column() const { return column_; }

  /// The values of a vector are asked for next. It must stay as it is meanwhile.
  void take(duckdb_vector vector);
  /// The value of a row, which refers to the vector or to `texts`. kInvalid for one that the
  /// column's type cannot hold.
  base::Status read(size_t row, base::Arena& texts, table::Cell& cell) const;

 private:
  ResultColumn();
  table::Column column_;
  std::unique_ptr<ValueReader> reader_;
};

}  // namespace kiln::sql
