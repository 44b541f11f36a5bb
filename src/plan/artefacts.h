// The ViewDefinitions and Libraries that a server publishes, found by id, canonical or reference.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "fhir/model.h"
#include "json/document.h"
#include "plan/compilation.h"

namespace kiln::plan {

struct Artefact {
  std::string type;  ///< "ViewDefinition", "Library"
  std::string id;    ///< its own, else the stem of its file
  std::string url;
  std::string version;
  std::string name;
  std::string status;
  json::DocumentPtr document;
  json::Value value;  ///< in the document
  /// Of a ViewDefinition, which is published also if it is broken; null for a Library.
  std::shared_ptr<const Compilation> compiled;
};

/// Immutable once loaded; thread-safe then. Views are compiled as they are loaded, once.
class ArtefactRegistry {
 public:
  /// For that FHIR version, if one is given.
  explicit ArtefactRegistry(std::optional<fhir::Version> version = {}) : version_(version) {}

  /// Adds the artefacts of a file (one, a Bundle, or NDJSON) or of a folder's *.json and *.ndjson
  /// files. A file that has been loaded already is passed over, and so are other resources. An
  /// unreadable file or one that is no regular file, a text that is no JSON, an id or a url|version
  /// that is there already: an error that names both places.
  base::Status load(const std::string& path);

  const Artefact* find_id(std::string_view type, std::string_view id) const;
  /// "url" or "url|version". Without a version the active one before a draft before a retired one,
  /// and of several the one of the highest version (semantic versions before others).
  const Artefact* find_canonical(std::string_view canonical) const;
  /// An id or canonical of that type that may have been meant; "" if none is near.
  std::string near_id(std::string_view type, std::string_view id) const;
  std::string near_canonical(std::string_view canonical) const;
  /// Sorted by type and id.
  std::vector<const Artefact*> all() const;

 private:
  base::Status load_file(const std::string& path);
  base::Status add_document(const json::DocumentPtr& document, const std::string& stem);
  base::Status add(const json::DocumentPtr& document, json::Value value, const std::string& stem);

  const std::optional<fhir::Version> version_;
  std::set<std::string> files_;  ///< that have been loaded
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Artefact>, std::less<>> by_id_;
  std::multimap<std::string, const Artefact*, std::less<>> by_url_;
};

/// Which of two versions of one artefact is meant when none is named: less means earlier. Semantic
/// versions compare by their numbers, a pre-release before its release; any other text is before
/// every semantic version and compares as text.
int compare_versions(std::string_view a, std::string_view b);

}  // namespace kiln::plan
