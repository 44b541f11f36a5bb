#include "table/condition.h"

#include <algorithm>
#include <compare>
#include <optional>

namespace kiln::table {
namespace {

using Op = Test::Op;

/// Nothing if the two are of different kinds.
std::optional<std::strong_ordering> compare(const Cell& cell, const Test::Constant& constant) {
  if (const bool* const boolean = std::get_if<bool>(&constant)) {
    if (cell.kind != Cell::Kind::kBoolean) return std::nullopt;
    return cell.boolean <=> *boolean;
  }
  if (const int64_t* const integer = std::get_if<int64_t>(&constant)) {
    if (cell.kind != Cell::Kind::kInteger) return std::nullopt;
    return cell.integer <=> *integer;
  }
  if (const Decimal128* const decimal = std::get_if<Decimal128>(&constant)) {
    if (cell.kind != Cell::Kind::kDecimal) return std::nullopt;
    const auto high = cell.decimal.high <=> decimal->high;
    return high != std::strong_ordering::equal ? high : cell.decimal.low <=> decimal->low;
  }
  if (const std::string* const text = std::get_if<std::string>(&constant)) {
    if (cell.kind != Cell::Kind::kText) return std::nullopt;
    return cell.text.view() <=> std::string_view(*text);
  }
  return std::nullopt;
}

bool may_hold(const Test& test, const Cell& cell) {
  const bool null = cell.kind == Cell::Kind::kNull;
  if (test.op == Op::kIsNull) return null;
  if (null) return false;
  if (test.op == Op::kIsNotNull) return true;
  if (test.op == Op::kStartsWith) {
    const std::string* const start = std::get_if<std::string>(&test.constant);
    return start == nullptr || cell.kind != Cell::Kind::kText ||
           cell.text.view().starts_with(*start);
  }
  const auto order = compare(cell, test.constant);
  if (!order) return true;
  switch (test.op) {
    case Op::kEqual:
      return *order == 0;
    case Op::kNotEqual:
      return *order != 0;
    case Op::kLess:
      return *order < 0;
    case Op::kLessOrEqual:
      return *order <= 0;
    case Op::kGreater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

}  // namespace

bool may_hold(const Condition& condition, const Cell& cell) {
  return std::any_of(condition.any.begin(), condition.any.end(),
                     [&](const Test& test) { return may_hold(test, cell); });
}

}  // namespace kiln::table
