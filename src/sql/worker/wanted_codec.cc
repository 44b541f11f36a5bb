#include "sql/worker/wanted_codec.h"

#include <algorithm>
#include <functional>

namespace kiln::sql {
namespace {

using table::Test;

struct ConstantWriter {
  WireWriter& out;
  void operator()(std::monostate) const {}
  void operator()(bool value) const { out.put(uint8_t{value}); }
  void operator()(int64_t value) const { out.put(value); }
  void operator()(const table::Decimal128& value) const {
    out.put(value.low);
    out.put(value.high);
  }
  void operator()(const std::string& value) const { out.put(std::string_view(value)); }
};

std::optional<Test::Constant> read_constant(WireReader& in) {
  switch (in.get<uint8_t>()) {
    case 0:
      return std::monostate();
    case 1:
      return in.get<uint8_t>() != 0;
    case 2:
      return in.get<int64_t>();
    case 3: {
      const auto low = in.get<uint64_t>();
      return table::Decimal128{low, in.get<int64_t>()};
    }
    case 4: {
      const std::string_view text = in.text();
      if (text.size() > table::kMostConstantBytes) return std::nullopt;
      return std::string(text);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

void write_wanted(const table::Wanted& wanted, WireWriter& out) {
  out.put(uint64_t{wanted.columns.size()});
  for (const size_t column : wanted.columns) out.put(uint64_t{column});
  out.put(uint64_t{wanted.conditions.size()});
  for (const table::Condition& condition : wanted.conditions) {
    out.put(uint64_t{condition.column});
    out.put(uint64_t{condition.any.size()});
    for (const Test& test : condition.any) {
      out.put(static_cast<uint8_t>(test.op));
      out.put(static_cast<uint8_t>(test.constant.index()));
      std::visit(ConstantWriter{out}, test.constant);
    }
  }
}

std::optional<table::Wanted> read_wanted(WireReader& in, const table::Schema& schema) {
  table::Wanted wanted;
  wanted.columns.resize(in.count(sizeof(uint64_t)));
  for (size_t& column : wanted.columns) column = in.get<uint64_t>();
  const std::vector<size_t>& columns = wanted.columns;
  if (!std::is_sorted(columns.begin(), columns.end(), std::less_equal<>()) ||
      (!columns.empty() && columns.back() >= schema.columns.size())) {
    return std::nullopt;
  }
  size_t left = in.count(2 * sizeof(uint64_t));
  if (left > table::kMostConditions) return std::nullopt;
  for (; left != 0 && in.ok(); --left) {
    table::Condition condition{in.get<uint64_t>(), {}};
    if (!std::binary_search(columns.begin(), columns.end(), condition.column)) return std::nullopt;
    size_t tests = in.count(2);
    if (tests > table::kMostTests) return std::nullopt;
    for (; tests != 0 && in.ok(); --tests) {
      const auto op = in.get<uint8_t>();
      if (op > static_cast<uint8_t>(Test::Op::kStartsWith)) return std::nullopt;
      auto constant = read_constant(in);
      if (!constant) return std::nullopt;
      condition.any.push_back({static_cast<Test::Op>(op), *std::move(constant)});
    }
    wanted.conditions.push_back(std::move(condition));
  }
  if (!in.done()) return std::nullopt;
  return wanted;
}

}  // namespace kiln::sql
