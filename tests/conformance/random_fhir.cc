#include "tests/conformance/random_fhir.h"

#include <algorithm>
#include <map>
#include <vector>

namespace kiln::conformance {
namespace {

constexpr const char* kUrls[] = {"http://example.org/a", "http://example.org/b"};
constexpr const char* kWords[] = {"official", "alpha", "final", "85354-9",
                                  "Ä é",      "",      "x,y",   "beta"};

}  // namespace

std::string RandomFhir::space() {
  if (!chance(10)) return "";
  static constexpr const char* kSpaces[] = {" ", "  ", "\t", " \t "};
  return kSpaces[below(4)];
}

std::string RandomFhir::key(std::string_view name) {
  std::string text = "\"";
  const size_t escaped = chance(4) ? below(name.size()) : name.size();
  for (size_t i = 0; i < name.size(); ++i) {
    if (i == escaped) {
      static constexpr char kDigits[] = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(name[i]);
      text += std::string("\\u00") + kDigits[byte >> 4] + kDigits[byte & 15];
    } else {
      text += name[i];
    }
  }
  return text + "\"" + space() + ":" + space();
}

std::string RandomFhir::extensions() {
  std::string text = "{\"extension\":[";
  const size_t count = 1 + below(2);
  for (size_t i = 0; i < count; ++i) {
    if (i != 0) text += ",";
    text += std::string("{\"url\":\"") + kUrls[below(2)] +
            "\",\"valueString\":" + primitive(model_.find_type("string")) + "}";
  }
  return text + "]}";
}

std::string RandomFhir::primitive(fhir::TypeId type) {
  switch (model_.system_type(type)) {
    case fhir::kSystemBoolean:
      return chance(50) ? "true" : "false";
    case fhir::kSystemInteger:
      return std::to_string(below(5));
    case fhir::kSystemDecimal:
      return std::to_string(below(3)) + ".5";
    case fhir::kSystemDate:
      return "\"2024-0" + std::to_string(1 + below(9)) + "-11\"";
    case fhir::kSystemDateTime:
      return "\"2024-01-0" + std::to_string(1 + below(9)) + "T10:00:00Z\"";
    case fhir::kSystemTime:
      return "\"10:0" + std::to_string(below(10)) + ":00\"";
    default:
      break;
  }
  std::string text = kWords[below(8)];
  if (chance(8)) text += "\\n\\\"quoted\\\" \\u00e9 {[}]";
  return "\"" + text + "\"";
}

std::string RandomFhir::value(fhir::TypeId type, int depth) {
  if (model_.kind(type) == fhir::TypeKind::kPrimitive) return primitive(type);
  return object(type, depth + 1, "");
}

std::string RandomFhir::object(fhir::TypeId type, int depth, const std::string& resource_type) {
  // One row of each element, so that a choice has one type.
  std::map<fhir::NameId, std::vector<fhir::Field>> elements;
  for (const fhir::Field& field : model_.fields(type)) elements[field.element].push_back(field);
  std::vector<std::string> members;
  for (const auto& [name, rows] : elements) {
    const size_t percent = depth == 0 ? 45 : (depth == 1 ? 35 : 15);
    if (!chance(percent) || depth > 4) continue;
    const fhir::Field& field = rows[below(rows.size())];
    if (field.type < fhir::kFirstFhirType || model_.is_abstract(field.type)) continue;
    const std::string json(fhir::text_of(field.json));
    const bool leaf = model_.kind(field.type) == fhir::TypeKind::kPrimitive;
    if (!field.list) {
      if (!leaf || !chance(10)) members.push_back(key(json) + value(field.type, depth));
      if (leaf && chance(10)) members.push_back(key("_" + json) + extensions());
      continue;
    }
    std::string values = "[";
    std::string siblings = "[";
    const bool with_siblings = leaf && chance(25);
    const size_t count = below(4);
    for (size_t i = 0; i < count; ++i) {
      const std::string comma = i == 0 ? "" : "," + space();
      const bool null = with_siblings && chance(40);
      values += comma + (null ? "null" : value(field.type, depth));
      siblings += comma + (null || chance(30) ? extensions() : "null");
    }
    members.push_back(key(json) + values + "]");
    if (with_siblings) members.push_back(key("_" + json) + siblings + "]");
  }
  if (chance(20)) members.push_back("\"unknownKey\":[{\"a\":\"}]\\\\\"},\"{\"]");
  std::shuffle(members.begin(), members.end(), random_);
  if (!resource_type.empty()) {
    const std::string first = key("resourceType") + "\"" + resource_type + "\"";
    members.insert(
        members.begin() + static_cast<ptrdiff_t>(chance(80) ? 0 : below(members.size() + 1)),
        first);
  }
  std::string text = "{" + space();
  for (size_t i = 0; i < members.size(); ++i) {
    if (i != 0) text += space() + "," + space();
    text += members[i];
  }
  return text + space() + "}";
}

std::string RandomFhir::resource(const std::string& type) {
  return object(model_.find_resource(type), 0, type);
}

std::string RandomFhir::condition(fhir::TypeId type, int depth) {
  fhir::TypeId leaf = type;
  bool many = false;
  const std::string inner = path(leaf, depth + 1, many);
  if (chance(40)) return inner + ".exists()";
  if (chance(20)) return inner + ".empty()";
  const bool text = leaf >= fhir::kFirstFhirType && model_.system_type(leaf) == fhir::kSystemString;
  if (text) return inner + ".first() = '" + kWords[below(4)] + "'";
  if (chance(30) && depth < 2) {
    return inner + ".exists() and " + condition(type, depth + 1);
  }
  return inner + ".count() = " + std::to_string(below(3));
}

/// A path of elements with filters in between; `type` is moved along.
std::string RandomFhir::path(fhir::TypeId& type, int depth, bool& many) {
  std::string text;
  const size_t steps = 1 + below(4);
  for (size_t i = 0; i < steps; ++i) {
    const auto fields = model_.fields(type);
    std::vector<fhir::Field> usable;
    for (const fhir::Field& field : fields) {
      if (field.type >= fhir::kFirstFhirType && !model_.is_abstract(field.type)) {
        usable.push_back(field);
      }
    }
    if (usable.empty()) break;
    const fhir::Field field = usable[below(usable.size())];
    const std::string name(fhir::text_of(field.element));
    // `div`, `contains` and the like are operators elsewhere.
    text += (text.empty() ? "`" : ".`") + name + "`";
    many |= field.list;
    type = field.type;
    if (field.choice) text += ".ofType(" + std::string(model_.name(field.type)) + ")";
    if (chance(15)) text += ".first()";
    if (chance(10)) text += "[" + std::to_string(below(3)) + "]";
    if (chance(12) && depth < 3) text += ".where(" + condition(type, depth + 1) + ")";
    if (chance(5)) text += ".skip(" + std::to_string(below(2)) + ")";
    if (chance(5)) text += ".take(" + std::to_string(1 + below(2)) + ")";
    if (chance(4)) text += ".last()";
    if (chance(3)) text += ".tail()";
    if (model_.kind(type) == fhir::TypeKind::kPrimitive) break;
  }
  return text;
}

std::string RandomFhir::expression(const std::string& type) {
  fhir::TypeId at = model_.find_resource(type);
  bool many = false;
  std::string text = path(at, 0, many);
  const bool leaf = model_.kind(at) == fhir::TypeKind::kPrimitive;
  switch (below(10)) {
    case 0:
      return text + ".exists()";
    case 1:
      return text + ".count()";
    case 2:
      return text + ".empty().not()";
    case 3:
      return leaf ? text + ".distinct()" : text + ".distinct().count()";
    case 4:
      return text + ".extension('" + kUrls[below(2)] + "').value.ofType(string)";
    case 5:
      return "(" + text + ".exists()) or (" + condition(model_.find_resource(type), 0) + ")";
    case 6:
      return leaf ? text + ".first().hasValue()" : text + ".select($this).count()";
    default:
      return leaf ? text : text + ".count()";
  }
}

}  // namespace kiln::conformance
