// From the name of an artefact to a subject: by id, canonical or reference, or as it was given.
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

/// What an operation takes as a subject.
enum class Sought : uint8_t {
  kView,
  kQuery,      ///< an SQLQuery
  kViewOrSql,  ///< a ViewDefinition, SQLQuery or SQLView
};

/// Looks everything that one request names up in the same set of artefacts. Whatever is wrong goes
/// to `problems`, with `place` as its place, and nothing is returned; but a Library with errors is
/// returned after they were told, so that LibraryGraph tells what is wrong with its dependencies
/// too. Immutable.
class Resolver {
 public:
  /// `own_base`: what absolute references to our own artefacts begin with. `options`: for views
  /// that are given; published ones are compiled already.
  Resolver(ArtefactsPtr artefacts, std::string own_base, view::CompileOptions options,
           Sought sought = Sought::kView)
      : artefacts_(std::move(artefacts)),
        own_base_(std::move(own_base)),
        options_(std::move(options)),
        sought_(sought) {}

  /// Of a ViewDefinition or, where SQL is sought, of a Library; of either if both may be and one
  /// alone is called so.
  std::optional<Subject> by_id(std::string_view id, const std::string& place,
                               Problems& problems) const;
  /// "url" or "url|version".
  std::optional<Subject> by_canonical(std::string_view canonical, const std::string& place,
                                      Problems& problems) const;
  /// "ViewDefinition/ID", "Library/ID", "ID" or an absolute URL below our own base.
  std::optional<Subject> by_reference(std::string_view reference, const std::string& place,
                                      Problems& problems) const;
  /// A value of a document, which the subject keeps alive.
  std::optional<Subject> given(const json::DocumentPtr& document, json::Value value,
                               const std::string& place, Problems& problems) const;

 private:
  std::optional<Subject> find_id(std::string_view id, std::string_view what,
                                 const std::string& place, Problems& problems) const;
  std::optional<Subject> found(const Artefact* artefact, std::string_view what, std::string near,
                               const std::string& place, Problems& problems) const;
  bool takes(const Artefact& artefact) const;
  bool takes_type(std::string_view type) const;

  const ArtefactsPtr artefacts_;
  const std::string own_base_;
  const view::CompileOptions options_;
  const Sought sought_;
};

/// What is wrong with a Library goes to `problems`, with `place` as its place.
void add_library_errors(const Library& library, const std::string& place, Problems& problems);

}  // namespace kiln::plan
