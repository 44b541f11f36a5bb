// From a ViewDefinition to a CompiledView. Each expression is parsed, bound to what its select is
// evaluated on, asked what it reads (for the parser) and what a line must hold (for the needle),
// and compiled. A select's columns get their types and their place in the schema on the way. After
// an error the rest is still looked at; when the work for one view is used up, that is said once.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/near_name.h"
#include "fhirpath/ast.h"
#include "fhirpath/binder.h"
#include "fhirpath/compiler.h"
#include "fhirpath/demand.h"
#include "fhirpath/typing.h"
#include "view/needle.h"
#include "view/row_program.h"
#include "view/view.h"

namespace kiln::view {

using fhirpath::Bound;
using fhirpath::BoundKind;
using fhirpath::Cursors;
using fhirpath::ExprType;

namespace {

/// What expressions of a select are evaluated on.
struct Focus {
  ExprType type;
  Cursors cursors;
};

/// True if the tree reads %rowIndex and constants, and nothing else.
bool is_of_row_index(const Bound& bound, bool& mentions) {
  if (bound.kind == BoundKind::kRowIndex) mentions = true;
  if (bound.kind == BoundKind::kRowIndex || bound.kind == BoundKind::kConstant) return true;
  if (bound.kind != BoundKind::kFunction || !bound.input) return false;
  return is_of_row_index(*bound.input, mentions) &&
         std::all_of(bound.arguments.begin(), bound.arguments.end(),
                     [&](const auto& argument) { return is_of_row_index(*argument, mentions); });
}

}  // namespace

/// Builds one CompiledView. Goes on after an error, so that all are reported.
class ViewCompiler {
 public:
  /// The names of the columns that are wanted, with the conditions on each.
  using Columns = std::map<std::string, std::vector<table::Condition>>;

  /// `columns`: null: all of them.
  ViewCompiler(const ViewDefinition& definition, const CompileOptions& options,
               const Columns* columns, Problems& problems)
      : definition_(definition),
        problems_(problems),
        options_(options),
        wanted_(columns),
        work_(kMostViewSteps, options.stop) {}

  std::shared_ptr<CompiledView> run() {
    view_.reset(new CompiledView);
    view_->name_ = definition_.name.empty() ? definition_.id : definition_.name;
    choose_model();
    if (!choose_resource()) return nullptr;
    read_constants();
    demand_.emplace(*view_->model_, shapes_, work_);

    auto rows = std::make_unique<RowProgram>();
    const Focus root{ExprType::of(view_->resource_type_), demand_->root()};
    compile_where(root, *rows);
    std::set<std::string> names;
    for (const SelectDefinition& select : definition_.selects) {
      rows->selects.push_back(compile_select(select, root, true, view_->schema_.columns, names));
    }
    if (failed_) return nullptr;
    view_->rows_ = std::move(rows);
    view_->demand_ = shapes_.build();
    view_->needle_ = best_needle(needles_);
    return view_;
  }

 private:
  // ---- problems ----

  void error(json::Value at, const std::string& path, std::string message,
             std::string suggestion = {}) {
    failed_ = true;
    if (work_.refused()) return;
    if (!problems_.has_room(problems_.errors)) return;
    problems_.errors.push_back(base::Error(base::ErrorCode::kInvalid, std::move(message))
                                   .at(at.position())
                                   .with_path(path)
                                   .with_suggestion(std::move(suggestion)));
  }

  /// Where an offset of an expression stands in the document. Escapes before it move it.
  static base::SourcePosition position_of(const PathText& text, size_t offset) {
    const std::string_view raw = text.value.raw();
    size_t at = 1;  // the opening quote
    for (size_t shown = 0; shown < offset && at < raw.size(); ++shown) {
      if (raw[at] != '\\') {
        ++at;
      } else {
        at += at + 1 < raw.size() && raw[at + 1] == 'u' ? 6 : 2;
      }
    }
    const json::Document& document = *text.value.document();
    const auto begin = static_cast<size_t>(raw.data() - document.text().data());
    return document.position_at(begin + std::min(at, raw.size()));
  }

