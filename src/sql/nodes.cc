#include "sql/nodes.h"

#include <algorithm>
#include <iterator>

namespace kiln::sql {
namespace {

using enum Role;

const std::vector<NodeKind>& expressions() {
  static const std::vector<NodeKind> kAll = {
      {"BETWEEN", {{"input", kExpression}, {"lower", kExpression}, {"upper", kExpression}}},
      {"CASE", {{"case_checks", kCases}, {"else_expr", kExpression}}},
      {"CAST", {{"child", kExpression}, {"cast_type", kType}, {"try_cast", kText}}},
      {"COLLATE", {{"child", kExpression}, {"collation", kText}}},
      {"COLUMN_REF", {{"column_names", kText}}},
      {"COMPARISON", {{"left", kExpression}, {"right", kExpression}}},
      {"CONJUNCTION", {{"children", kExpression}}},
      {"CONSTANT", {{"value", kText}}},
      {"FUNCTION",
       {{"function_name", kText},
        {"schema", kText},
        {"catalog", kText},
        {"children", kExpression},
        {"filter", kExpression},
        {"order_bys", kModifier},
        {"distinct", kText},
        {"is_operator", kText},
        {"export_state", kRefused}}},
      {"LAMBDA", {{"lhs", kExpression}, {"expr", kExpression}}},
      {"OPERATOR", {{"children", kExpression}}},
      {"PARAMETER", {{"identifier", kText}}},
      {"POSITIONAL_REFERENCE", {{"index", kText}}},
      {"STAR",
       {{"relation_name", kText},
        {"exclude_list", kText},
        {"qualified_exclude_list", kText},
        {"rename_list", kText},
        {"replace_list", kReplacements},
        {"columns", kText},
        {"expr", kExpression}}},
      {"SUBQUERY",
       {{"subquery", kQuery},
        {"child", kExpression},
        {"subquery_type", kText},
        {"comparison_type", kText}}},
      {"WINDOW",
       {{"function_name", kText},
        {"schema", kText},
        {"catalog", kText},
        {"children", kExpression},
        {"partitions", kExpression},
        {"orders", kOrders},
        {"arg_orders", kOrders},
        {"start", kText},
        {"end", kText},
        {"exclude_clause", kText},
        {"start_expr", kExpression},
        {"end_expr", kExpression},
        {"offset_expr", kExpression},
        {"default_expr", kExpression},
        {"filter_expr", kExpression},
        {"ignore_nulls", kText},
        {"distinct", kText}}},
  };
  return kAll;
}

const std::vector<NodeKind>& tables() {
  static const std::vector<NodeKind> kAll = {
      {"BASE_TABLE",
       {{"catalog_name", kText},
        {"schema_name", kText},
        {"table_name", kText},
        {"column_name_alias", kText},
        {"sample", kText},
        {"at_clause", kRefused}}},
      {"EMPTY", {{"sample", kText}}},
      {"EXPRESSION_LIST",
       {{"expected_names", kText},
        {"expected_types", kType},
        {"values", kExpression},
        {"sample", kText}}},
      {"JOIN",
       {{"left", kTable},
        {"right", kTable},
        {"condition", kExpression},
        {"join_type", kText},
        {"ref_type", kText},
        {"using_columns", kText},
        {"delim_flipped", kText},
        {"duplicate_eliminated_columns", kExpression},
        {"sample", kText}}},
      {"PIVOT",
       {{"source", kTable},
        {"aggregates", kExpression},
        {"pivots", kPivots},
        {"unpivot_names", kText},
        {"groups", kText},
        {"column_name_alias", kText},
        {"include_nulls", kText},
        {"sample", kText}}},
      {"SUBQUERY", {{"subquery", kQuery}, {"column_name_alias", kText}, {"sample", kText}}},
      {"TABLE_FUNCTION",
       {{"function", kExpression},
        {"column_name_alias", kText},
        {"with_ordinality", kText},
        {"sample", kText}}},
  };
  return kAll;
}

const std::vector<NodeKind>& queries() {
  static const std::vector<NodeKind> kAll = {
      {"SELECT_NODE",
       {{"cte_map", kCtes},
        {"modifiers", kModifier},
        {"select_list", kExpression},
        {"from_table", kTable},
        {"where_clause", kExpression},
        {"group_expressions", kExpression},
        {"group_sets", kText},
        {"aggregate_handling", kText},
        {"having", kExpression},
        {"qualify", kExpression},
        {"sample", kText}}},
      {"SET_OPERATION_NODE",
       {{"cte_map", kCtes},
        {"modifiers", kModifier},
        {"left", kNode},
        {"right", kNode},
        {"setop_type", kText},
        {"setop_all", kText}}},
      {"RECURSIVE_CTE_NODE",
       {{"cte_map", kCtes},
        {"modifiers", kModifier},
        {"cte_name", kText},
        {"union_all", kText},
        {"left", kNode},
        {"right", kNode},
        {"aliases", kText},
        {"key_targets", kExpression}}},
  };
  return kAll;
}

const std::vector<NodeKind>& modifiers() {
  static const std::vector<NodeKind> kAll = {
      {"DISTINCT_MODIFIER", {{"distinct_on_targets", kExpression}}},
      {"LIMIT_MODIFIER", {{"limit", kExpression}, {"offset", kExpression}}},
      {"LIMIT_PERCENT_MODIFIER", {{"limit", kExpression}, {"offset", kExpression}}},
      {"ORDER_MODIFIER", {{"orders", kOrders}}},
  };
  return kAll;
}

/// `extension_info` and an alias (of GEOMETRY) are no members of any.
const std::vector<NodeKind>& type_infos() {
  static const std::vector<NodeKind> kAll = {
      {"ARRAY_TYPE_INFO", {{"child_type", kType}, {"size", kText}}},
      {"DECIMAL_TYPE_INFO", {{"width", kText}, {"scale", kText}}},
      {"LIST_TYPE_INFO", {{"child_type", kType}}},
      {"STRUCT_TYPE_INFO", {{"child_types", kFieldTypes}}},
      {"UNBOUND_TYPE_INFO", {{"name", kText}, {"user_type_modifiers", kText}}},
  };
  return kAll;
}

constexpr std::string_view kOperatorTypes[] = {
    "ARRAY_CONSTRUCTOR", "ARRAY_EXTRACT",     "ARRAY_SLICE",       "COMPARE_IN",
    "COMPARE_NOT_IN",    "GROUPING_FUNCTION", "OPERATOR_COALESCE", "OPERATOR_IS_NOT_NULL",
    "OPERATOR_IS_NULL",  "OPERATOR_NOT",      "OPERATOR_TRY",      "OPERATOR_UNPACK",
    "STRUCT_EXTRACT",
};

const std::vector<NodeKind>& all_of(Family family) {
  switch (family) {
    case Family::kExpression:
      return expressions();
    case Family::kTable:
      return tables();
    case Family::kQuery:
      return queries();
    case Family::kModifier:
      return modifiers();
    case Family::kTypeInfo:
      return type_infos();
  }
  return type_infos();
}

}  // namespace

std::optional<Role> NodeKind::role_of(std::string_view member) const {
  for (const Member& known : members) {
    if (known.name == member) return known.role;
  }
  return std::nullopt;
}

const NodeKind* find_node(Family family, std::string_view name) {
  for (const NodeKind& kind : all_of(family)) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

bool is_known_operator(std::string_view type) {
  return std::find(std::begin(kOperatorTypes), std::end(kOperatorTypes), type) !=
         std::end(kOperatorTypes);
}

}  // namespace kiln::sql
