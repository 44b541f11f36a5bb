// The rows of one resource. Selects of columns alone are evaluated straight into a row; any other
// is evaluated into a fragment, rows of its width in the arena, and the fragments of selects that
// stand side by side are multiplied at the end, row by row into the batch, which is handed on when
// it has grown large. A column whose path is direct is followed on the tape without the evaluator.
#include <algorithm>

#include "base/guarded.h"
#include "json/text.h"
#include "view/cast.h"
#include "view/row_program.h"
#include "view/view.h"

namespace kiln::view {

using fhirpath::Collection;
using fhirpath::Item;
using table::Cell;

namespace {

/// Rows of a select: width cells a row, one row after the other.
struct Fragment {
  const Cell* cells = nullptr;
  uint32_t rows = 0;
};

/// Grows a fragment in the evaluation's arena.
class FragmentBuilder {
 public:
  FragmentBuilder(base::Arena& arena, uint32_t width) : arena_(arena), width_(width) {}

  /// Room for one more row, its cells null.
  Cell* add_row() {
    if (rows_ == capacity_) grow();
    Cell* const row = cells_ + size_t{rows_} * width_;
    std::fill_n(row, width_, Cell());
    ++rows_;
    return row;
  }
  /// The last one.
  void drop_row() { --rows_; }
  Fragment fragment() const { return {cells_, rows_}; }

 private:
  void grow() {
    const uint32_t capacity = capacity_ == 0 ? 1 : capacity_ * 2;
    Cell* const cells = arena_.make_array<Cell>(size_t{capacity} * width_);
    std::copy_n(cells_, size_t{rows_} * width_, cells);
    cells_ = cells;
    capacity_ = capacity;
  }

  base::Arena& arena_;
  const uint32_t width_;
  Cell* cells_ = nullptr;
  uint32_t rows_ = 0;
  uint32_t capacity_ = 0;
};

/// In a batch, and about what the cells come to in any format.
uint64_t bytes_of(const Cell* cells, size_t count) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    bytes += sizeof(Cell);
    if (cells[i].kind == Cell::Kind::kText) bytes += cells[i].text.size;
    if (cells[i].kind == Cell::Kind::kList)
      bytes += bytes_of(cells[i].list.items, cells[i].list.size);
  }
  return bytes;
}

}  // namespace

/// Computes the rows of one resource. False: failed, the error is set.
class RowBuilder {
 public:
  RowBuilder(RowEvaluation& rows, table::Batch& batch)
      : rows_(rows),
        schema_(rows.view_.schema()),
        evaluation_(rows.evaluation_),
        values_(batch.values()),
        texts_(batch.texts()) {}

  base::Error take_error() {
    rows_.failed_at_ = failed_at_ != nullptr ? failed_at_ : evaluation_.error_place();
    return error_ ? std::move(*error_) : evaluation_.take_error();
  }

  [[nodiscard]] bool keeps(const fhirpath::Program& where, bool& keep) {
    static constexpr std::string_view kWhere = "where";
    Collection value;
    if (!run(where, evaluation_.root(), kWhere, value)) return false;
    keep = false;
    if (value.empty()) return true;
    Item item;
    if (value.size == 1 && evaluation_.value_of(value[0], item)) {
      keep = item.boolean;
      if (item.kind == fhirpath::ItemKind::kBoolean) return true;
    } else if (evaluation_.failed()) {
      return fail(evaluation_.take_error().in(kWhere));
    } else if (value.size == 1 && is_primitive(value[0])) {
      return true;  // without a value
    }
    return fail("where: expected true or false from '" + where.text + "'");
  }

  /// The select's own columns that have conditions, until one does not hold: then the row is not
  /// `wanted`. The select's cells begin at `cells`. A value that cannot be had is no error as long
  /// as it is not known that there is a row: then all are to be evaluated `again`.
  [[nodiscard]] bool tested_cells(const SelectProgram& select, const Item& focus, int64_t row_index,
                                  Cell* cells, bool& wanted, bool& again) {
    wanted = true;
    evaluation_.set_row_index(row_index);
    for (size_t i = 0; wanted && i < select.tested; ++i) {
      const ColumnProgram& column = select.columns[i];
      Cell& cell = cells[column.column - select.first_column];
      if (value(column, focus, cell)) {
        wanted = is_wanted(column, cell);
        continue;
      }
      if (!error_ || error_->code() != base::ErrorCode::kInvalid) return false;
      error_.reset();
      failed_at_ = nullptr;
      again = true;
      return true;
    }
    return true;
  }