  /// What follows a refusal is refused, too: the first is told.
  void expression_error(const PathText& text, base::Error error) {
    failed_ = true;
    if (work_.refused() && std::exchange(refusal_told_, true)) return;
    if (!problems_.has_room(problems_.errors)) return;
    const size_t caret = error.caret();
    problems_.errors.push_back(std::move(error).at(position_of(text, caret)).with_path(text.path));
  }

  // ---- the view's head ----

  void choose_model() {
    std::optional<fhir::Version> version = options_.version;
    for (const std::string& text : definition_.fhir_versions) {
      const auto candidate = fhir::version_of(text);
      if (options_.version || !candidate) continue;
      if (!version || *candidate > *version) version = candidate;
    }
    if (options_.version && !definition_.fhir_versions.empty() &&
        std::none_of(
            definition_.fhir_versions.begin(), definition_.fhir_versions.end(),
            [&](const std::string& t) { return fhir::version_of(t) == options_.version; })) {
      problems_.warnings.push_back(
          base::Error(base::ErrorCode::kInvalid, "the view does not name FHIR version " +
                                                     std::string(fhir::name_of(*options_.version)))
              .at(definition_.value["fhirVersion"].position())
              .with_path("fhirVersion"));
    }
    view_->model_ = &fhir::Model::of(version.value_or(fhir::kDefaultVersion));
  }

  bool choose_resource() {
    const fhir::Model& model = *view_->model_;
    view_->resource_ = definition_.resource;
    view_->resource_type_ = model.find_resource(definition_.resource);
    if (view_->resource_type_ != fhir::kNoType && !model.is_abstract(view_->resource_type_)) {
      return true;
    }
    if (!definition_.resource.empty()) {
      error(definition_.value["resource"], "resource",
            "unknown type of resource in FHIR " + std::string(fhir::name_of(model.version())) +
                ": '" + definition_.resource + "'",
            base::nearest_name(definition_.resource, model.resource_names()));
    } else if (problems_.ok()) {
      error(definition_.value, "resource", "missing: the type of resource");
    }
    return false;
  }

  void read_constants() {
    for (const ConstantDefinition& constant : definition_.constants) {
      const fhir::TypeId type = view_->model_->find_type(constant.type);
      if (type == fhir::kNoType && !fhir::is_primitive_type(constant.type)) {
        error(constant.value, constant.path, "a constant cannot be of type " + constant.type);
        continue;
      }
      constants_[constant.name] = {type, constant.text};
    }
  }

  // ---- expressions ----

  /// A parsed and bound expression; the tree is null if there was an error.
  struct Prepared {
    fhirpath::Program program;
    std::unique_ptr<Bound> tree;
  };

  Prepared prepare(const PathText& text, const Focus& focus, bool of_repeat = false) {
    Prepared prepared;
    prepared.program.text = text.text;
    if (!work_.step(1 + text.text.size())) {
      expression_error(text, fhirpath::refused_error(work_, text.text, {}));
      return prepared;
    }
    auto ast = fhirpath::parse_expression(text.text);
    if (!ast.ok()) {
      expression_error(text, std::move(ast).error());
      return prepared;
    }
    fhirpath::BindContext context{*view_->model_};
    context.constants = &constants_;
    context.resource = view_->resource_type_;
    context.row_index = true;
    context.warn_of_unknown = of_repeat;
    context.work = &work_;
    auto bound = fhirpath::bind_expression(**ast, text.text, context, focus.type);
    if (!bound.ok()) {
      expression_error(text, std::move(bound).error());
      return prepared;
    }
    for (const fhirpath::Warning& warning : bound->warnings) {
      if (!problems_.has_room(problems_.warnings)) break;
      problems_.warnings.push_back(fhirpath::error_at(text.text, warning.span, warning.message)
                                       .at(position_of(text, warning.span.begin))
                                       .with_path(text.path));
    }
    prepared.tree = std::move(bound->tree);
    return prepared;
  }

  void finish(Prepared& prepared) {
    fhirpath::compile(*prepared.tree, *view_->model_, prepared.program);
  }

