#include <algorithm>
#include <string>
#include <vector>

#include "fhirpath/context.h"
#include "fhirpath/functions/families.h"

namespace kiln::fhirpath {
namespace {

using Table = std::vector<const FunctionRow*>;

bool by_name(const FunctionRow* a, const FunctionRow* b) { return a->name < b->name; }

Table sorted(std::initializer_list<std::span<const FunctionRow>> families) {
  Table table;
  for (const auto& family : families) {
    for (const FunctionRow& row : family) table.push_back(&row);
  }
  std::sort(table.begin(), table.end(), by_name);
  return table;
}

const Table& functions() {
  static const Table kTable =
      sorted({existence_functions(), filtering_functions(), subsetting_functions(),
              combining_functions(), conversion_functions(), string_functions(), math_functions(),
              tree_functions(), temporal_functions(), boundary_functions(), type_functions(),
              utility_functions(), fhir_functions(), sql_functions()});
  return kTable;
}

const Table& operators() {
  static const Table kTable =
      sorted({comparison_operators(), boolean_operators(), arithmetic_operators(),
              collection_operators(), subsetting_operators()});
  return kTable;
}

const FunctionRow* find_in(const Table& table, std::string_view name) {
  const auto found = std::lower_bound(
      table.begin(), table.end(), name,
      [](const FunctionRow* row, std::string_view wanted) { return row->name < wanted; });
  return found != table.end() && (*found)->name == name ? *found : nullptr;
}

}  // namespace

const FunctionRow* find_function(std::string_view name) { return find_in(functions(), name); }
const FunctionRow* find_operator(std::string_view name) { return find_in(operators(), name); }
const FunctionRow* find_sign(std::string_view sign) {
  return find_operator(std::string(sign) + "x");
}

std::span<const std::string_view> function_names() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> names;
    for (const FunctionRow* row : functions()) names.push_back(row->name);
    return names;
  }();
  return kNames;
}

bool run_constant(Context& context, const Instruction& instruction, Collection& out) {
  out = context.program().constants[instruction.data];
  return true;
}

bool run_this(Context& context, const Instruction&, Collection& out) {
  out = context.this_value();
  return true;
}

bool run_index(Context& context, const Instruction&, Collection& out) {
  return context.give_integer(out, context.index_value());
}

bool run_total(Context& context, const Instruction&, Collection& out) {
  out = context.total();
  return true;
}

bool run_root(Context& context, const Instruction&, Collection& out) {
  out = {&context.root(), 1};
  return true;
}

bool run_row_index(Context& context, const Instruction&, Collection& out) {
  return context.give_integer(out, context.row_index());
}

bool run_path(Context& context, const Instruction& instruction, Collection& out) {
  Collection from;
  if (!context.input(instruction, from)) return false;
  ItemList result(context.arena());
  if (!context.walk(context.program().paths[instruction.data], from, result)) return false;
  out = result.collection();
  return true;
}

}  // namespace kiln::fhirpath
