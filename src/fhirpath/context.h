// What kernels see of an evaluation: the program that runs, the work that is counted, the resource
// at hand. Callers have Evaluation instead.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "fhirpath/limits.h"
#include "fhirpath/one.h"
#include "fhirpath/program.h"
#include "json/tape.h"

namespace kiln::fhirpath {

class Patterns;

/// Receives trace() output.
using Tracer = std::function<void(std::string_view name, std::string_view value)>;

/// The state of one Evaluation, which makes it and runs programs with it. Not thread-safe.
///
/// Work is counted before it is done: a step an instruction, an item read, 64 bytes of text. After
/// a limit, a stop or any other failure step() says no for the rest of the resource, and the run
/// has failed, whatever a kernel makes of it: a kernel may go on with what it has.
class Context {
 public:
  Context(const fhir::Model& model, base::WallTime now, const Limits& limits);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // ---- what runs ----

  const fhir::Model& model() const { return model_; }
  const json::Tape& tape() const { return *tape_; }
  const json::Node& node(uint32_t index) const { return (*tape_)[index]; }
  base::Arena& arena() { return arena_; }
  const Program& program() const { return *program_; }

  [[nodiscard]] bool eval(InstructionId id, Collection& out) {
    const Instruction& instruction = program_->code[id];
    return step() && instruction.kernel(*this, instruction, out);
  }
  /// The instruction's input, $this if it has none. Its items are counted: whoever asks for a
  /// collection may look at each of them once.
  [[nodiscard]] bool input(const Instruction& instruction, Collection& out) {
    if (instruction.input != kNoInstruction) {
      return eval(instruction.input, out) && step(out.size);
    }
    out = this_;
    return true;
  }
  /// Counted as the input is.
  [[nodiscard]] bool argument(const Instruction& instruction, size_t index, Collection& out) {
    return eval(argument_id(instruction, index), out) && step(out.size);
  }
  /// Both sides of an operator, or of a function that is like one.
  [[nodiscard]] bool sides(const Instruction& instruction, Collection& left, Collection& right) {
    return input(instruction, left) && argument(instruction, 0, right);
  }
  InstructionId argument_id(const Instruction& instruction, size_t index) const {
    return program_->arguments[instruction.first_argument + index];
  }
  bool has_argument(const Instruction& instruction, size_t index) const {
    return index < instruction.argument_count;
  }
  /// Evaluates an argument for one item of a collection, with $this and $index set.
  [[nodiscard]] bool eval_for(InstructionId id, const Item& item, int64_t index, Collection& out);

  // ---- the place in the expression ----

  const Item& root() const { return root_; }
  const Collection& this_value() const { return this_; }
  int64_t index_value() const { return index_; }
  Collection total() const { return total_; }
  void set_total(Collection total) { total_ = total; }
  int64_t row_index() const { return row_index_; }
  base::WallTime now() const { return now_; }
  const Tracer& tracer() const { return tracer_; }

  // ---- work ----

  bool failed() const { return error_.has_value(); }
  /// Counts work; false, with the error set, over the limit.
  [[nodiscard]] bool step(uint64_t count = 1) {
    steps_ += count;
    return steps_ < next_check_ || check_limits();
  }
  /// The same for reading or comparing a text.
  [[nodiscard]] bool step_text(uint64_t bytes) { return step(1 + bytes / kTextBytesPerStep); }
  /// Before the arena is asked for so much at once; false as step().
  [[nodiscard]] bool make_room(uint64_t bytes) {
    return arena_.used() + bytes <= limits_.memory || no_room();
  }
  /// Before a text of so many bytes is made: counts it, makes room, and refuses one that is longer
  /// than a text may be.
  [[nodiscard]] bool make_text(const Instruction& instruction, uint64_t bytes) {
    return grow_text(instruction, 0, bytes);
  }
  /// The same before a text of `before` bytes gets some more.
  [[nodiscard]] bool grow_text(const Instruction& instruction, uint64_t before, uint64_t bytes);
  bool fail(const Instruction& instruction, std::string message,
            base::ErrorCode code = base::ErrorCode::kInvalid);

  // ---- results ----

  [[nodiscard]] bool give(Collection& out, const Item& item) {
    out = {new (arena_.allocate(sizeof(Item), alignof(Item))) Item(item), 1};
    return true;
  }
  [[nodiscard]] static bool give_nothing(Collection& out) {
    out = {};
    return true;
  }
  [[nodiscard]] bool give_boolean(Collection& out, bool value);
  [[nodiscard]] bool give_integer(Collection& out, int64_t value) {
    return give(out, Item::of_integer(value));
  }
  /// Copies the text into the arena; a long one only after make_text().
  [[nodiscard]] bool give_string(Collection& out, std::string_view text);
  [[nodiscard]] bool give_decimal(Collection& out, const std::optional<fhir::Decimal>& value);
  [[nodiscard]] bool give_temporal(Collection& out, const std::optional<fhir::Temporal>& value);
  [[nodiscard]] bool give_quantity(Collection& out, const Quantity& value);

  // ---- values ----

