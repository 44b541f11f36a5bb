// A plan is a tree of nodes with a `type`. Only a LOGICAL_FILTER right above the reading of a view
// counts; whatever else is between may change what a condition means.
#include "sql/plan.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "json/document.h"
#include "sql/logical_type.h"
#include "sql/parse_tree.h"

namespace kiln::sql {
namespace {

using json::Value;
using table::Condition;
using table::SqlType;
using table::Test;
using Op = Test::Op;

std::string_view type_of(Value node) { return node["type"].text(); }

std::optional<Op> comparison_of(std::string_view type) {
  static constexpr std::pair<std::string_view, Op> kOps[] = {
      {"COMPARE_EQUAL", Op::kEqual},         {"COMPARE_NOTEQUAL", Op::kNotEqual},
      {"COMPARE_LESSTHAN", Op::kLess},       {"COMPARE_LESSTHANOREQUALTO", Op::kLessOrEqual},
      {"COMPARE_GREATERTHAN", Op::kGreater}, {"COMPARE_GREATERTHANOREQUALTO", Op::kGreaterOrEqual},
  };
  for (const auto& [name, op] : kOps) {
    if (name == type) return op;
  }
  return std::nullopt;
}

/// With its sides changed.
Op turned(Op op) {
  switch (op) {
    case Op::kLess:
      return Op::kGreater;
    case Op::kLessOrEqual:
      return Op::kGreaterOrEqual;
    case Op::kGreater:
      return Op::kLess;
    case Op::kGreaterOrEqual:
      return Op::kLessOrEqual;
    default:
      return op;
  }
}

/// Whether a cell can be compared with a constant: what NaN equals, and which bytes a blob's text
/// stands for, is not looked into.
bool is_comparable(const table::ColumnType& column) {
  return !column.list && column.sql != SqlType::kReal && column.sql != SqlType::kDouble &&
         column.sql != SqlType::kBinary;
}

bool is_of_type(Value type, const table::ColumnType& column) {
  if (!is_comparable(column)) return false;
  const Value info = type["type_info"];
  std::string name(type["id"].text());
  if (column.sql == SqlType::kDecimal) {
    name += "(" + std::string(info["width"].text()) + "," + std::string(info["scale"].text()) + ")";
  } else if (!info.missing()) {  // a collation, an alias
    return false;
  }
  return name == duckdb_name(column);
}

/// A number that is as wide as its type: up to 18 digits as one, else its halves.
std::optional<table::Decimal128> decimal_of(Value value) {
  if (const auto integer = value.is_number() ? value.integer() : std::nullopt) {
    return table::Decimal128{static_cast<uint64_t>(*integer), *integer < 0 ? -1 : 0};
  }
  const auto upper = value["upper"].integer();
  const std::string_view text = value["lower"].text();
  uint64_t lower = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), lower);
  if (!upper || text.empty() || problem != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return table::Decimal128{lower, *upper};
}

/// Of a value of the column's type; none if it is not one, or NULL.
std::optional<Test::Constant> constant_of(Value node, const table::ColumnType& column) {
  if (type_of(node) != "VALUE_CONSTANT") return std::nullopt;
  const Value holder = node["value"];
  if (!is_of_type(holder["type"], column) || holder["is_null"].text() != "false") {
    return std::nullopt;
  }
  const Value value = holder["value"];
  const auto integer = value.is_number() ? value.integer() : std::nullopt;
  switch (column.sql) {
    case SqlType::kBoolean:
      if (!value.is_boolean()) return std::nullopt;
      return value.boolean();
    case SqlType::kVarchar:
      if (!value.is_string() || value.text().size() > table::kMostConstantBytes) {
        return std::nullopt;
      }
      return std::string(value.text());
    case SqlType::kDecimal: {
      const auto decimal = decimal_of(value);
      if (!decimal) return std::nullopt;
      return *decimal;
    }
    default:
      if (!integer) return std::nullopt;
      return *integer;
  }
}

/// The reading of a view, and what stands above it.
class Scan {
 public:
  Scan(Value get, const table::Schema& schema) : schema_(schema) {
    for (const Value index : get["column_indexes"].items()) {
      const auto column = index["index"].integer();
      const bool known = column && *column >= 0 &&
                         static_cast<size_t>(*column) < schema.columns.size() &&
                         index["index_type"].text() == "FULL_READ";
      columns_.push_back(known ? static_cast<size_t>(*column) : schema.columns.size());
    }
    // What is projected once more has other places.
    if (get["projection_ids"].size() == 0) places_ = columns_;
  }

