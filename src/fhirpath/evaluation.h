// Runs programs over one parsed resource after another.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "fhirpath/context.h"

namespace kiln::fhirpath {

/// Evaluating expressions over one resource. One per worker; not thread-safe.
///
/// Work is counted (see Limits). After a limit, a stop or any other failure run() is false for the
/// rest of the resource.
///
///   evaluation.begin(tape, type);
///   if (!evaluation.run(program, evaluation.root(), out)) return evaluation.take_error();
class Evaluation {
 public:
  /// `model` must outlive the evaluation. `now` is what now() and today() return.
  explicit Evaluation(const fhir::Model& model, base::WallTime now = {}, const Limits& limits = {})
      : context_(model, now, limits) {}

  /// Starts a resource: all items of the one before become invalid. The tape must stay unchanged
  /// until the next begin().
  void begin(const json::Tape& tape, fhir::TypeId resource_type) {
    context_.begin(tape, resource_type);
  }
  /// The resource itself: %resource, %context.
  const Item& root() const { return context_.root(); }
  void set_row_index(int64_t index) { context_.row_index_ = index; }
  /// Once it is requested, evaluation fails with kCancelled within some thousand steps.
  void set_stop(std::stop_token stop) { context_.stop_ = std::move(stop); }
  /// Receives trace() output; none by default.
  void set_tracer(Tracer tracer) { context_.tracer_ = std::move(tracer); }

  /// A value of the input that is not of its element's type (a number in quotes) fails the run that
  /// reads it; if lenient, it counts as missing, and is counted.
  void set_lenient(bool lenient) { context_.lenient_ = lenient; }
  /// Runs that have met such values.
  uint64_t misfits() const { return context_.misfits_; }

  /// Evaluates with `focus` as $this. The result lives until the next begin().
  [[nodiscard]] bool run(const Program& program, const Item& focus, Collection& out) {
    return context_.run(program, focus, out);
  }
  /// True from a failure to the next begin() or take_error().
  bool failed() const { return context_.failed(); }
  base::Error take_error() { return context_.take_error(); }
  /// Where the value that the error is about stands in the input; null if it is about none.
  const char* error_place() const { return context_.error_place_; }

  // What came out. Reading it is counted, too, and may fail.

  const fhir::Model& model() const { return context_.model(); }
  const json::Tape& tape() const { return context_.tape(); }
  const json::Node& node(uint32_t index) const { return context_.node(index); }
  /// The System value of an item: the item itself unless it is a primitive element; false if the
  /// item has none (no value, a complex element, a value that is not of its type).
  [[nodiscard]] bool value_of(const Item& item, Item& value) {
    return context_.value_of(item, value);
  }
  /// True unless the item is an element whose JSON is not of the kind that its type has: a string
  /// where there should be a number. Says nothing about its text.
  bool is_of_kind(const Item& item) const { return context_.is_of_kind(item); }
  /// The item's value as text, as toString() gives it; nothing for complex elements.
  std::optional<std::string> text_of_item(const Item& item);
  /// A value as JSON: a primitive's literal, a complex element as written.
  std::string json_of_item(const Item& item);
  /// The name of an item's type as the official tests spell it: integer, dateTime, Quantity, code.
  std::string type_name_of(const Item& item) const;

  // Work that a caller does for the resource: counted, and made room for, as that of expressions.

  /// Reset by begin().
  base::Arena& arena() { return context_.arena(); }
  /// Before that much work; false, with the error set, over the limit.
  [[nodiscard]] bool step(uint64_t count = 1) { return context_.step(count); }
  /// Before the arena is asked for so much at once; false as step().
  [[nodiscard]] bool make_room(uint64_t bytes) { return context_.make_room(bytes); }

 private:
  Context context_;
};

}  // namespace kiln::fhirpath