  /// The select's other columns of its own, or all of them `again`.
  [[nodiscard]] bool other_cells(const SelectProgram& select, const Item& focus, int64_t row_index,
                                 Cell* cells, bool again) {
    evaluation_.set_row_index(row_index);
    for (size_t i = again ? 0 : select.tested; i < select.columns.size(); ++i) {
      const ColumnProgram& column = select.columns[i];
      if (!value(column, focus, cells[column.column - select.first_column])) return false;
    }
    return true;
  }

  [[nodiscard]] bool select(const SelectProgram& select, const Item& focus, int64_t row_index,
                            Fragment& result) {
    FragmentBuilder out(evaluation_.arena(), select.width);
    bool ok = true;
    switch (select.iteration) {
      case Iteration::kNone:
        ok = body(select, focus, row_index, out);
        break;
      case Iteration::kForEach:
      case Iteration::kForEachOrNull:
        ok = for_each(select, focus, row_index, out);
        break;
      case Iteration::kRepeat: {
        int64_t index = 0;
        ok = repeat(select, focus, row_index, index, 0, out);
        break;
      }
    }
    result = out.fragment();
    return ok;
  }

 private:
  static constexpr int kDeepestRepeat = 256;

  bool fail(std::string message, base::ErrorCode code = base::ErrorCode::kInvalid) {
    return fail(base::Error(code, std::move(message)));
  }
  bool fail(base::Error error) {
    if (!error_) error_ = std::move(error);
    return false;
  }

  /// `of`: what the expression is of, for the message.
  [[nodiscard]] bool run(const fhirpath::Program& program, const Item& focus, std::string_view of,
                         Collection& out) {
    return evaluation_.run(program, focus, out) || fail(evaluation_.take_error().in(of));
  }

  bool is_primitive(const Item& item) const {
    return item.kind == fhirpath::ItemKind::kElement &&
           evaluation_.model().kind(item.type) == fhir::TypeKind::kPrimitive;
  }

  /// The path of an iteration stands outside of it: `row_index` is that of the rows around.
  [[nodiscard]] bool for_each(const SelectProgram& select, const Item& focus, int64_t row_index,
                              FragmentBuilder& out) {
    Collection items;
    evaluation_.set_row_index(row_index);
    if (!run(select.paths[0], focus, "forEach", items)) return false;
    for (uint32_t i = 0; i < items.size; ++i) {
      if (!body(select, items[i], i, out)) return false;
    }
    if (items.empty() && select.iteration == Iteration::kForEachOrNull) {
      bool wanted = true;
      if (!null_row(select, out.add_row(), select.first_column, wanted)) return false;
      if (!wanted) out.drop_row();
    }
    return true;
  }

  /// Nulls, but for columns that depend on %rowIndex alone, which is 0.
  [[nodiscard]] bool null_row(const SelectProgram& select, Cell* row, uint32_t first,
                              bool& wanted) {
    evaluation_.set_row_index(0);
    for (const ColumnProgram& column : select.columns) {
      Cell& cell = row[column.column - first];
      if (column.of_row_index && !value(column, Item(), cell)) return false;
      wanted = wanted && is_wanted(column, cell);
    }
    for (const SelectProgram& inner : select.selects) {
      if (!null_row(inner, row, first, wanted)) return false;
    }
    return select.unions.empty() || null_row(select.unions.front(), row, first, wanted);
  }

  static bool is_wanted(const ColumnProgram& column, const Cell& cell) {
    return std::all_of(column.conditions.begin(), column.conditions.end(),
                       [&](const table::Condition& c) { return table::may_hold(c, cell); });
  }

