// From the name of a view to the view: by id, canonical or reference, or as it was given.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plan/problem.h"
#include "plan/published_artefacts.h"
#include "plan/subject.h"

namespace kiln::plan {

/// An absolute reference below `own_base` without it; any other as it is.
std::string_view local_reference(std::string_view reference, std::string_view own_base);

/// Looks everything that one request names up in the same set of artefacts. Whatever is wrong goes
/// to `problems`, with `place` as its place, and nothing is returned. Immutable.
class Resolver {
 public:
  /// `own_base`: what absolute references to our own artefacts begin with. `options`: for views
  /// that are given; published ones are compiled already.
  Resolver(ArtefactsPtr artefacts, std::string own_base, view::CompileOptions options)
      : artefacts_(std::move(artefacts)),
        own_base_(std::move(own_base)),
        options_(std::move(options)) {}

  std::optional<Subject> by_id(std::string_view id, const std::string& place,
                               Problems& problems) const;
  /// "url" or "url|version".
  std::optional<Subject> by_canonical(std::string_view canonical, const std::string& place,
                                      Problems& problems) const;
  /// "ViewDefinition/ID", "ID" or an absolute URL below our own base.
  std::optional<Subject> by_reference(std::string_view reference, const std::string& place,
                                      Problems& problems) const;
  /// A value of a document, which the view keeps alive.
  std::optional<Subject> given(const json::DocumentPtr& document, json::Value value,
                               const std::string& place, Problems& problems) const;

 private:
  const ArtefactsPtr artefacts_;
  const std::string own_base_;
  const view::CompileOptions options_;
};

}  // namespace kiln::plan