  /// Asks for what the expression reads; null, with an error added, if that is too much.
  std::optional<Cursors> demand(const PathText& text, Prepared& prepared, const Focus& focus,
                                const fhirpath::Need& need) {
    auto cursors = demand_->add(*prepared.tree, text.text, focus.cursors, need);
    if (cursors.ok()) return std::move(cursors).value();
    expression_error(text, std::move(cursors).error());
    return std::nullopt;
  }

  void compile_where(const Focus& root, RowProgram& rows) {
    for (const PathText& where : definition_.where) {
      if (!where.given()) continue;
      Prepared prepared = prepare(where, root);
      if (!prepared.tree) continue;
      if (!fhirpath::may_be(*view_->model_, prepared.tree->type, fhirpath::Expect::kBoolean)) {
        error(where.value, where.path,
              "a where must be true or false, this is " +
                  fhirpath::describe(*view_->model_, prepared.tree->type));
        continue;
      }
      if (!demand(where, prepared, root, fhirpath::Need())) continue;
      for (std::string& text : texts_if_true(*prepared.tree, *view_->model_)) {
        needles_.push_back(std::move(text));
      }
      finish(prepared);
      rows.where.push_back(std::move(prepared.program));
    }
  }

  // ---- selects ----

  /// `required`: without rows of this select the view has none. `columns` gets the select's columns
  /// in order; `names` are those taken already.
  SelectProgram compile_select(const SelectDefinition& definition, const Focus& outer,
                               bool required, std::vector<table::Column>& columns,
                               std::set<std::string>& names) {
    SelectProgram select;
    select.first_column = static_cast<uint32_t>(columns.size());
    Focus focus = outer;
    const bool usable = compile_iteration(definition, outer, required, select, focus);
    for (const ColumnDefinition& column : definition.columns) {
      compile_column(column, focus, usable, select, columns, names);
    }
    const auto others =
        std::stable_partition(select.columns.begin(), select.columns.end(),
                              [](const ColumnProgram& c) { return !c.conditions.empty(); });
    select.tested = static_cast<size_t>(others - select.columns.begin());
    const bool inner_required = required && select.iteration != Iteration::kForEachOrNull;
    for (const SelectDefinition& inner : definition.selects) {
      select.selects.push_back(compile_select(inner, focus, inner_required, columns, names));
    }
    if (!definition.unions.empty()) compile_union(definition, focus, select, columns, names);
    select.width = static_cast<uint32_t>(columns.size()) - select.first_column;
    return select;
  }

  /// Sets the focus to what the select iterates over; false if that is in error.
  bool compile_iteration(const SelectDefinition& definition, const Focus& outer, bool required,
                         SelectProgram& select, Focus& focus) {
    fhirpath::Need need;
    need.existence = true;
    const auto one = [&](const PathText& path, Iteration iteration) {
      select.iteration = iteration;
      Prepared prepared = prepare(path, outer);
      if (!prepared.tree) return false;
      auto cursors = demand(path, prepared, outer, need);
      if (!cursors) return false;
      focus.cursors = *std::move(cursors);
      focus.type = item_type(prepared.tree->type);
      if (required && iteration == Iteration::kForEach) {
        for (std::string& text : texts_if_present(*prepared.tree, *view_->model_)) {
          needles_.push_back(std::move(text));
        }
      }
      finish(prepared);
      select.paths.push_back(std::move(prepared.program));
      return true;
    };
    if (definition.for_each.given()) return one(definition.for_each, Iteration::kForEach);
    if (definition.for_each_or_null.given()) {
      return one(definition.for_each_or_null, Iteration::kForEachOrNull);
    }
    if (definition.repeat.empty()) return true;
    return compile_repeat(definition, outer, select, focus);
  }

  static ExprType item_type(ExprType type) {
    type.single = true;
    return type;
  }

