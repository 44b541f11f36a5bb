// What a reader wants of a table: some of its columns, and of its rows those that may matter to it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "table/batch.h"

namespace kiln::table {

/// A comparison of a typed value with a constant, as SQL has it: nothing compares with NULL. Texts
/// are compared by their bytes.
struct Test {
  enum class Op : uint8_t {
    kIsNull,
    kIsNotNull,
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kStartsWith,
  };
  /// Whole numbers also for dates, times and timestamps, as a cell has them.
  using Constant = std::variant<std::monostate, bool, int64_t, Decimal128, std::string>;

  Op op;
  Constant constant{};  ///< none for kIsNull and kIsNotNull

  friend bool operator==(const Test&, const Test&) = default;
};

/// Holds of a row if one of the tests holds of its value in the column.
struct Condition {
  size_t column;  ///< its place in the schema
  std::vector<Test> any;

  friend bool operator==(const Condition&, const Condition&) = default;
};

/// False only if the cell is known to fail every test. A cell of another kind than the constants
/// may hold.
bool may_hold(const Condition& condition, const Cell& cell);

/// More are not worth their time; what makes conditions leaves others out.
constexpr size_t kMostConditions = 64;       ///< of a reader
constexpr size_t kMostTests = 64;            ///< of a condition
constexpr size_t kMostConstantBytes = 1024;  ///< of a text

struct Wanted {
  std::vector<size_t> columns;  ///< their places in the schema, rising
  /// Each is of one of the columns. Rows of which one does not hold may be left out.
  std::vector<Condition> conditions{};
};

}  // namespace kiln::table