  /// Depth first, each item before what is below it.
  [[nodiscard]] bool repeat(const SelectProgram& select, const Item& focus, int64_t row_index,
                            int64_t& index, int depth, FragmentBuilder& out) {
    if (depth > kDeepestRepeat) {
      return fail("repeat: nested too deeply", base::ErrorCode::kLimit);
    }
    for (const fhirpath::Program& path : select.paths) {
      Collection items;
      evaluation_.set_row_index(row_index);
      if (!run(path, focus, "repeat", items)) return false;
      for (const Item& item : items) {
        if (!body(select, item, index++, out)) return false;
        if (!repeat(select, item, row_index, index, depth + 1, out)) return false;
      }
    }
    return true;
  }

  /// The rows for one focus: own columns, times the rows of each nested select, times the union's.
  [[nodiscard]] bool body(const SelectProgram& select, const Item& focus, int64_t row_index,
                          FragmentBuilder& out) {
    // One more part than selects: the union.
    static constexpr size_t kInline = 8;
    Fragment inline_parts[kInline];
    std::vector<Fragment> more;
    const size_t count = select.selects.size() + (select.unions.empty() ? 0 : 1);
    Fragment* parts = inline_parts;
    if (count > kInline) {
      more.resize(count);
      parts = more.data();
    }
    uint64_t total = 1;
    if (!evaluation_.step(1 + select.columns.size())) return false;
    if (!evaluation_.make_room(select.width * sizeof(Cell))) return false;
    Cell* const first = out.add_row();
    bool wanted = true;
    bool again = false;
    if (!tested_cells(select, focus, row_index, first, wanted, again)) return false;
    for (size_t i = 0; wanted && i < select.selects.size(); ++i) {
      if (!this->select(select.selects[i], focus, row_index, parts[i])) return false;
      total *= parts[i].rows;
      wanted = total != 0;
      if (!evaluation_.step(total)) return false;
    }
    if (wanted && !select.unions.empty()) {
      if (!union_rows(select, focus, row_index, parts[count - 1])) return false;
      total *= parts[count - 1].rows;
      wanted = total != 0;
    }
    if (!wanted) {
      out.drop_row();
      return true;
    }
    if (!evaluation_.step(total)) return false;
    if (!evaluation_.make_room((total - 1) * select.width * sizeof(Cell))) return false;
    if (!other_cells(select, focus, row_index, first, again)) return false;
    if (count == 0) return true;
    const auto own = static_cast<uint32_t>(select.columns.size());
    fill_product(select, parts, count, 0, first);
    for (uint64_t row = 1; row < total; ++row) {
      Cell* const next = out.add_row();  // may move the rows before it
      std::copy_n(next - select.width, own, next);
      fill_product(select, parts, count, row, next);
    }
    return true;
  }

  /// Copies the cells of combination number `row` of the parts, the last part varying fastest.
  static void fill_product(const SelectProgram& select, const Fragment* parts, size_t count,
                           uint64_t row, Cell* cells) {
    uint32_t end = select.width;
    for (size_t i = count; i-- > 0;) {
      const uint32_t width = part_width(select, i);
      const uint64_t index = row % parts[i].rows;
      row /= parts[i].rows;
      std::copy_n(parts[i].cells + index * width, width, cells + end - width);
      end -= width;
    }
  }

  static uint32_t part_width(const SelectProgram& select, size_t part) {
    return part < select.selects.size() ? select.selects[part].width : select.unions.front().width;
  }

  /// The branches' rows one after the other.
  [[nodiscard]] bool union_rows(const SelectProgram& select, const Item& focus, int64_t row_index,
                                Fragment& result) {
    FragmentBuilder all(evaluation_.arena(), select.unions.front().width);
    for (const SelectProgram& branch : select.unions) {
      Fragment rows;
      if (!this->select(branch, focus, row_index, rows)) return false;
      if (!evaluation_.step(rows.rows)) return false;
      if (!evaluation_.make_room(uint64_t{rows.rows} * branch.width * sizeof(Cell))) return false;
      for (uint32_t i = 0; i < rows.rows; ++i) {
        std::copy_n(rows.cells + size_t{i} * branch.width, branch.width, all.add_row());
      }
    }
    result = all.fragment();
    return true;
  }

