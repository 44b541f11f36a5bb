#include "fhirpath/context.h"

#include <algorithm>

#include "base/guarded.h"
#include "fhirpath/pattern.h"

namespace kiln::fhirpath {

Context::Context(const fhir::Model& model, base::WallTime now, const Limits& limits)
    : model_(model),
      now_(now),
      limits_(limits),
      arena_(limits.reservation, limits.memory),
      patterns_(std::make_unique<Patterns>()) {}
Context::~Context() = default;

void Context::begin(const json::Tape& tape, fhir::TypeId resource_type) {
  arena_.reset();
  tape_ = &tape;
  steps_ = 0;
  most_steps_ = limits_.steps + limits_.steps_per_node * tape.size();
  next_check_ = 0;
  row_index_ = 0;
  error_.reset();
  error_place_ = nullptr;
  root_ = Item();
  root_.type = resource_type;
  root_.node = tape.size() == 0 ? kNoNode : 0;
}

bool Context::run(const Program& program, const Item& focus, Collection& out) {
  program_ = &program;
  this_ = {&focus, 1};
  index_ = 0;
  total_ = {};
  misfit_counted_ = false;
  try {
    // Kernels take a misfit for a missing value and go on: what they come to does not count.
    return eval(program.root, out) && !error_;
  } catch (const base::ArenaFull&) {
    return no_room();
  } catch (const std::bad_alloc& refused) {
    next_check_ = 0;
    if (!error_) error_ = base::error_of(refused);
    return false;
  }
}

base::Error Context::take_error() {
  base::Error error = error_ ? std::move(*error_)
                             : base::Error(base::ErrorCode::kInternal, "no error was recorded");
  error_.reset();
  return error;
}

bool Context::check_limits() {
  static constexpr uint64_t kStepsBetweenChecks = 4096;
  if (error_) return false;
  if (steps_ > most_steps_) return over_limit("takes too many steps");
  if (arena_.used() > limits_.memory) return no_room();
  if (stop_.stop_requested()) {
    error_ = base::Error(base::ErrorCode::kCancelled, "the evaluation was stopped");
    next_check_ = 0;
    return false;
  }
  next_check_ = std::min(steps_ + kStepsBetweenChecks, most_steps_ + 1);
  return true;
}

bool Context::no_room() { return over_limit("needs too much memory"); }

bool Context::over_limit(std::string_view what) {
  next_check_ = 0;
  if (error_) return false;
  error_ = base::Error(base::ErrorCode::kLimit,
                       "the expression " + std::string(what) + " on one resource")
               .with_excerpt(program_ == nullptr ? "" : program_->text, 0);
  return false;
}

bool Context::grow_text(const Instruction& instruction, uint64_t before, uint64_t bytes) {
  if (before + bytes > limits_.string_size) {
    return fail(instruction, "the resulting text is too long", base::ErrorCode::kLimit);
  }
  return step_text(bytes) && make_room(before + bytes);
}

bool Context::fail(const Instruction& instruction, std::string message, base::ErrorCode code) {
  next_check_ = 0;
  if (!error_) {
    if (!instruction.name.empty()) message = std::string(instruction.name) + ": " + message;
    error_ = error_at(program_->text, instruction.span, std::move(message), code);
  }
  return false;
}

bool Context::eval_for(InstructionId id, const Item& item, int64_t index, Collection& out) {
  const Instruction& instruction = program_->code[id];
  if (!step(2)) return false;  // the item and the instruction
  const Collection outer_this = this_;
  const int64_t outer_index = index_;
  this_ = {&item, 1};
  index_ = index;
  const bool ok = instruction.kernel(*this, instruction, out);
  this_ = outer_this;
  index_ = outer_index;
  return ok;
}

bool Context::give_boolean(Collection& out, bool value) {
  static const Item kItems[] = {Item::of_boolean(false), Item::of_boolean(true)};
  out = {&kItems[value ? 1 : 0], 1};
  return true;
}

bool Context::give_string(Collection& out, std::string_view text) {
  return give(out, Item::of_string(arena_.copy(text)));
}

bool Context::give_decimal(Collection& out, const std::optional<fhir::Decimal>& value) {
  if (!value) return give_nothing(out);
  return give(out, Item::of_decimal(arena_.make<fhir::Decimal>(*value)));
}

bool Context::give_temporal(Collection& out, const std::optional<fhir::Temporal>& value) {
  if (!value) return give_nothing(out);
  return give(out, Item::of_temporal(arena_.make<fhir::Temporal>(*value)));
}

bool Context::give_quantity(Collection& out, const Quantity& value) {
  return give(out, Item::of_quantity(arena_.make<Quantity>(value)));
}

}  // namespace kiln::fhirpath