  /// Paths of a repeat are evaluated on the select's focus and again on what they yield. The types
  /// are followed until no new ones come: each round has one more at least.
  bool compile_repeat(const SelectDefinition& definition, const Focus& outer, SelectProgram& select,
                      Focus& focus) {
    select.iteration = Iteration::kRepeat;
    ExprType reached;
    std::vector<Prepared> prepared;
    const size_t warnings_before = problems_.warnings.size();
    for (bool grown = true; grown;) {
      ExprType from = outer.type;
      fhirpath::add_types(from, reached);
      problems_.warnings.erase(problems_.warnings.begin() + static_cast<ptrdiff_t>(warnings_before),
                               problems_.warnings.end());
      prepared.clear();
      ExprType next = reached;
      for (const PathText& path : definition.repeat) {
        prepared.push_back(prepare(path, Focus{from, {}}, true));
        if (!prepared.back().tree) return false;
        fhirpath::add_types(next, prepared.back().tree->type);
      }
      grown = next.types.size() != reached.types.size() || next.open != reached.open;
      reached = next;
    }
    std::vector<fhirpath::Demand::RepeatPath> paths;
    for (Prepared& one : prepared) paths.push_back({one.tree.get(), one.program.text});
    auto cursors = demand_->add_repeat(paths, outer.cursors);
    if (!cursors.ok()) {
      expression_error(definition.repeat.front(), std::move(cursors).error());
      return false;
    }
    focus.cursors = std::move(cursors).value();
    focus.type = item_type(reached);
    for (Prepared& one : prepared) {
      finish(one);
      select.paths.push_back(std::move(one.program));
    }
    return true;
  }

  void compile_union(const SelectDefinition& definition, const Focus& focus, SelectProgram& select,
                     std::vector<table::Column>& columns, std::set<std::string>& names) {
    const auto first = columns.size();
    std::vector<table::Column> expected;
    for (size_t i = 0; i < definition.unions.size(); ++i) {
      // What stands before the union is copied for each branch.
      if (!work_.step(1 + first + names.size())) {
        refused(value_at(definition.unions[i]), definition.unions[i].path);
        return;
      }
      std::vector<table::Column> branch_columns(columns.begin(),
                                                columns.begin() + static_cast<ptrdiff_t>(first));
      std::set<std::string> branch_names = names;
      select.unions.push_back(
          compile_select(definition.unions[i], focus, false, branch_columns, branch_names));
      std::vector<table::Column> own(branch_columns.begin() + static_cast<ptrdiff_t>(first),
                                     branch_columns.end());
      if (i == 0) {
        expected = std::move(own);
      } else {
        check_branch(definition.unions[0], definition.unions[i], expected, own);
      }
    }
    for (table::Column& column : expected) {
      names.insert(column.name);
      columns.push_back(std::move(column));
    }
  }

  void refused(json::Value at, const std::string& path) {
    failed_ = true;
    if (std::exchange(refusal_told_, true)) return;
    problems_.errors.push_back(work_.error("compiling the view").at(at.position()).with_path(path));
  }

  void check_branch(const SelectDefinition& first, const SelectDefinition& branch,
                    const std::vector<table::Column>& expected,
                    const std::vector<table::Column>& own) {
    const json::Value at = value_at(branch);
    if (expected.size() != own.size()) {
      error(at, branch.path,
            "branches of a unionAll must have the same columns: " + std::to_string(own.size()) +
                " here, " + std::to_string(expected.size()) + " in " + first.path);
      return;
    }
    for (size_t i = 0; i < own.size(); ++i) {
      if (own[i].name != expected[i].name) {
        error(at, branch.path,
              "branches of a unionAll must have the same columns in the same order: '" +
                  own[i].name + "' here is '" + expected[i].name + "' in " + first.path);
      } else if (own[i].type != expected[i].type) {
        error(at, branch.path,
              "branches of a unionAll must have the same types: '" + own[i].name + "' is " +
                  table::sql_name(own[i].type) + " here, " + table::sql_name(expected[i].type) +
                  " in " + first.path);
      }
    }
  }

  /// Something in the branch that has a position.
  static json::Value value_at(const SelectDefinition& select) {
    if (!select.columns.empty()) return select.columns.front().path.value;
    if (select.for_each.given()) return select.for_each.value;
    if (select.for_each_or_null.given()) return select.for_each_or_null.value;
    if (!select.selects.empty()) return value_at(select.selects.front());
    if (!select.unions.empty()) return value_at(select.unions.front());
    return {};
  }

