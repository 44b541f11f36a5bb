#include "base/error.h"

#include <system_error>

namespace kiln::base {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
      return "usage";
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kLimit:
      return "limit";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kClosedPipe:
      return "closed-pipe";
    case ErrorCode::kInterrupted:
      return "interrupted";
    case ErrorCode::kNoMemory:
      return "no-memory";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "unknown";
}

Error::Error(ErrorCode code, std::string message)
    : detail_(new Detail{code, std::move(message), {}, {}, 0, {}, {}}) {}

const Error::Detail Error::kNoMemoryDetail{
    ErrorCode::kNoMemory, "the process has no memory for it (--memory-limit)", {}, {}, 0, {}, {}};

Error::Detail& Error::own() {
  if (!detail_) detail_ = std::make_unique<Detail>(kNoMemoryDetail);
  return *detail_;
}

Error Error::at(SourcePosition position) && {
  own().position = std::move(position);
  return std::move(*this);
}

Error Error::with_excerpt(std::string excerpt, size_t caret) && {
  own().excerpt = std::move(excerpt);
  own().caret = caret;
  return std::move(*this);
}

Error Error::with_suggestion(std::string suggestion) && {
  own().suggestion = std::move(suggestion);
  return std::move(*this);
}

Error Error::with_path(std::string path) && {
  own().path = std::move(path);
  return std::move(*this);
}

Error Error::in(std::string_view context) && {
  own().message = std::string(context) + ": " + message();
  return std::move(*this);
}

Error Error::clone() const {
  return detail_ ? Error(std::make_unique<Detail>(*detail_)) : no_memory();
}

std::string Error::to_string() const {
  std::string text;
  const SourcePosition& where = position();
  if (!where.source.empty()) text += where.source + ":";
  if (where.line != 0) text += std::to_string(where.line) + ":";
  if (where.column != 0) text += std::to_string(where.column) + ":";
  if (!text.empty()) text += " ";
  return text + message();
}

Error io_error(std::string_view what, int error_number) {
  ErrorCode code = error_number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  if (error_number == EPIPE) code = ErrorCode::kClosedPipe;
  // Others may close some of their descriptors.
  if (error_number == EMFILE || error_number == ENFILE) code = ErrorCode::kUnavailable;
  return Error(code, std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace kiln::base
