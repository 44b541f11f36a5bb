#include "door/diagnostics.h"

#include <memory>

namespace kiln::door {

kiln_status status_of(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kUsage:
      return KILN_USAGE;
    case base::ErrorCode::kInvalid:
      return KILN_INVALID;
    case base::ErrorCode::kNotFound:
      return KILN_NOT_FOUND;
    case base::ErrorCode::kUnsupported:
      return KILN_UNSUPPORTED;
    case base::ErrorCode::kLimit:
      return KILN_LIMIT;
    case base::ErrorCode::kConflict:
      return KILN_CONFLICT;
    case base::ErrorCode::kCancelled:
    case base::ErrorCode::kInterrupted:
      return KILN_CANCELLED;
    case base::ErrorCode::kUnavailable:
      return KILN_UNAVAILABLE;
    case base::ErrorCode::kIo:
    case base::ErrorCode::kClosedPipe:
      return KILN_IO;
    case base::ErrorCode::kNoMemory:
      return KILN_NO_MEMORY;
    case base::ErrorCode::kInternal:
      break;
  }
  return KILN_INTERNAL;
}

void add(kiln_diagnostics& to, const base::Error& error, kiln_severity severity) {
  const base::Error& kept = to.errors.emplace_back(error.clone());
  to.entries.push_back({severity, status_of(kept.code()), kept.message().c_str(),
                        kept.position().source.c_str(), kept.position().line,
                        kept.position().column, kept.path().c_str(), kept.suggestion().c_str()});
}

void add(kiln_diagnostics& to, const plan::Problems& problems) {
  for (const plan::Problem& problem : problems.all()) {
    add(to, problem.error, problem.severity == plan::Severity::kError ? KILN_ERROR : KILN_WARNING);
  }
}

kiln_status call(kiln_diagnostics** diagnostics,
                 const std::function<base::Status(kiln_diagnostics& found)>& body) {
  if (diagnostics != nullptr) *diagnostics = nullptr;
  kiln_status result = KILN_OK;
  const base::Status told = base::guarded([&]() -> base::Status {
    auto found = std::make_unique<kiln_diagnostics>();
    base::Status status = base::guarded([&] { return body(*found); });
    if (!status.ok()) {
      result = status_of(status.error().code());
      add(*found, status.error(), KILN_ERROR);
    }
    for (const kiln_diagnostic& one : found->entries) {
      if (result == KILN_OK && one.severity == KILN_ERROR) result = one.code;
    }
    if (diagnostics != nullptr && !found->entries.empty()) *diagnostics = found.release();
    return {};
  });
  return told.ok() ? result : status_of(told.error().code());
}

}  // namespace kiln::door

size_t kiln_diagnostics_count(const kiln_diagnostics* diagnostics) {
  return diagnostics == nullptr ? 0 : diagnostics->entries.size();
}

kiln_diagnostic kiln_diagnostics_at(const kiln_diagnostics* diagnostics, size_t index) {
  static constexpr kiln_diagnostic kNothing{KILN_ERROR, KILN_USAGE, "", "", 0, 0, "", ""};
  if (index >= kiln_diagnostics_count(diagnostics)) return kNothing;
  return diagnostics->entries[index];
}

void kiln_diagnostics_free(kiln_diagnostics* diagnostics) { delete diagnostics; }
