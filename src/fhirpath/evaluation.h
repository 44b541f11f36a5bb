// Runs programs over one parsed resource after another.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/error.h"
#include "fhirpath/program.h"
#include "json/tape.h"

namespace kiln::fhirpath {

/// Bounds for one resource, so that no expression can run or grow without end.
struct Limits {
  uint64_t steps = 20'000'000;
  size_t memory = 256U << 20;
  size_t string_size = 16U << 20;
  base::MemoryReservation* reservation = nullptr;  ///< what the arena draws from; null: unbounded
};

/// The state of evaluating expressions over one resource. One per worker; not thread-safe.
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

  /// Evaluates with `focus` as $this. The result lives until the next begin().
  bool run(const Program& program, const Item& focus, Collection& out);
  base::Error take_error();

  /// Receives trace() output; none by default.
  using Tracer = std::function<void(std::string_view name, std::string_view value)>;
  void set_tracer(Tracer tracer) { tracer_ = std::move(tracer); }

  // ---- for kernels ----

  const fhir::Model& model() const { return model_; }
  const json::Tape& tape() const { return *tape_; }
  const json::Node& node(uint32_t index) const { return (*tape_)[index]; }
  base::Arena& arena() { return arena_; }
  const Program& program() const { return *program_; }

  bool eval(InstructionId id, Collection& out) {
    const Instruction& instruction = program_->code[id];
    return instruction.kernel(*this, instruction, out);
  }
  /// The instruction's input, $this if it has none.
  bool input(const Instruction& instruction, Collection& out) {
    if (instruction.input != kNoInstruction) return eval(instruction.input, out);
    out = this_;
    return true;
  }
  bool argument(const Instruction& instruction, size_t index, Collection& out) {
    return eval(argument_id(instruction, index), out);
  }
  InstructionId argument_id(const Instruction& instruction, size_t index) const {
    return program_->arguments[instruction.first_argument + index];
  }
  bool has_argument(const Instruction& instruction, size_t index) const {
    return index < instruction.argument_count;
  }
  /// Evaluates an argument for one item of a collection, with $this and $index set.
  bool eval_for(InstructionId id, const Item& item, int64_t index, Collection& out);

  const Collection& this_value() const { return this_; }
  int64_t index_value() const { return index_; }
  Collection total() const { return total_; }
  void set_total(Collection total) { total_ = total; }
  int64_t row_index() const { return row_index_; }
  base::WallTime now() const { return now_; }
  const Tracer& tracer() const { return tracer_; }

  /// Counts work; false, with the error set, over the limit.
  bool step(uint64_t count = 1) {
    steps_ += count;
    return steps_ < next_check_ || check_limits();
  }
  /// Before the arena is asked for so much at once; false as step().
  bool make_room(uint64_t bytes) { return arena_.used() + bytes <= limits_.memory || no_room(); }
  bool fail(const Instruction& instruction, std::string message,
            base::ErrorCode code = base::ErrorCode::kInvalid);
  size_t string_limit() const { return limits_.string_size; }

  // Results.
  bool give(Collection& out, const Item& item) {
    out = {new (arena_.allocate(sizeof(Item), alignof(Item))) Item(item), 1};
    return true;
  }
  static bool give_nothing(Collection& out) {
    out = {};
    return true;
  }
  bool give_boolean(Collection& out, bool value);
  bool give_integer(Collection& out, int64_t value) { return give(out, Item::of_integer(value)); }
  /// Copies the text into the arena.
  bool give_string(Collection& out, std::string_view text);
  bool give_decimal(Collection& out, const std::optional<fhir::Decimal>& value);
  bool give_temporal(Collection& out, const std::optional<fhir::Temporal>& value);
  bool give_quantity(Collection& out, const Quantity& value);

  // Reading items.

  /// The System value of an item: the item itself unless it is a primitive element; false if the
  /// item has none (no value, a complex element, a text that is not of its type).
  bool value_of(const Item& item, Item& value);
  /// A JSON string's text with escapes resolved.
  std::string_view string_of(const json::Node& node);

  /// How many items there are, as far as functions that take one item care.
  enum class Single : uint8_t { kNone, kOne, kFailed };
  /// kFailed, with the error set, for more than one item.
  Single single(const Instruction& instruction, const Collection& collection);
  /// The one item's System value. Without a value: kNone.
  Single single_value(const Instruction& instruction, const Collection& collection, Item& value);
  /// The one item's value as a String, an Integer ...; another type fails.
  Single single_string(const Instruction& instruction, const Collection& collection,
                       std::string_view& text);
  Single single_integer(const Instruction& instruction, const Collection& collection,
                        int64_t& integer);
  /// Singleton evaluation (FHIRPath §4.5): a single item that is not a Boolean counts as true.
  Single single_boolean(const Instruction& instruction, const Collection& collection,
                        bool& boolean);

  /// The item's type for is, as, ofType and type(): "FHIR" or "System" and a name.
  TypeInfo type_info(const Item& item) const;
  /// For is: subtypes count (an Age is a Quantity, a code is a string).
  bool is_of_type(const Item& item, fhir::TypeId fhir_type, fhir::TypeId system_type) const;
  /// For as and ofType: a primitive has to be of that very type.
  bool is_of_named_type(const Item& item, fhir::TypeId fhir_type, fhir::TypeId system_type) const;

  /// Appends the children of `item` under an element name.
  bool append_children(const Item& item, fhir::NameId element, ItemList& out);
  /// Appends all children.
  bool append_all_children(const Item& item, ItemList& out);
  /// Runs a path on one item.
  bool walk(const Path& path, const Collection& from, ItemList& out);

  /// A compiled regular expression for a pattern that is not known at compile time; null, with the
  /// error set, if it is none.
  const re2::RE2* regex(const Instruction& instruction, const std::string& pattern);

 private:
  struct Walk;
  bool check_limits();
  bool no_room();
  bool over_limit(std::string_view what);
  /// Calls function(item) for each value under a key, until it returns false.
  template <typename Function>
  void for_each_value(uint32_t object, fhir::NameId json, fhir::TypeId type, bool siblings,
                      Function function);
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
  uint64_t next_check_ = 0;
  std::optional<base::Error> error_;
  Tracer tracer_;
  std::unordered_map<std::string, std::unique_ptr<re2::RE2>> regexes_;
};

}  // namespace kiln::fhirpath