  void compile_column(const ColumnDefinition& definition, const Focus& focus, bool usable,
                      SelectProgram& select, std::vector<table::Column>& columns,
                      std::set<std::string>& names) {
    if (wanted_ != nullptr && !wanted_->contains(definition.name)) return;
    const auto index = static_cast<uint32_t>(columns.size());
    table::Column column;
    column.name = definition.name;
    column.description = definition.description;
    if (!names.insert(definition.name).second) {
      error(definition.path.value, definition.path.path,
            "two columns are named '" + definition.name + "'");
    }
    columns.push_back(column);
    if (!usable || !definition.path.given()) return;
    Prepared prepared = prepare(definition.path, focus);
    if (!prepared.tree) return;
    choose_type(definition, prepared.tree->type, columns.back());
    if (!demand(definition.path, prepared, focus, fhirpath::Need())) return;
    bool mentions_row_index = false;
    const bool of_row_index =
        is_of_row_index(*prepared.tree, mentions_row_index) && mentions_row_index;
    finish(prepared);
    ColumnProgram program{};
    program.program = std::move(prepared.program);
    program.column = index;
    program.direct = fhirpath::direct_path(program.program);
    const ExprType& type = prepared.tree->type;
    program.type = type.open || type.types.size() != 1 ? fhir::kNoType : type.types[0];
    program.kinds = fhirpath::json_kinds_of(*view_->model_, program.type);
    program.form = text_form(columns.back(), *prepared.tree);
    program.verbatim = verbatim_kinds(program, columns.back().type);
    program.of_row_index = of_row_index;
    if (wanted_ != nullptr) program.conditions = wanted_->at(definition.name);
    select.columns.push_back(std::move(program));
  }

  /// The column's type: its tag's, else that of its FHIR type, which is its own or the path's.
  void choose_type(const ColumnDefinition& definition, const ExprType& type,
                   table::Column& column) {
    const fhir::Model& model = *view_->model_;
    const bool only_complex = !type.open && !type.types.empty() &&
                              std::all_of(type.types.begin(), type.types.end(),
                                          [&](fhir::TypeId t) { return model.is_complex(t); });
    const bool quantity = std::any_of(type.types.begin(), type.types.end(),
                                      [](fhir::TypeId t) { return t == fhir::kSystemQuantity; });
    if (only_complex || quantity) {
      error(definition.path.value, definition.path.path,
            "a column holds a primitive value, this is " + fhirpath::describe(model, type));
    }
    column.fhir_type = definition.type.empty() ? inferred_type(type) : short_type(definition.type);
    if (!definition.type.empty() && !fhir::is_primitive_type(column.fhir_type)) {
      error(definition.path.value, definition.path.path,
            "not a primitive type of FHIR: '" + definition.type + "'",
            base::nearest_name(definition.type, model.primitive_names()));
    }
    column.type = table::default_type(column.fhir_type);
    if (!definition.ansi_type.empty()) {
      const auto tagged = table::parse_ansi_type(definition.ansi_type);
      if (tagged) {
        column.type = *tagged;
      } else {
        error(definition.path.value, definition.path.path,
              "not an SQL type: '" + definition.ansi_type + "'");
      }
    }
    column.type.list = definition.collection;
    if (!definition.collection && !type.single && problems_.has_room(problems_.hints)) {
      problems_.hints.push_back(
          base::Error(
              base::ErrorCode::kInvalid,
              "column '" + column.name + "' may get several values, which is an error when it does")
              .at(definition.path.value.position())
              .with_path(definition.path.path)
              .with_suggestion("first(), or \"collection\": true"));
    }
  }

