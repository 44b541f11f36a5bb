// Runs programs over one parsed resource after another.
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
#include "fhirpath/program.h"
#include "json/tape.h"

namespace kiln::fhirpath {

class Patterns;

/// Bounds for one resource, so that no expression can run or grow without end. What passes one of
/// them is an error of code kLimit.
struct Limits {
  uint64_t steps = 20'000'000;
  size_t memory = 256U << 20;
  size_t string_size = 16U << 20;
  uint64_t steps_per_node = 256;                   ///< more steps for each node of the tape
  base::MemoryReservation* reservation = nullptr;  ///< what the arena draws from; null: unbounded
};

/// The state of evaluating expressions over one resource. One per worker; not thread-safe.
///
/// Work is counted before it is done: a step an instruction, an item read, 64 bytes of text. After
/// a limit, a stop or any other failure step() says no for the rest of the resource, and run() is
/// false, whatever a kernel made of it.
///
///   evaluation.begin(tape, type);
///   if (!evaluation.run(program, evaluation.root(), out)) return evaluation.take_error();
class Evaluation {
 public:
  /// `model` must outlive the evaluation. `now` is what now() and today() return.
  explicit Evaluation(const fhir::Model& model, base::WallTime now = {}, Limits limits = {});
  ~Evaluation();
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

  /// Starts a resource: all items of the one before become invalid. The tape must stay unchanged
  /// until the next begin().
  void begin(const json::Tape& tape, fhir::TypeId resource_type);
  /// The resource itself: %resource, %context.
  const Item& root() const { return root_; }
  void set_row_index(int64_t index) { row_index_ = index; }
  /// Once it is requested, evaluation fails with kCancelled within some thousand steps.
  void set_stop(std::stop_token stop) { stop_ = std::move(stop); }

  /// A value of the input that is not of its element's type (a number in quotes) fails the run that
  /// reads it; if lenient, it counts as missing, and is counted.
  void set_lenient(bool lenient) { lenient_ = lenient; }
  /// Runs that have met such values.
  uint64_t misfits() const { return misfits_; }

  /// Evaluates with `focus` as $this. The result lives until the next begin().
  [[nodiscard]] bool run(const Program& program, const Item& focus, Collection& out);
  /// True from a failure to the next begin() or take_error().
  bool failed() const { return error_.has_value(); }
  base::Error take_error();
  /// Where the value that the error is about stands in the input; null if it is about none.
  const char* error_place() const { return error_place_; }

  /// Receives trace() output; none by default.
  using Tracer = std::function<void(std::string_view name, std::string_view value)>;
  void set_tracer(Tracer tracer) { tracer_ = std::move(tracer); }

  // ---- for kernels ----

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
  InstructionId argument_id(const Instruction& instruction, size_t index) const {
    return program_->arguments[instruction.first_argument + index];
  }
  bool has_argument(const Instruction& instruction, size_t index) const {
    return index < instruction.argument_count;
  }
  /// Evaluates an argument for one item of a collection, with $this and $index set.
  [[nodiscard]] bool eval_for(InstructionId id, const Item& item, int64_t index, Collection& out);

  const Collection& this_value() const { return this_; }
  int64_t index_value() const { return index_; }
  Collection total() const { return total_; }
  void set_total(Collection total) { total_ = total; }
  int64_t row_index() const { return row_index_; }
  base::WallTime now() const { return now_; }
  const Tracer& tracer() const { return tracer_; }

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

  // Results.
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

  // Reading items.

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

  /// The string under a key of an object; null if there is none. Anything else there is a misfit.
  const json::Node* string_member(uint32_t object, fhir::NameId name);

  /// How many items there are, as far as functions that take one item care.
  enum class Single : uint8_t { kNone, kOne, kFailed };
  /// kFailed, with the error set, for more than one item.
  [[nodiscard]] Single single(const Instruction& instruction, const Collection& collection);
  /// The one item's System value. Without a value: kNone.
  [[nodiscard]] Single single_value(const Instruction& instruction, const Collection& collection,
                                    Item& value);
  /// The one item's value as a String, an Integer ...; another type fails. The text is counted.
  [[nodiscard]] Single single_string(const Instruction& instruction, const Collection& collection,
                                     std::string_view& text);
  [[nodiscard]] Single single_integer(const Instruction& instruction, const Collection& collection,
                                      int64_t& integer);
  /// Singleton evaluation (FHIRPath §4.5): a single item that is not a Boolean counts as true.
  [[nodiscard]] Single single_boolean(const Instruction& instruction, const Collection& collection,
                                      bool& boolean);

  /// The item's type for is, as, ofType and type(): "FHIR" or "System" and a name.
  TypeInfo type_info(const Item& item) const;
  /// For is: subtypes count (an Age is a Quantity, a code is a string).
  bool is_of_type(const Item& item, fhir::TypeId fhir_type, fhir::TypeId system_type) const;
  /// For as and ofType: a primitive has to be of that very type.
  bool is_of_named_type(const Item& item, fhir::TypeId fhir_type, fhir::TypeId system_type) const;

  /// Appends the children of `item` under an element name.
  [[nodiscard]] bool append_children(const Item& item, fhir::NameId element, ItemList& out);
  /// Appends all children.
  [[nodiscard]] bool append_all_children(const Item& item, ItemList& out);
  /// Runs a path on one item.
  [[nodiscard]] bool walk(const Path& path, const Collection& from, ItemList& out);

  /// Regular expressions, compiled once for each pattern.
  Patterns& patterns() { return *patterns_; }

 private:
  struct Walk;
  static constexpr uint64_t kTextBytesPerStep = 64;
  [[nodiscard]] bool value_of_number(const Item& item, const json::Node& source,
                                     fhir::TypeId system, Item& value);
  [[nodiscard]] bool value_of_text(const Item& item, const json::Node& source, fhir::TypeId system,
                                   Item& value);
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
