// A ViewDefinition as its author wrote it (SQL on FHIR, ViewDefinition).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/document.h"

namespace kiln::view {

/// A FHIRPath expression and where it stands.
struct PathText {
  std::string text;
  std::string path;   ///< "select[0].column[1].path"
  json::Value value;  ///< in the document, for positions

  bool given() const { return !path.empty(); }
};

struct ColumnDefinition {
  std::string name;
  PathText path;
  std::string type;       ///< FHIR type; "" if not given
  std::string ansi_type;  ///< value of the ansi/type tag; "" if not given
  std::string description;
  bool collection = false;
};

struct SelectDefinition {
  std::string path;  ///< "select[0].select[1]"
  std::vector<ColumnDefinition> columns;
  std::vector<SelectDefinition> selects;
  std::vector<SelectDefinition> unions;
  PathText for_each;
  PathText for_each_or_null;
  std::vector<PathText> repeat;
};

struct ConstantDefinition {
  std::string name;
  std::string type;  ///< of value[x]: "string", "positiveInt"
  std::string text;
  std::string path;
  json::Value value;
};

/// Keeps its document alive, for positions.
struct ViewDefinition {
  json::DocumentPtr document;
  json::Value value;  ///< in the document, which may hold more than the view
  std::string id;
  std::string url;
  std::string version;
  std::string name;
  std::string status;
  std::string resource;
  std::vector<std::string> fhir_versions;
  std::vector<ConstantDefinition> constants;
  std::vector<SelectDefinition> selects;
  std::vector<PathText> where;
};

/// Everything that is wrong or suspicious with a view, in the order of the text. Not without end:
/// each costs a search for its line.
struct Problems {
  static constexpr size_t kMost = 200;  ///< errors, and as many warnings

  std::vector<base::Error> errors;
  std::vector<base::Error> warnings;
  std::vector<base::Error> hints;  ///< may be as meant; for `kiln check` alone

  bool ok() const { return errors.empty(); }
  bool has_room(const std::vector<base::Error>& list) const { return list.size() < kMost; }
};

/// Reads a ViewDefinition. What is wrong is added to `problems`; the result is usable only if there
/// are no errors. `document` must hold `value`.
ViewDefinition read_view(const json::DocumentPtr& document, json::Value value, Problems& problems);

/// True if the JSON value looks like a ViewDefinition (by its resourceType).
bool is_view(json::Value value);

}  // namespace kiln::view