  /// What has to be looked at when a value comes: a date column may have a path to anything.
  fhir::TypeId text_form(const table::Column& column, const Bound& tree) const {
    const fhir::Model& model = *view_->model_;
    const auto form_of = [](fhir::TypeId system) -> fhir::TypeId {
      if (system == fhir::kSystemDate) return fhir::kSystemDateTime;  // as precise as it likes
      return fhirpath::is_temporal(system) ? system : fhir::kNoType;
    };
    const fhir::TypeId wanted =
        form_of(fhirpath::system_type_of(model, model.find_type(column.fhir_type)));
    const bool promised =
        !tree.type.open &&
        std::all_of(tree.type.types.begin(), tree.type.types.end(), [&](fhir::TypeId t) {
          return form_of(fhirpath::system_type_of(model, t)) == wanted;
        });
    return promised ? fhir::kNoType : wanted;
  }

  /// Strings, where the column takes any text.
  static fhirpath::JsonKinds verbatim_kinds(const ColumnProgram& program,
                                            const table::ColumnType& type) {
    const bool any_text = type.sql == table::SqlType::kVarchar && type.length == 0 &&
                          type.json != table::JsonForm::kNumber && program.form == fhir::kNoType;
    const auto strings = fhirpath::json_kind(json::NodeKind::kString);
    return any_text ? static_cast<fhirpath::JsonKinds>(program.kinds & strings) : uint8_t{0};
  }

  /// "http://hl7.org/fhirpath/System.String" and "String" as "string".
  static std::string short_type(std::string type) {
    const size_t dot = type.rfind("System.");
    if (dot != std::string::npos) {
      type.erase(0, dot + 7);
      if (!type.empty() && type[0] >= 'A' && type[0] <= 'Z')
        type[0] = static_cast<char>(type[0] + 32);
    }
    const size_t slash = type.rfind('/');
    return slash == std::string::npos ? type : type.substr(slash + 1);
  }

  /// The one FHIR type that values of the path have; "string" for several, "" for any.
  std::string inferred_type(const ExprType& type) const {
    if (type.open || type.types.empty()) return type.open ? "" : "string";
    const auto name = [&](fhir::TypeId t) {
      std::string text(view_->model_->name(t));
      if (t < fhir::kFirstFhirType && !text.empty()) {
        text[0] = static_cast<char>(text[0] + ('a' - 'A'));
        if (text == "long") text = "integer64";
      }
      return text;
    };
    const std::string first = name(type.types[0]);
    const table::ColumnType same = table::default_type(first);
    const bool alike = std::all_of(type.types.begin(), type.types.end(), [&](fhir::TypeId t) {
      return table::default_type(name(t)) == same;
    });
    return alike ? first : "string";
  }

  const ViewDefinition& definition_;
  Problems& problems_;
  bool failed_ = false;
  bool refusal_told_ = false;
  const CompileOptions& options_;
  const Columns* const wanted_;
  base::Work work_;
  std::shared_ptr<CompiledView> view_;
  fhirpath::Constants constants_;
  json::ShapeBuilder shapes_;
  std::optional<fhirpath::Demand> demand_;
  std::vector<std::string> needles_;
};

CompiledView::CompiledView() = default;
CompiledView::~CompiledView() = default;

std::shared_ptr<const CompiledView> CompiledView::compile(ViewDefinition definition,
                                                          const CompileOptions& options,
                                                          Problems& problems) {
  const auto kept = std::make_shared<const ViewDefinition>(std::move(definition));
  std::shared_ptr<CompiledView> view = ViewCompiler(*kept, options, nullptr, problems).run();
  if (view) view->definition_ = kept;
  return view;
}

base::Result<std::shared_ptr<const CompiledView>> CompiledView::narrowed(
    const table::Wanted& wanted, std::stop_token stop) const {
  ViewCompiler::Columns columns;
  for (const size_t column : wanted.columns) columns[schema_.columns[column].name];
  for (const table::Condition& condition : wanted.conditions) {
    columns.at(schema_.columns[condition.column].name).push_back(condition);
  }
  Problems problems;
  const CompileOptions options{model_->version(), std::move(stop)};
  std::shared_ptr<CompiledView> view =
      ViewCompiler(*definition_, options, &columns, problems).run();
  if (!view) return std::move(problems.errors.front());
  view->definition_ = definition_;
  return std::shared_ptr<const CompiledView>(std::move(view));
}

}  // namespace kiln::view
