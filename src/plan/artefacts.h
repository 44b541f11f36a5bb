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
#include "base/patience.h"
#include "fhir/model.h"
#include "json/document.h"
#include "plan/canonical_index.h"
#include "plan/compilation.h"
#include "plan/library.h"

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
  std::shared_ptr<const Compilation> compiled{};
  /// Of a Library of SQL, broken or not; null for any other, and for a ViewDefinition.
  LibraryPtr library{};
};

/// "ViewDefinition" (of any of its names), "Library"; "" for anything else.
std::string_view artefact_type(json::Value value);
/// Of a value whose artefact_type() is one; neither compiled nor read.
Artefact artefact_of(const json::DocumentPtr& document, json::Value value);
/// Compiles a view, reads a Library of SQL; anything that is given counts as one of SQL.
void make_ready(Artefact& artefact, const view::CompileOptions& options, Origin origin);
/// "ViewDefinition", "SQLQuery", "SQLView", or "Library" for one without SQL.
std::string kind_of(const Artefact& artefact);

/// What becomes of an artefact whose id or url|version another one has already.
enum class Same : uint8_t {
  kError,
  kPassedOver,
};

/// Immutable once loaded; thread-safe then. Views are compiled and Libraries read as they are
/// loaded, once.
class ArtefactRegistry {
 public:
  /// For that FHIR version, if one is given. Files are read with `patience`, which is used by
  /// load() alone; null: the usual one.
  explicit ArtefactRegistry(std::optional<fhir::Version> version = {},
                            std::shared_ptr<base::Patience> patience = nullptr)
      : version_(version),
        patience_(patience ? std::move(patience) : std::make_shared<base::Patience>()) {}

  /// Adds the artefacts of a file (one, a Bundle, or NDJSON) or of a folder's *.json and *.ndjson
  /// files. A file that has been loaded already is passed over, and so are other resources. An
  /// unreadable file or one that is no regular file, a text that is no JSON, an id or a url|version
  /// that is there already: an error that names both places. What does not answer in time is
  /// kUnavailable, and named.
  base::Status load(const std::string& path, Same same = Same::kError);
  /// Adds the artefacts of a document that has been read of that file ("-": of none), which counts
  /// as loaded then. Errors as above.
  base::Status add_file(const std::string& path, const json::DocumentPtr& document);

  const Artefact* find_id(std::string_view type, std::string_view id) const;
  const CanonicalIndex& canonicals() const { return canonicals_; }
  /// An id of that type that may have been meant; "" if none is near.
  std::string near_id(std::string_view type, std::string_view id) const;
  /// Sorted by type and id.
  std::vector<const Artefact*> all() const;

 private:
  /// A file that load() finds: its name, and the one it has without links.
  struct Found {
    std::string path;
    std::string real;
  };
  static base::Result<std::vector<Found>> find_files(const std::string& path,
                                                     base::Patience::Look& look);
  base::Status load_file(const std::string& path, Same same);
  base::Status add_document(const json::DocumentPtr& document, const std::string& stem, Same same);
  base::Status add(const json::DocumentPtr& document, json::Value value, const std::string& stem,
                   Same same);

  const std::optional<fhir::Version> version_;
  const std::shared_ptr<base::Patience> patience_;
  std::set<std::string> files_;  ///< that have been loaded
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Artefact>, std::less<>> by_id_;
  CanonicalIndex canonicals_;
};

}  // namespace kiln::plan
