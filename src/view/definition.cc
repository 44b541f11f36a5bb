// Reads a ViewDefinition as it is written, with the place of each text. A Reader goes through the
// objects from the outside in; what is wrong is noted and passed over, so that all of it is told.
// What expressions mean is not looked at here.
#include "view/definition.h"

#include <algorithm>
#include <set>

#include "base/near_name.h"
#include "base/text.h"
#include "fhir/element_names.h"

namespace kiln::view {
namespace {

/// The primitive that a key of a constant names, "valueString": what FHIR itself has in its
/// constant.value[x]; "" for another.
std::string_view constant_type(std::string_view key) {
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR6);
  const fhir::Field* const choice =
      model.json_field(model.find_type("ViewDefinition.constant"), fhir::find_name(key));
  const bool value = choice != nullptr && choice->element == fhir::names::kValue;
  return value ? model.name(choice->type) : std::string_view();
}

class Reader {
 public:
  Reader(Problems& problems, ViewDefinition& view) : problems_(problems), view_(view) {}

  void read(json::Value root) {
    if (!root.is_object()) {
      error(root, "", "expected a JSON object");
      return;
    }
    view_.id = text(root, "id", "");
    view_.url = text(root, "url", "");
    view_.version = text(root, "version", "");
    view_.name = text(root, "name", "");
    view_.status = text(root, "status", "");
    view_.resource = text(root, "resource", "");
    if (root["resource"].missing()) error(root, "resource", "missing: the type of resource");
    check_keys(root, "",
               {"resourceType",
                "resourceDefinition",
                "id",
                "meta",
                "implicitRules",
                "language",
                "text",
                "contained",
                "extension",
                "modifierExtension",
                "url",
                "identifier",
                "version",
                "versionAlgorithmString",
                "versionAlgorithmCoding",
                "name",
                "title",
                "status",
                "experimental",
                "date",
                "publisher",
                "contact",
                "description",
                "useContext",
                "jurisdiction",
                "purpose",
                "copyright",
                "copyrightLabel",
                "approvalDate",
                "lastReviewDate",
                "effectivePeriod",
                "topic",
                "author",
                "editor",
                "reviewer",
                "endorser",
                "relatedArtifact",
                "resource",
                "profile",
                "fhirVersion",
                "constant",
                "select",
                "where"});
    check_name(root["name"], "name", view_.name);
    read_versions(root["fhirVersion"]);
    for (const auto& [value, path] : list(root, "constant", "")) read_constant(value, path);
    const auto selects = list(root, "select", "");
    const json::Value given = root["select"];
    if (selects.empty() && (given.missing() || given.is_array())) {
      error(root, "select", "missing: a view needs at least one select");
    }
    for (const auto& [value, path] : selects) view_.selects.push_back(read_select(value, path, 0));
    for (const auto& [value, path] : list(root, "where", "")) {
      if (!object(value, path)) continue;
      check_keys(value, path, {"path", "description"});
      view_.where.push_back(read_path(value, "path", path, true));
    }
  }

 private:
  struct Located {
    json::Value value;
    std::string path;
  };

  static std::string join(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : path + "." + std::string(key);
  }

  void error(json::Value at, const std::string& path, std::string message,
             std::string suggestion = {}) {
    if (!problems_.has_room(problems_.errors)) return;
    problems_.errors.push_back(base::Error(base::ErrorCode::kInvalid, std::move(message))
                                   .at(at.position())
                                   .with_path(path)
                                   .with_suggestion(std::move(suggestion)));
  }

  bool object(json::Value value, const std::string& path) {
    if (value.is_object()) return true;
    error(value, path, "expected a JSON object");
    return false;
  }

  /// A string member; "" if it is missing.
  std::string text(json::Value parent, std::string_view key, const std::string& path) {
    const json::Value value = parent[key];
    if (value.missing()) return {};
    if (!value.is_string()) {
      error(value, join(path, key), "expected a text in quotes");
      return {};
    }
    return std::string(value.text());
  }

  /// The items of an array member, each with its path.
  std::vector<Located> list(json::Value parent, std::string_view key, const std::string& path) {
    const json::Value value = parent[key];
    std::vector<Located> items;
    if (value.missing()) return items;
    if (!value.is_array()) {
      error(value, join(path, key), "expected a JSON array");
      return items;
    }
    for (const json::Value item : value.items()) {
      items.push_back({item, join(path, key) + "[" + std::to_string(items.size()) + "]"});
    }
    return items;
  }

  /// A key that means nothing here is most likely a slip: everything it says would be ignored.
  void check_keys(json::Value value, const std::string& path,
                  const std::vector<std::string_view>& known) {
    for (const json::Value member : value.items()) {
      std::string_view key = member.key();
      if (key.starts_with('_')) key.remove_prefix(1);
      if (key == "extension" || key == "modifierExtension" || key == "id") continue;
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      if (!problems_.has_room(problems_.warnings)) return;
      problems_.warnings.push_back(
          base::Error(base::ErrorCode::kInvalid,
                      "unknown element: '" + std::string(member.key()) + "' is ignored")
              .at(member.position())
              .with_path(join(path, member.key()))
              .with_suggestion(base::nearest_name(key, known)));
    }
  }

  /// Names become names of columns, tables and files: the standard's sql-name rule.
  void check_name(json::Value value, const std::string& path, const std::string& name) {
    if (value.missing()) return;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    static constexpr size_t kLongest = 255;
    const bool good = !name.empty() && name.size() <= kLongest && letter(name.front()) &&
                      std::all_of(name.begin(), name.end(), [&](char c) {
                        return letter(c) || base::is_digit(c) || c == '_';
                      });
    if (good) return;
    error(value, path,
          "not a name: '" + name.substr(0, kLongest) + "' (a letter, then letters, digits and _, " +
              std::to_string(kLongest) + " at most)");
  }