  /// That are read; one beyond the schema for what is no column, as a row's number.
  const std::vector<size_t>& columns() const { return columns_; }

  void add(Value expression, std::vector<Condition>& conditions) const {
    if (type_of(expression) == "CONJUNCTION_AND") {
      for (const Value child : expression["children"].items()) add(child, conditions);
      return;
    }
    if (type_of(expression) == "COMPARE_BETWEEN") return add_between(expression, conditions);
    Condition condition{schema_.columns.size(), {}};
    if (read(expression, condition) && condition.any.size() <= table::kMostTests) {
      conditions.push_back(std::move(condition));
    }
  }

 private:
  const table::ColumnType& type(size_t column) const { return schema_.columns[column].type; }

  std::optional<size_t> column_of(Value node) const {
    const auto place = node["index"].integer();
    if (type_of(node) != "BOUND_REF" || !place || *place < 0 ||
        static_cast<size_t>(*place) >= places_.size()) {
      return std::nullopt;
    }
    const size_t column = places_[static_cast<size_t>(*place)];
    if (column == schema_.columns.size()) return std::nullopt;
    return column;
  }

  /// One more way for the condition to hold; false if it is not understood, or of another column.
  bool test(Condition& condition, Value reference, Op op, Value constant = {}) const {
    const auto column = column_of(reference);
    if (!column) return false;
    if (condition.any.empty()) condition.column = *column;
    if (condition.column != *column) return false;
    if (type(*column).list) return false;
    if (op == Op::kIsNull || op == Op::kIsNotNull) {
      condition.any.push_back({op, {}});
      return true;
    }
    auto value = constant_of(constant, type(*column));
    if (!value) return false;
    condition.any.push_back({op, *std::move(value)});
    return true;
  }

  bool read(Value expression, Condition& condition) const {
    const std::string_view type = type_of(expression);
    if (type == "CONJUNCTION_OR") {
      const std::vector<Value> children = expression["children"].items();
      return std::all_of(children.begin(), children.end(),
                         [&](Value child) { return read(child, condition); });
    }
    if (const auto op = comparison_of(type)) {
      const Value left = expression["left"];
      const Value right = expression["right"];
      return type_of(left) == "BOUND_REF" ? test(condition, left, *op, right)
                                          : test(condition, right, turned(*op), left);
    }
    if (type == "BOUND_REF") return flag(condition, expression, true);
    const std::vector<Value> children = expression["children"].items();
    if (type == "COMPARE_IN") {
      return children.size() > 1 && std::all_of(children.begin() + 1, children.end(), [&](Value v) {
               return test(condition, children[0], Op::kEqual, v);
             });
    }
    if (type == "OPERATOR_NOT" && children.size() == 1) return flag(condition, children[0], false);
    if (type == "OPERATOR_IS_NULL" && children.size() == 1) {
      return test(condition, children[0], Op::kIsNull);
    }
    if (type == "OPERATOR_IS_NOT_NULL" && children.size() == 1) {
      return test(condition, children[0], Op::kIsNotNull);
    }
    const std::string_view name = expression["name"].text();
    if (type == "BOUND_FUNCTION" && children.size() == 2 &&
        (name == "prefix" || name == "starts_with" || name == "^@")) {
      const auto column = column_of(children[0]);
      return column && this->type(*column).sql == SqlType::kVarchar &&
             test(condition, children[0], Op::kStartsWith, children[1]);
    }
    return false;
  }

