// What stands in the way of a plan, as values: whoever asks shows them in his own way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kiln::plan {

enum class ProblemCode : uint8_t {
  kUsage,            ///< an option cannot be understood
  kUnreadable,       ///< a file or text cannot be read; the error's own code tells more
  kUnknownArtefact,  ///< nothing that is published or given is named so
  kElsewhere,        ///< a reference that leads to another server
  kWrongReference,   ///< a reference to another type of resource
  kWrongKind,        ///< what was named or given is of another kind than is needed
  kInvalidView,      ///< a ViewDefinition with an error
  kInvalidQuery,     ///< a statement with an error
  kInvalidLibrary,   ///< a Library with an error, or with dependencies that it must not have
  kLimit,            ///< more or deeper dependencies than are allowed
  kSameName,         ///< two outputs are named alike
  kUnsuitedFormat,   ///< the format cannot hold a column
  kUnsuitedLayout,   ///< the format cannot be compressed so
  kTooManyOutputs,   ///< more than the format can have open at once
  kUnknownPatient,   ///< no such Patient in the data
  kUnknownGroup,     ///< no such Group in the data
  kUnavailableData,  ///< the data could not be looked at; the error's own code tells more
};

enum class Severity : uint8_t {
  kError,
  kWarning,
  kHint,  ///< may be as meant: for an author who asks
};

struct Problem {
  ProblemCode code;
  std::string place;  ///< what is to blame: a parameter ("view[0].viewReference"), a file, or ""
  base::Error error;  ///< message, position, path in the artefact, what may have been meant
  Severity severity = Severity::kError;
};

/// All problems of one request, in the order in which they were found.
class Problems {
 public:
  void add(ProblemCode code, std::string place, base::Error error) {
    all_.push_back({code, std::move(place), std::move(error), Severity::kError});
    ++errors_;
  }
  void warn(ProblemCode code, std::string place, base::Error error) {
    all_.push_back({code, std::move(place), std::move(error), Severity::kWarning});
  }
  void hint(ProblemCode code, std::string place, base::Error error) {
    all_.push_back({code, std::move(place), std::move(error), Severity::kHint});
  }
  /// Those of a part, which are moved here.
  void take_all(Problems part) {
    errors_ += part.errors_;
    for (Problem& problem : part.all_) all_.push_back(std::move(problem));
  }
  /// For who wants no warnings.
  void make_warnings_errors() {
    for (Problem& problem : all_) {
      if (problem.severity != Severity::kWarning) continue;
      problem.severity = Severity::kError;
      ++errors_;
    }
  }
  /// True if there are no errors.
  bool ok() const { return errors_ == 0; }
  const std::vector<Problem>& all() const { return all_; }

 private:
  std::vector<Problem> all_;
  size_t errors_ = 0;
};

/// A text that a client gave, cut to what a message may hold of it.
std::string shortened(std::string_view text);

}  // namespace kiln::plan
