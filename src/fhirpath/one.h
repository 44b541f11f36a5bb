// What a function that works on one item, or one value, has got.
#pragma once

namespace kiln::fhirpath {

/// There is one, there is none, or the evaluation failed and its error is set. Like an optional:
/// true, and to be dereferenced, if there is one.
template <typename Value>
class One {
 public:
  /// None.
  One() = default;
  One(const Value& value) : value_(value), state_(State::kOne) {}  // NOLINT
  static One failure() {
    One one;
    one.state_ = State::kFailed;
    return one;
  }

  explicit operator bool() const { return state_ == State::kOne; }
  bool failed() const { return state_ == State::kFailed; }
  const Value& operator*() const { return value_; }
  const Value* operator->() const { return &value_; }
  Value value_or(const Value& other) const { return state_ == State::kOne ? value_ : other; }

 private:
  enum class State : unsigned char { kNone, kOne, kFailed };
  Value value_{};
  State state_ = State::kNone;
};

/// What a kernel returns that lacks one of these: nothing, or no result if one of them failed.
///
///   const auto text = context.input_string(instruction);
///   if (!text) return none(out, text);
template <typename Collection, typename... Values>
[[nodiscard]] bool none(Collection& out, const One<Values>&... ones) {
  out = {};
  return !(ones.failed() || ...);
}

}  // namespace kiln::fhirpath