  /// A Boolean column by itself.
  bool flag(Condition& condition, Value reference, bool wanted) const {
    const auto column = column_of(reference);
    if (!column || type(*column).sql != SqlType::kBoolean || type(*column).list) return false;
    if (condition.any.empty()) condition.column = *column;
    if (condition.column != *column) return false;
    condition.any.push_back({Op::kEqual, wanted});
    return true;
  }

  void add_between(Value expression, std::vector<Condition>& conditions) const {
    const auto inclusive = [&](const char* side) { return expression[side].text() != "false"; };
    Condition lower{schema_.columns.size(), {}};
    Condition upper = lower;
    const Value input = expression["input"];
    if (test(lower, input, inclusive("lower_inclusive") ? Op::kGreaterOrEqual : Op::kGreater,
             expression["lower"])) {
      conditions.push_back(std::move(lower));
    }
    if (test(upper, input, inclusive("upper_inclusive") ? Op::kLessOrEqual : Op::kLess,
             expression["upper"])) {
      conditions.push_back(std::move(upper));
    }
  }

  const table::Schema& schema_;
  std::vector<size_t> columns_;
  std::vector<size_t> places_;  ///< the column at each place of a row that is read
};

class PlanReader {
 public:
  explicit PlanReader(const std::vector<Relation>& relations) : relations_(relations) {
    plan_.readings.resize(relations.size());
  }

  /// `above`: the filter that the node is the one child of; `times`: how often it is run, 2 for
  /// many.
  void read(Value node, Value above, size_t times) {
    const std::string_view type = type_of(node);
    if (type == "LOGICAL_GET" && node["name"].text() == "kiln_view") read_scan(node, above, times);
    if (type == "LOGICAL_LIMIT") plan_.may_stop = true;
    if (type == "LOGICAL_RECURSIVE_CTE") times = 2;
    for (const Value child : node.items()) {
      if (child.is_object()) read(child, {}, times);
      if (!child.is_array()) continue;
      const bool alone = child.key() == "children" && child.size() == 1;
      for (const Value item : child.items()) {
        read(item, alone && type == "LOGICAL_FILTER" ? node : Value(), times);
      }
    }
  }

  /// Nothing is known if the view of one reading is not.
  Plan take() { return understood_ ? std::move(plan_) : Plan(); }

 private:
  void read_scan(Value get, Value above, size_t times) {
    const std::vector<Value> parameters = get["parameters"].items();
    const auto relation = parameters.size() == 1 ? parameters[0]["value"].integer() : std::nullopt;
    if (!relation || *relation < 0 || static_cast<size_t>(*relation) >= relations_.size() ||
        relations_[static_cast<size_t>(*relation)].schema() == nullptr) {
      understood_ = false;
      return;
    }
    const auto index = static_cast<size_t>(*relation);
    std::vector<Condition> conditions;
    const Scan scan(get, *relations_[index].schema());
    for (const Value expression : above["expressions"].items()) scan.add(expression, conditions);
    if (conditions.size() > table::kMostConditions) {
      conditions.resize(table::kMostConditions, Condition{0, {}});
    }
    PlannedReadings& found = plan_.readings[index];
    found.columns.insert(scan.columns().begin(), scan.columns().end());
    // Readings cannot be told apart when they begin, so that what one wants goes for all.
    const bool is_first = found.count == 0;
    found.count += times;
    if (is_first) {
      found.conditions = std::move(conditions);
    } else if (found.conditions != conditions) {
      found.conditions.clear();
    }
  }

  const std::vector<Relation>& relations_;
  Plan plan_;
  bool understood_ = true;  ///< which view each reading is of
};

}  // namespace

Plan read_plan(std::string plan, const std::vector<Relation>& relations) {
  PlanReader reader(relations);
  const auto document = json::Document::parse(std::move(plan), "plan", kMostTreeValues);
  if (document.ok()) reader.read((*document)->root(), {}, 1);
  return reader.take();
}

}  // namespace kiln::sql