  /// The System value of an item: the item itself unless it is a primitive element; false if the
  /// item has none (no value, a complex element, a misfit).
  [[nodiscard]] bool value_of(const Item& item, Item& value);
  /// True unless the item is an element whose JSON is not of the kind that its type has: a string
  /// where there should be a number. Says nothing about its text.
  bool is_of_kind(const Item& item) const;
  /// Notes that a value of the input is not of its type, which fails the run unless it is lenient.
  /// Always false.
  bool misfit(const json::Node& node, std::string_view type);
  /// A JSON string's text with escapes resolved, which is counted; empty where that is refused.
  std::string_view string_of(const json::Node& node);

  /// What stands under a key of an object; null if nothing does. Each member that is looked at is
  /// counted.
  const json::Node* member(uint32_t object, fhir::NameId name);
  /// The same of a string. Anything else there, but null, is a misfit.
  const json::Node* string_member(uint32_t object, fhir::NameId name);
  /// Its text; "" if there is none.
  std::string_view text_member(uint32_t object, fhir::NameId name);

  // ---- functions of one item ----

  /// The item; fails for more than one.
  [[nodiscard]] One<Item> single(const Instruction& instruction, const Collection& collection);
  /// The item's System value; none without a value.
  [[nodiscard]] One<Item> single_value(const Instruction& instruction,
                                       const Collection& collection);
  /// The value as a String, an Integer ...; another type fails. The text is counted.
  [[nodiscard]] One<std::string_view> single_string(const Instruction& instruction,
                                                    const Collection& collection);
  [[nodiscard]] One<int64_t> single_integer(const Instruction& instruction,
                                            const Collection& collection);
  /// Singleton evaluation (FHIRPath §4.5): a single item that is not a Boolean counts as true.
  [[nodiscard]] One<bool> single_boolean(const Instruction& instruction,
                                         const Collection& collection);

  /// The same of the input, or of an argument, which is evaluated for it.
  [[nodiscard]] One<Item> input_item(const Instruction& instruction);
  [[nodiscard]] One<Item> input_value(const Instruction& instruction);
  [[nodiscard]] One<std::string_view> input_string(const Instruction& instruction);
  [[nodiscard]] One<bool> input_boolean(const Instruction& instruction);
  [[nodiscard]] One<Item> argument_value(const Instruction& instruction, size_t index);
  [[nodiscard]] One<std::string_view> argument_string(const Instruction& instruction, size_t index);
  [[nodiscard]] One<int64_t> argument_integer(const Instruction& instruction, size_t index);
  [[nodiscard]] One<bool> argument_boolean(const Instruction& instruction, size_t index);
  /// Of an argument that is evaluated for one item.
  [[nodiscard]] One<bool> boolean_for(const Instruction& instruction, size_t index,
                                      const Item& item, int64_t item_index);

  // ---- types ----

  /// The item's type for is, as, ofType and type(): "FHIR" or "System" and a name.
  TypeInfo type_info(const Item& item) const;
  /// For is: subtypes count (an Age is a Quantity, a code is a string).
  bool is_of_type(const Item& item, const NamedType& named) const;
  /// For as and ofType: a primitive has to be of that very type.
  bool is_of_named_type(const Item& item, const NamedType& named) const;

  // ---- navigation ----

  /// Appends the children of `item` under an element name.
  [[nodiscard]] bool append_children(const Item& item, fhir::NameId element, ItemList& out);
  /// Appends all children.
  [[nodiscard]] bool append_all_children(const Item& item, ItemList& out);
  /// Runs a path on one item.
  [[nodiscard]] bool walk(const Path& path, const Collection& from, ItemList& out);

  /// Regular expressions, compiled once for each pattern.
  Patterns& patterns() { return *patterns_; }

 private:
  friend class Evaluation;
  struct Walk;
  static constexpr uint64_t kTextBytesPerStep = 64;
  [[nodiscard]] bool value_of_number(const Item& item, const json::Node& source,
                                     fhir::TypeId system, Item& value);
  [[nodiscard]] bool value_of_text(const Item& item, const json::Node& source, fhir::TypeId system,
                                   Item& value);
  void begin(const json::Tape& tape, fhir::TypeId resource_type);
  [[nodiscard]] bool run(const Program& program, const Item& focus, Collection& out);
  base::Error take_error();
  bool check_limits();
  bool no_room();
  bool over_limit(std::string_view what);
  /// Calls function(item) for each value under a key, until it returns false.
  template <typename Function>
  [[nodiscard]] bool for_each_value(uint32_t object, fhir::NameId json, fhir::TypeId type,
                                    bool siblings, Function function);
  fhir::TypeId resource_type_of(uint32_t object) const;

  const fhir::Model& model_;
  const base::WallTime now_;
  const Limits limits_;
  const json::Tape* tape_ = nullptr;
  const Program* program_ = nullptr;
  base::Arena arena_;
  Item root_;
  Collection this_;
  Collection total_;
  int64_t index_ = 0;
  int64_t row_index_ = 0;
  std::stop_token stop_;
  uint64_t steps_ = 0;
  uint64_t most_steps_ = 0;
  uint64_t next_check_ = 0;
  std::optional<base::Error> error_;
  const char* error_place_ = nullptr;
  bool lenient_ = false;
  bool misfit_counted_ = false;  ///< in this run
  uint64_t misfits_ = 0;
  Tracer tracer_;
  std::unique_ptr<Patterns> patterns_;
};

}  // namespace kiln::fhirpath