  [[nodiscard]] bool value(const ColumnProgram& column, const Item& focus, Cell& cell) {
    const table::Column& target = schema_.columns[column.column];
    if (column.direct != nullptr && !target.type.list && focus.node != fhirpath::kNoNode &&
        focus.type == column.direct->steps[0].parent) {
      const auto found = fhirpath::follow(*column.direct, evaluation_.tape(), focus.node);
      if (found.count < 2) {
        if (found.node == fhirpath::kNoNode) {
          cell = Cell();
          return true;
        }
        Item item;
        item.type = column.direct->steps.back().child;
        item.node = found.node;
        return cast(column, item, cell);
      }
    }
    Collection items;
    if (!evaluation_.run(column.program, focus, items)) {
      return fail(evaluation_.take_error().in(name_of(target)));
    }
    if (target.type.list) return list_value(column, items, cell);
    if (items.empty()) {
      cell = Cell();
      return true;
    }
    if (items.size > 1) {
      return fail(name_of(target) + ": " + std::to_string(items.size) +
                  " values where one is expected (use first(), or collection: true)");
    }
    return cast(column, items[0], cell);
  }

  static std::string name_of(const table::Column& column) { return "column '" + column.name + "'"; }

  [[nodiscard]] bool list_value(const ColumnProgram& column, const Collection& items, Cell& cell) {
    if (!evaluation_.step(items.size)) return false;
    Cell* const cells = texts_.make_array<Cell>(items.size);
    uint32_t size = 0;
    for (const Item& item : items) {
      Cell one;
      if (!cast(column, item, one)) return false;
      if (one.kind != Cell::Kind::kNull) cells[size++] = one;
    }
    cell = Cell::of_list(cells, size);
    return true;
  }

  /// As Evaluation::is_of_kind(), at less cost where the type is known.
  bool is_of_kind(const ColumnProgram& column, const Item& item) const {
    if (item.kind != fhirpath::ItemKind::kElement || item.node == fhirpath::kNoNode) return true;
    if (item.type != column.type) return evaluation_.is_of_kind(item);
    return (column.kinds & fhirpath::json_kind(evaluation_.node(item.node).kind)) != 0;
  }

  /// What cast_item() would give most cells, at a fifth of its cost.
  bool is_verbatim(const ColumnProgram& column, const Item& item) const {
    if (item.kind != fhirpath::ItemKind::kElement || item.node == fhirpath::kNoNode) return false;
    const json::Node& node = evaluation_.node(item.node);
    return item.type == column.type && (column.verbatim & fhirpath::json_kind(node.kind)) != 0 &&
           !node.escaped;
  }

  [[nodiscard]] bool cast(const ColumnProgram& column, const Item& item, Cell& cell) {
    if (is_verbatim(column, item)) {
      const json::Node& node = evaluation_.node(item.node);
      cell = Cell::of(table::Text{node.text, node.length, true});
      return true;
    }
    const table::Column& target = schema_.columns[column.column];
    const bool of_kind = is_of_kind(column, item);
    if (of_kind && cast_item(evaluation_, item, target.type, column.form, values_, texts_, cell)) {
      return true;
    }
    if (evaluation_.failed()) return false;  // a limit or a stop, not a value that does not fit
    if (rows_.options_.lenient_casts) {
      ++rows_.casts_failed_;
      cell = Cell();
      return true;
    }
    if (item.kind == fhirpath::ItemKind::kElement) {
      failed_at_ = evaluation_.node(item.node).begin();
    }
    const std::string type =
        !of_kind ? std::string(evaluation_.model().name(item.type)) + ", its element's type"
        : column.form != fhir::kNoType ? target.fhir_type
                                       : table::sql_name(target.type);
    return fail(name_of(target) + ": " + json::shortened(evaluation_.json_of_item(item)) +
                " does not fit " + type);
  }

  RowEvaluation& rows_;
  const table::Schema& schema_;
  fhirpath::Evaluation& evaluation_;
  const table::Values values_;
  base::Arena& texts_;
  std::optional<base::Error> error_;
  const char* failed_at_ = nullptr;
};

namespace {

fhirpath::Limits limits_of(const RowOptions& options) {
  fhirpath::Limits limits;
  limits.reservation = options.memory;
  return limits;
}

}  // namespace

