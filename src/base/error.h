// Errors and results. No exception leaves a library; every fallible function returns one of these.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kiln::base {

/// Why something failed, chosen by what the caller does about it.
enum class ErrorCode : uint8_t {
  kUsage,        ///< the caller asked wrongly (an option, a parameter): exit 2, HTTP 400
  kInvalid,      ///< an artefact or a line of data breaks a rule: exit 1, HTTP 422
  kNotFound,     ///< something that was named does not exist
  kUnsupported,  ///< understood, but not something Kiln does
  kLimit,        ///< a configured bound was passed
  kConflict,     ///< the state of things does not allow it (changed input, finished job)
  kCancelled,    ///< a stop was requested
  kUnavailable,  ///< may work if tried again later
  kIo,           ///< the operating system refused; errno is in the message
  kClosedPipe,   ///< the reader of our output has gone
  kInterrupted,  ///< the process died in it each time it was tried
  kNoMemory,     ///< the process has no memory for it now (--memory-limit)
  kInternal,     ///< our own fault
};

/// The code's name in lower case, for logs and tests.
std::string_view name_of(ErrorCode code);

/// A place in a text. Lines and columns start at 1; columns count bytes; 0 means unknown.
struct SourcePosition {
  std::string source;  ///< file name, or what was read ("<stdin>")
  uint64_t line = 0;
  uint64_t column = 0;

  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

/// A failure: code, message (its fixed part first, values last), and where known its position and a
/// near name to suggest. One pointer wide; movable; copy with clone().
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message);
  /// kNoMemory. The one error whose making, moving and reading allocates nothing.
  static Error no_memory() noexcept { return Error(nullptr); }

  ErrorCode code() const { return detail().code; }
  const std::string& message() const { return detail().message; }
  const SourcePosition& position() const { return detail().position; }
  /// The text that the position's column points into, for a caret; empty if unknown.
  const std::string& excerpt() const { return detail().excerpt; }
  /// 0-based byte offset of the caret inside excerpt().
  size_t caret() const { return detail().caret; }
  /// What the user may have meant ("birthDate"); empty if nothing is near.
  const std::string& suggestion() const { return detail().suggestion; }
  /// Path of the offending element inside its artefact ("select[0].column[1].path").
  const std::string& path() const { return detail().path; }

  Error at(SourcePosition position) &&;
  Error with_excerpt(std::string excerpt, size_t caret) &&;
  Error with_suggestion(std::string suggestion) &&;
  Error with_path(std::string path) &&;
  /// Puts `context` and ": " before the message.
  Error in(std::string_view context) &&;

  Error clone() const;
  /// "source:line:column: message", without the parts that are unknown.
  std::string to_string() const;

 private:
  struct Detail {
    ErrorCode code;
    std::string message;
    SourcePosition position;
    std::string excerpt;
    size_t caret = 0;
    std::string suggestion;
    std::string path;
  };
  explicit Error(std::unique_ptr<Detail> detail) : detail_(std::move(detail)) {}
  const Detail& detail() const { return detail_ ? *detail_ : kNoMemoryDetail; }
  /// To be changed.
  Detail& own();

  static const Detail kNoMemoryDetail;
  std::unique_ptr<Detail> detail_;  ///< null for no_memory()
};

/// An I/O error from errno, as "what: strerror".
Error io_error(std::string_view what, int error_number);

/// A value or an Error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

/// Success or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return error_.index() == 0; }
  explicit operator bool() const { return ok(); }
  Error& error() & { return std::get<1>(error_); }
  const Error& error() const& { return std::get<1>(error_); }
  Error&& error() && { return std::get<1>(std::move(error_)); }

 private:
  std::variant<std::monostate, Error> error_;
};

}  // namespace kiln::base

#define KILN_CONCAT_INNER(a, b) a##b
#define KILN_CONCAT(a, b) KILN_CONCAT_INNER(a, b)

/// Returns from the enclosing function with the error of a failed Status or Result.
#define KILN_TRY(expression)                                      \
  do {                                                            \
    auto kiln_status = (expression);                              \
    if (!kiln_status.ok()) return std::move(kiln_status).error(); \
  } while (false)

/// KILN_ASSIGN(auto x, f()): x = the value of f(), or return its error.
#define KILN_ASSIGN(declaration, expression) \
  KILN_ASSIGN_INNER(declaration, expression, KILN_CONCAT(kiln_result_, __LINE__))
#define KILN_ASSIGN_INNER(declaration, expression, temporary) \
  auto temporary = (expression);                              \
  if (!temporary.ok()) return std::move(temporary).error();   \
  declaration = std::move(temporary).value()
