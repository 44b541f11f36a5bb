#include "fhirpath/compiler.h"

#include <algorithm>

#include "fhirpath/typing.h"
#include "json/shape.h"

namespace kiln::fhirpath {
namespace {

using fhir::TypeId;

/// As many steps as a walk can count positions for.
constexpr size_t kMostSteps = 60;

class Compiler {
 public:
  Compiler(const fhir::Model& model, Program& program) : model_(model), program_(program) {}

  InstructionId compile(const Bound& bound) {
    Path path;
    const Bound* start = nullptr;
    if (collect(bound, path, start) && !path.steps.empty()) {
      Instruction instruction = make(run_path, bound);
      if (start != nullptr) instruction.input = compile(*start);
      instruction.data = static_cast<uint32_t>(program_.paths.size());
      program_.paths.push_back(std::move(path));
      return add(instruction);
    }
    switch (bound.kind) {
      case BoundKind::kConstant: {
        Instruction instruction = make(run_constant, bound);
        instruction.data = static_cast<uint32_t>(program_.constants.size());
        program_.constants.push_back(bound.items);
        return add(instruction);
      }
      case BoundKind::kThis:
        return add(make(run_this, bound));
      case BoundKind::kIndex:
        return add(make(run_index, bound));
      case BoundKind::kTotal:
        return add(make(run_total, bound));
      case BoundKind::kRoot:
        return add(make(run_root, bound));
      case BoundKind::kRowIndex:
        return add(make(run_row_index, bound));
      case BoundKind::kChild:
      case BoundKind::kFunction:
        break;
    }
    return call(bound);
  }

 private:
  static Instruction make(Kernel kernel, const Bound& bound) {
    Instruction instruction{};
    instruction.kernel = kernel;
    instruction.input = kNoInstruction;
    instruction.span = bound.span;
    return instruction;
  }

  InstructionId add(const Instruction& instruction) {
    program_.code.push_back(instruction);
    return static_cast<InstructionId>(program_.code.size() - 1);
  }

  InstructionId call(const Bound& bound) {
    Instruction instruction = make(bound.function->kernel, bound);
    instruction.name = bound.function->name;
    instruction.type = bound.fhir_type;
    instruction.system = bound.system_type;
    if (bound.input) instruction.input = compile(*bound.input);
    std::vector<InstructionId> arguments;
    for (size_t i = 0; i < bound.arguments.size(); ++i) {
      arguments.push_back(compile(*bound.arguments[i]));
      if (bound.arguments[i]->descending) instruction.data |= 1U << i;
    }
    instruction.first_argument = static_cast<uint32_t>(program_.arguments.size());
    instruction.argument_count = static_cast<uint16_t>(arguments.size());
    program_.arguments.insert(program_.arguments.end(), arguments.begin(), arguments.end());
    return add(instruction);
  }

  /// Takes a run of steps that ends in `bound`; `start` is what it begins at (null: $this).
  bool collect(const Bound& bound, Path& path, const Bound*& start) {
    if (bound.kind == BoundKind::kChild) {
      if (!collect_input(bound, path, start) || path.steps.size() >= kMostSteps) return false;
      path.steps.push_back(step_of(bound));
      return true;
    }
    if (bound.kind != BoundKind::kFunction) return false;
    const FunctionRow& row = *bound.function;
    if (row.reads == Reads::kResourceKey && !bound.input) return resource_key(bound, path);
    if (!bound.input) return false;
    if (row.reads == Reads::kFirst) return pick(bound, 0, path, start);
    if (row.reads == Reads::kPosition) {
      const Bound& index = *bound.arguments[0];
      if (index.kind != BoundKind::kConstant || index.items.size != 1 ||
          index.items[0].kind != ItemKind::kInteger || index.items[0].integer < 0 ||
          index.items[0].integer >= json::kAllItems) {
        return false;
      }
      return pick(bound, static_cast<uint32_t>(index.items[0].integer), path, start);
    }
    if (row.returns == Returns::kNamedType && is_choice(*bound.input)) {
      if (!collect(*bound.input, path, start) || path.steps.empty()) return false;
      narrow(*bound.input, bound.fhir_type, path.steps.back());
      return true;
    }
    return false;
  }

  bool collect_input(const Bound& bound, Path& path, const Bound*& start) {
    if (!bound.input || bound.input->kind == BoundKind::kThis) return true;
    const bool path_like =
        bound.input->kind == BoundKind::kChild || bound.input->kind == BoundKind::kFunction;
    if (path_like) {
      Path before;
      const Bound* origin = nullptr;
      if (collect(*bound.input, before, origin)) {
        path = std::move(before);
        start = origin;
        return true;
      }
    }
    start = bound.input.get();
    return true;
  }

  /// getResourceKey() of $this, a resource: its id.
  bool resource_key(const Bound& bound, Path& path) {
    const ExprType& of = bound.input_type;
    if (of.open || of.types.size() != 1 || of.types[0] < fhir::kFirstFhirType ||
        model_.kind(of.types[0]) != fhir::TypeKind::kResource) {
      return false;
    }
    static const fhir::NameId kId = fhir::find_name("id");
    const auto rows = model_.element(of.types[0], kId);
    if (rows.size() != 1) return false;
    PathStep step{};
    step.element = kId;
    step.pick = json::kAllItems;
    set_row(step, of.types[0], rows[0]);
    path.steps.push_back(step);
    return true;
  }

  bool pick(const Bound& bound, uint32_t position, Path& path, const Bound*& start) {
    if (!collect(*bound.input, path, start) || path.steps.empty()) return false;
    uint32_t& last = path.steps.back().pick;
    if (last != json::kAllItems) return position == 0;  // one item already: first() changes nothing
    last = position;
    return true;
  }

  PathStep step_of(const Bound& bound) {
    PathStep step{};
    step.element = bound.element;
    step.siblings = bound.siblings;
    step.pick = json::kAllItems;
    const ExprType& of = bound.input_type;
    if (of.open || of.types.size() != 1 || of.types[0] < fhir::kFirstFhirType ||
        model_.kind(of.types[0]) == fhir::TypeKind::kPrimitive) {
      return step;
    }
    const auto rows = model_.element(of.types[0], bound.element);
    if (rows.size() == 1) set_row(step, of.types[0], rows[0]);
    return step;
  }

  static void set_row(PathStep& step, TypeId parent, const fhir::Field& row) {
    step.parent = parent;
    step.json = row.json;
    step.child = row.type;
  }

  /// An element of one known type that is a choice.
  bool is_choice(const Bound& bound) const {
    if (bound.kind != BoundKind::kChild) return false;
    const ExprType& of = bound.input_type;
    if (of.open || of.types.size() != 1 || of.types[0] < fhir::kFirstFhirType) return false;
    const auto rows = model_.element(of.types[0], bound.element);
    return !rows.empty() && rows[0].choice;
  }

  /// ofType() on a choice: only the key of that type is looked at.
  void narrow(const Bound& choice, TypeId type, PathStep& step) {
    step.only = type;
    step.parent = fhir::kNoType;
    const TypeId of = choice.input_type.types[0];
    const fhir::Field* match = nullptr;
    size_t matches = 0;
    for (const fhir::Field& row : model_.element(of, choice.element)) {
      if (!is_named_type(model_, row.type, type)) continue;
      match = &row;
      ++matches;
    }
    if (matches == 1) set_row(step, of, *match);
  }

  const fhir::Model& model_;
  Program& program_;
};

}  // namespace

void compile(const Bound& bound, const fhir::Model& model, Program& program) {
  program.root = Compiler(model, program).compile(bound);
}

}  // namespace kiln::fhirpath
