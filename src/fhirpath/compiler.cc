#include "fhirpath/compiler.h"

#include "fhir/element_names.h"
#include "fhirpath/typing.h"
#include "json/shape.h"

namespace kiln::fhirpath {
namespace {

using fhir::TypeId;

class Compiler {
 public:
  Compiler(const fhir::Model& model, Program& program) : model_(model), program_(program) {}

  InstructionId compile(const Bound& bound) {
    if (is_step(bound)) return compile_steps(bound);
    switch (bound.kind) {
      case BoundKind::kConstant: {
        Instruction instruction = make(run_constant, bound);
        instruction.data = static_cast<uint32_t>(program_.constants.size());
        program_.constants.push_back(items_of(bound.constant, program_.storage()));
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
    return call(bound, bound.input ? compile(*bound.input) : kNoInstruction);
  }

  InstructionId call(const Bound& bound, InstructionId input) {
    Instruction instruction = make(bound.function->kernel, bound);
    instruction.name = bound.function->name;
    instruction.named = bound.named;
    instruction.input = input;
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

  // ---- paths ----

  /// True for what may be part of a path, if what it is taken of leads to one.
  bool is_step(const Bound& bound) const {
    if (bound.kind == BoundKind::kChild) return true;
    return bound.kind == BoundKind::kFunction &&
           (is_resource_key(bound) || is_pick(bound) || is_narrowing(bound));
  }

  /// Steps from the innermost outwards, each in one path with those before it as far as they go
  /// together. Each is looked at once.
  InstructionId compile_steps(const Bound& last) {
    std::vector<const Bound*> steps;
    const Bound* start = &last;
    while (start != nullptr && is_step(*start)) {
      steps.push_back(start);
      start = start->input.get();
    }
    Path path;
    const bool of_this = start == nullptr || start->kind == BoundKind::kThis;
    InstructionId from = of_this ? kNoInstruction : compile(*start);
    const auto finish = [&](const Bound& end) {
      if (path.steps.empty()) return;
      Instruction instruction = make(run_path, end);
      instruction.input = from;
      instruction.data = static_cast<uint32_t>(program_.paths.size());
      program_.paths.push_back(std::move(path));
      path = Path();
      from = add(instruction);
    };
    for (size_t i = steps.size(); i-- > 0;) {
      const Bound& step = *steps[i];
      if (step.kind == BoundKind::kChild) {
        if (path.steps.size() == kMostPathSteps) finish(*steps[i + 1]);
        path.steps.push_back(step_of(step));
      } else if (is_resource_key(step)) {
        path.steps.push_back(key_step(step));
      } else if (is_narrowing(step)) {
        narrow(*step.input, step.named.fhir, path.steps.back());
      } else if (!pick(*constant_position(step), path)) {
        if (i + 1 < steps.size()) finish(*steps[i + 1]);
        from = call(step, from);
      }
    }
    finish(last);
    return from;
  }

  static bool is_pick(const Bound& bound) {
    return bound.input && constant_position(bound).has_value();
  }

  /// False if the path cannot tell: there is none, or another position was picked before.
  static bool pick(uint32_t position, Path& path) {
    if (path.steps.empty()) return false;
    uint32_t& last = path.steps.back().pick;
    if (last != json::kAllItems) return position == 0;  // one item already: first() changes nothing
    last = position;
    return true;
  }

  /// ofType() right after a choice.
  bool is_narrowing(const Bound& bound) const {
    return bound.function->returns == Returns::kNamedType && bound.input && is_choice(*bound.input);
  }

  /// getResourceKey() of $this, a resource: its id.
  bool is_resource_key(const Bound& bound) const {
    if (bound.input || bound.function->reads != Reads::kResourceKey) return false;
    const ExprType& of = bound.input_type;
    return !of.open && of.types.size() == 1 &&
           model_.kind(of.types[0]) == fhir::TypeKind::kResource &&
           model_.element(of.types[0], fhir::names::kId).size() == 1;
  }

  PathStep key_step(const Bound& bound) {
    const TypeId of = bound.input_type.types[0];
    PathStep step{};
    step.element = fhir::names::kId;
    step.pick = json::kAllItems;
    set_row(step, of, model_.element(of, fhir::names::kId)[0]);
    return step;
  }

  PathStep step_of(const Bound& bound) {
    PathStep step{};
    step.element = bound.element;
    step.siblings = bound.siblings;
    step.pick = json::kAllItems;
    const auto rows = known_rows(model_, bound);
    if (rows.size() == 1) set_row(step, bound.input_type.types[0], rows[0]);
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
    const auto rows = known_rows(model_, bound);
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
