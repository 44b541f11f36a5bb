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
    case ErrorCode::kInternal:
      return "internal";
  }
  return "unknown";
}

Error::Error(ErrorCode code, std::string message)
    : detail_(new Detail{code, std::move(message), {}, {}, 0, {}, {}}) {}

Error Error::at(SourcePosition position) && {
  detail_->position = std::move(position);
  return std::move(*this);
}

Error Error::with_excerpt(std::string excerpt, size_t caret) && {
  detail_->excerpt = std::move(excerpt);
  detail_->caret = caret;
  return std::move(*this);
}

Error Error::with_suggestion(std::string suggestion) && {
  detail_->suggestion = std::move(suggestion);
  return std::move(*this);
}

Error Error::with_path(std::string path) && {
  detail_->path = std::move(path);
  return std::move(*this);
}

Error Error::in(std::string_view context) && {
  detail_->message = std::string(context) + ": " + detail_->message;
  return std::move(*this);
}

Error Error::clone() const { return Error(std::make_unique<Detail>(*detail_)); }

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
  return Error(code, std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace kiln::base
