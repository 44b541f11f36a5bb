#include "api/operation_input.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <set>

namespace kiln::api {
namespace {

bool is_json_type(std::string content_type) {
  content_type.resize(std::min(content_type.find(';'), content_type.size()));
  while (!content_type.empty() && content_type.back() == ' ') content_type.pop_back();
  std::transform(content_type.begin(), content_type.end(), content_type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return content_type.empty() || content_type == "application/fhir+json" ||
         content_type == "application/json";
}

/// The value[x] of a parameter: its one member whose key starts so.
json::Value value_of(json::Value parameter) {
  for (const json::Value member : parameter.items()) {
    if (member.key().starts_with("value")) return member;
  }
  return {};
}

Parameter read_parameter(json::Value item, std::string expression) {
  Parameter parameter;
  parameter.name = std::string(item["name"].text());
  parameter.expression = std::move(expression);
  parameter.value = value_of(item);
  parameter.resource = item["resource"];
  for (const json::Value part : item["part"].items()) {
    std::string inner = parameter.expression + "." + std::string(part["name"].text());
    parameter.parts.push_back(read_parameter(part, std::move(inner)));
  }
  return parameter;
}

/// Parameters with parts repeat, and are counted: view[0], view[1].
void read_parameters(json::Value body, OperationInput& input) {
  std::map<std::string, size_t, std::less<>> counts;
  for (const json::Value item : body["parameter"].items()) {
    std::string name(item["name"].text());
    const bool indexed =
        item["part"].is_array() || name == "view" || name == "query" || name == "subject";
    const size_t index = counts[name]++;
    std::string expression = indexed ? name + "[" + std::to_string(index) + "]" : name;
    input.parameters.push_back(read_parameter(item, std::move(expression)));
  }
}

void read_query(const net::Request& request, OperationInput& input) {
  std::set<std::string, std::less<>> in_body;
  for (const Parameter& parameter : input.parameters) in_body.insert(parameter.name);
  for (const auto& [name, value] : request.query) {
    if (in_body.contains(name)) continue;
    Parameter parameter;
    parameter.name = name;
    parameter.expression = name;
    parameter.query_text = value;
    input.parameters.push_back(std::move(parameter));
  }
}

void invalid(const Parameter& parameter, const std::string& wanted, Problems& problems) {
  problems.add(400, "invalid", parameter.expression, "'" + parameter.name + "' must be " + wanted);
}

/// The text of any primitive value.
std::optional<std::string> scalar_of(const Parameter& parameter) {
  if (parameter.query_text) return parameter.query_text;
  const json::Value value = parameter.value;
  if (value.missing() || value.is_array() || value.is_object() ||
      value.kind() == json::ValueKind::kNull) {
    return std::nullopt;
  }
  return std::string(value.text());
}

}  // namespace

std::vector<const Parameter*> OperationInput::all(std::string_view name) const {
  std::vector<const Parameter*> found;
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) found.push_back(&parameter);
  }
  return found;
}

OperationInput read_operation_input(const net::Request& request, Problems& problems) {
  OperationInput input;
  if (request.method == "POST" && !request.body.empty()) {
    if (!is_json_type(request.headers.get("Content-Type").value_or(""))) {
      problems.add(415, "not-supported", "",
                   "the body must be application/fhir+json or application/json");
      return input;
    }
    auto document = json::Document::parse(request.body, "request body");
    if (!document.ok()) {
      problems.add(400, "invalid", "", full_text(document.error()));
      return input;
    }
    input.document = std::move(document).value();
    const json::Value root = input.document->root();
    if (!root.is_object()) {
      problems.add(400, "invalid", "", "the body must be a Parameters resource");
      return input;
    }
    if (root["resourceType"].text() == "Parameters") {
      read_parameters(root, input);
    } else {
      input.bare = root;
    }
  }
  read_query(request, input);
  return input;
}

std::optional<std::string> text_of(const Parameter& parameter, Problems& problems) {
  auto text = scalar_of(parameter);
  const bool is_text = parameter.query_text || parameter.value.is_string();
  if (text && is_text && !text->empty()) return text;
  invalid(parameter, "a text", problems);
  return std::nullopt;
}

std::optional<bool> boolean_of(const Parameter& parameter, Problems& problems) {
  const auto text = scalar_of(parameter);
  if (text == "true") return true;
  if (text == "false") return false;
  invalid(parameter, "true or false", problems);
  return std::nullopt;
}

std::optional<int64_t> integer_of(const Parameter& parameter, Problems& problems) {
  const std::string text = scalar_of(parameter).value_or("");
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  invalid(parameter, "a whole number", problems);
  return std::nullopt;
}

std::optional<std::string> reference_of(const Parameter& parameter, Problems& problems) {
  if (parameter.value.is_object()) {
    const json::Value reference = parameter.value["reference"];
    if (reference.is_string() && !reference.text().empty()) return std::string(reference.text());
    invalid(parameter, "a Reference with a reference", problems);
    return std::nullopt;
  }
  return text_of(parameter, problems);
}

const Parameter* only(const OperationInput& input, std::string_view name, Problems& problems) {
  const auto found = input.all(name);
  if (found.empty()) return nullptr;
  if (found.size() > 1) {
    problems.add(400, "invalid", std::string(name), "'" + std::string(name) + "' is given twice");
  }
  return found.front();
}

}  // namespace kiln::api