  void read_versions(json::Value value) {
    if (value.is_string()) {
      view_.fhir_versions.emplace_back(value.text());
    } else if (value.is_array()) {
      for (const json::Value item : value.items()) view_.fhir_versions.emplace_back(item.text());
    } else if (!value.missing()) {
      error(value, "fhirVersion", "expected a JSON array of versions");
    }
  }

  PathText read_path(json::Value parent, std::string_view key, const std::string& path,
                     bool required) {
    const json::Value value = parent[key];
    if (value.missing()) {
      if (required) error(parent, join(path, key), "missing: a FHIRPath expression");
      return {};
    }
    if (!value.is_string()) {
      error(value, join(path, key), "expected a FHIRPath expression in quotes");
      return {};
    }
    return {std::string(value.text()), join(path, key), value};
  }

  void read_constant(json::Value value, const std::string& path) {
    if (!object(value, path)) return;
    ConstantDefinition constant;
    constant.path = path;
    constant.value = value;
    constant.name = text(value, "name", path);
    if (constant.name.empty()) error(value, join(path, "name"), "missing: the constant's name");
    check_name(value["name"], join(path, "name"), constant.name);
    if (!constant.name.empty() && !constant_names_.insert(constant.name).second) {
      error(value["name"], join(path, "name"), "two constants are named '" + constant.name + "'");
    }
    for (const json::Value member : value.items()) {
      if (!member.key().starts_with("value")) continue;
      const std::string_view type = constant_type(member.key());
      if (type.empty()) {
        error(member, join(path, member.key()), "a constant cannot be of this type");
        return;
      }
      if (!constant.type.empty()) {
        error(member, join(path, member.key()), "a constant has one value, this is a second one");
        return;
      }
      if (member.is_object() || member.is_array()) {
        error(member, join(path, member.key()), "expected a primitive value");
        return;
      }
      constant.type = type;
      constant.text = member.text();
    }
    if (constant.type.empty()) {
      error(value, path, "missing: the constant's value (valueString, valueInteger, ...)");
      return;
    }
    view_.constants.push_back(std::move(constant));
  }

  ColumnDefinition read_column(json::Value value, const std::string& path) {
    ColumnDefinition column;
    if (!object(value, path)) return column;
    check_keys(value, path, {"name", "path", "type", "collection", "description", "tag"});
    column.name = text(value, "name", path);
    if (column.name.empty()) error(value, join(path, "name"), "missing: the column's name");
    check_name(value["name"], join(path, "name"), column.name);
    column.path = read_path(value, "path", path, true);
    column.type = text(value, "type", path);
    column.description = text(value, "description", path);
    const json::Value collection = value["collection"];
    if (!collection.missing() && !collection.is_boolean()) {
      error(collection, join(path, "collection"), "expected true or false");
    }
    column.collection = collection.boolean();
    for (const auto& [tag, tag_path] : list(value, "tag", path)) {
      if (tag["name"].text() == "ansi/type") column.ansi_type = tag["value"].text();
    }
    return column;
  }

  SelectDefinition read_select(json::Value value, const std::string& path, int depth) {
    static constexpr int kDeepestSelect = 50;
    SelectDefinition select;
    select.path = path;
    if (!object(value, path)) return select;
    if (depth > kDeepestSelect) {
      error(value, path, "selects are nested too deeply");
      return select;
    }
    check_keys(
        value, path,
        {"column", "select", "forEach", "forEachOrNull", "unionAll", "repeat", "description"});
    for (const auto& [item, item_path] : list(value, "column", path)) {
      select.columns.push_back(read_column(item, item_path));
    }
    for (const auto& [item, item_path] : list(value, "select", path)) {
      select.selects.push_back(read_select(item, item_path, depth + 1));
    }
    for (const auto& [item, item_path] : list(value, "unionAll", path)) {
      select.unions.push_back(read_select(item, item_path, depth + 1));
    }
    select.for_each = read_path(value, "forEach", path, false);
    select.for_each_or_null = read_path(value, "forEachOrNull", path, false);
    for (const auto& [item, item_path] : list(value, "repeat", path)) {
      if (item.is_string()) {
        select.repeat.push_back({std::string(item.text()), item_path, item});
      } else {
        error(item, item_path, "expected a FHIRPath expression in quotes");
      }
    }
    if (value["repeat"].is_array() && value["repeat"].size() == 0) {
      error(value["repeat"], join(path, "repeat"), "expected at least one path");
    }
    const int iterations = (value["forEach"].missing() ? 0 : 1) +
                           (value["forEachOrNull"].missing() ? 0 : 1) +
                           (value["repeat"].missing() ? 0 : 1);
    if (iterations > 1) {
      error(value, path, "only one of forEach, forEachOrNull and repeat can be given");
    }
    if (value["column"].missing() && value["select"].missing() && value["unionAll"].missing()) {
      error(value, path, "a select needs a column, a select or a unionAll");
    }
    return select;
  }

  Problems& problems_;
  ViewDefinition& view_;
  std::set<std::string> constant_names_;
};

}  // namespace

ViewDefinition read_view(const json::DocumentPtr& document, json::Value value, Problems& problems) {
  ViewDefinition view;
  view.document = document;
  view.value = value;
  Reader(problems, view).read(value);
  return view;
}

bool is_view(json::Value value) {
  const std::string_view type = value["resourceType"].text();
  return type == "ViewDefinition" || type.ends_with("/StructureDefinition/ViewDefinition");
}

}  // namespace kiln::view