RowEvaluation::RowEvaluation(const CompiledView& view, base::WallTime now, RowOptions options)
    : view_(view),
      options_(options),
      evaluation_(view.model(), now, limits_of(options)),
      most_rows_(most_rows()),
      row_(view.schema().columns.size()) {
  evaluation_.set_stop(options_.stop);
  evaluation_.set_lenient(options_.lenient_casts);
}
RowEvaluation::~RowEvaluation() = default;

base::Status RowEvaluation::append_rows(const json::Tape& tape, table::Batch& batch,
                                        const TakeRows& take) {
  return base::guarded([&] { return append(tape, batch, take); });
}

base::Status RowEvaluation::append(const json::Tape& tape, table::Batch& batch,
                                   const TakeRows& take) {
  evaluation_.begin(tape, view_.resource_type());
  RowBuilder builder(*this, batch);
  for (const fhirpath::Program& where : view_.rows_->where) {
    bool keep = false;
    if (!builder.keeps(where, keep)) return builder.take_error();
    if (!keep) return {};
  }
  // Selects of columns alone have one row; the others are combined.
  const std::vector<SelectProgram>& selects = view_.rows_->selects;
  bool again = false;
  for (const SelectProgram& select : selects) {
    if (select.tested == 0 || !select.is_simple()) continue;
    bool wanted = true;
    if (!builder.tested_cells(select, evaluation_.root(), 0, &row_[select.first_column], wanted,
                              again)) {
      return builder.take_error();
    }
    if (!wanted) return {};
  }
  parts_.clear();
  uint64_t total = 1;
  for (const SelectProgram& select : selects) {
    if (select.is_simple()) {
      if (!builder.other_cells(select, evaluation_.root(), 0, &row_[select.first_column], again)) {
        return builder.take_error();
      }
      continue;
    }
    Fragment fragment;
    if (!builder.select(select, evaluation_.root(), 0, fragment)) return builder.take_error();
    parts_.push_back({&select, fragment.cells, fragment.rows});
    total *= fragment.rows;
    if (total == 0) return {};
    if (!evaluation_.step(total)) return builder.take_error();
  }
  if (append_product(total, batch, take)) return {};
  return base::Error(base::ErrorCode::kCancelled, "no more rows are wanted");
}

/// False if `take` wants no more.
bool RowEvaluation::append_product(uint64_t total, table::Batch& batch, const TakeRows& take) {
  const size_t most = take ? std::min(most_rows_, rows_at_once(total)) : SIZE_MAX;
  for (uint64_t row = 0; row < total; ++row) {
    uint64_t rest = row;
    for (size_t i = parts_.size(); i-- > 0;) {
      const Part& part = parts_[i];
      batch.append_cells(part.select->first_column, part.select->width,
                         part.cells + (rest % part.rows) * part.select->width);
      rest /= part.rows;
    }
    for (const SelectProgram& select : view_.rows_->selects) {
      if (select.is_simple()) {
        batch.append_cells(select.first_column, select.width, &row_[select.first_column]);
      }
    }
    batch.finish_row();
    if (batch.rows() >= most && !take(batch)) return false;
  }
  return true;
}

size_t RowEvaluation::most_rows() const {
  static constexpr size_t kMostBytes = 64U << 20;
  size_t row_size = 1;
  for (const table::Column& column : view_.schema().columns) {
    row_size += column.name.size() + sizeof(Cell);
  }
  return std::max<size_t>(1, kMostBytes / row_size);
}

/// How many rows of this resource are some megabytes at most; as many as you like if there are few.
size_t RowEvaluation::rows_at_once(uint64_t total) const {
  static constexpr uint64_t kFew = 16;
  static constexpr uint64_t kMostBytes = 16U << 20;
  if (total <= kFew) return SIZE_MAX;
  uint64_t row_size = bytes_of(row_.data(), row_.size());
  for (const Part& part : parts_) {
    uint64_t longest = 0;
    for (uint64_t row = 0; row < part.rows; ++row) {
      const size_t width = part.select->width;
      longest = std::max(longest, bytes_of(part.cells + row * width, width));
    }
    row_size += longest;
  }
  return static_cast<size_t>(std::max<uint64_t>(kFew, kMostBytes / row_size));
}

}  // namespace kiln::view
