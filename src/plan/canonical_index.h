// Artefacts by their canonical, "url" or "url|version".
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace kiln::plan {

struct Artefact;

/// Which of two versions of one artefact is meant when none is named: less means earlier. Semantic
/// versions compare by their numbers, a pre-release before its release; any other text is before
/// every semantic version and compares as text.
int compare_versions(std::string_view a, std::string_view b);

/// Artefacts must outlive it. Thread-safe for reading.
class CanonicalIndex {
 public:
  /// One without a url is passed over.
  void add(const Artefact& artefact);
  /// One that has been added with the same url and version; null if there is none.
  const Artefact* same_as(const Artefact& artefact) const;
  /// Without a version the active one before a draft before a retired one, and of several the one
  /// of the highest version (semantic versions before others). Null if there is none.
  const Artefact* find(std::string_view canonical) const;
  /// A canonical that may have been meant; "" if none is near.
  std::string near(std::string_view canonical) const;

 private:
  std::multimap<std::string, const Artefact*, std::less<>> by_url_;
};

}  // namespace kiln::plan
