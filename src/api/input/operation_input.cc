#include "api/input/operation_input.h"

#include <charconv>
#include <map>
#include <set>

#include "base/text.h"
#include "json/text.h"

namespace kiln::api {
namespace {

/// Larger bodies fit, but not more values: one of them takes a hundred bytes of memory.
constexpr size_t kMostValues = 1'000'000;

/// A web page can send a body without a type to anyone, and its browser does not ask before.
bool is_json_type(const net::Headers& headers) {
  const std::string header = headers.get("Content-Type").value_or("");
  const std::string content_type =
      base::lower(base::trimmed(std::string_view(header).substr(0, header.find(';'))));
  if (content_type.empty()) return !headers.has("Origin");
  return content_type == "application/fhir+json" || content_type == "application/json";
}

/// The texts, and as many values as so many bytes can hold.
uint64_t memory_of_document(uint64_t bytes) {
  static constexpr uint64_t kValueSize = 112;
  return 2 * bytes + std::min<uint64_t>(bytes / 2, kMostValues) * kValueSize;
}

/// More parameters and parts than anyone needs, and few enough to answer for each.
constexpr size_t kMostParameters = 10'000;
constexpr size_t kLongestName = 100;
constexpr int kDeepestPart = 4;

class ParameterReader {
 public:
  explicit ParameterReader(Issues& issues) : issues_(issues) {}

  /// Subjects are counted: view[0], view[1].
  void read(json::Value body, std::vector<Parameter>& parameters) {
    const json::Value items = body["parameter"];
    if (!items.missing() && !items.is_array()) {
      issues_.add(IssueCode::kInvalid, "parameter", "'parameter' must be an array");
    }
    std::map<std::string, size_t, std::less<>> counts;
    for (const json::Value item : items.items()) {
      std::string name = name_of(item);
      const bool indexed = name == "view" || name == "query" || name == "subject";
      const size_t index = counts[name]++;
      std::string expression = indexed ? name + "[" + std::to_string(index) + "]" : name;
      read_one(item, std::move(expression), 0, parameters);
    }
    if (count_ > kMostParameters) {
      issues_.add(IssueCode::kTooMany, "parameter",
                  "more than " + std::to_string(kMostParameters) + " parameters");
    }
  }

 private:
  /// A long one is nobody's, and stands in the expression of each of its parts.
  static std::string name_of(json::Value item) {
    return std::string(item["name"].text().substr(0, kLongestName));
  }

  void read_one(json::Value item, std::string expression, int depth,
                std::vector<Parameter>& parameters) {
    if (++count_ > kMostParameters) return;
    Parameter& parameter = parameters.emplace_back();
    parameter.name = name_of(item);
    parameter.expression = std::move(expression);
    parameter.resource = item["resource"];
    parameter.object = item;
    size_t values = 0;
    for (const json::Value member : item.items()) {
      if (!member.key().starts_with("value")) continue;
      parameter.value = member;
      ++values;
    }
    if (values > 1) {
      issues_.add(IssueCode::kInvalid, parameter.expression,
                  "'" + parameter.name + "' has more than one value");
    }
    const json::Value parts = item["part"];
    if (depth == kDeepestPart && parts.size() != 0) {
      issues_.add(IssueCode::kInvalid, parameter.expression, "parts are nested too deeply");
      return;
    }
    for (const json::Value part : parts.items()) {
      read_one(part, parameter.expression + "." + name_of(part), depth + 1, parameter.parts);
    }
  }

  Issues& issues_;
  size_t count_ = 0;
};

/// False, with a problem, if there is a body that is none for an operation.
bool read_body(const net::Request& request, base::MemoryBudget* memory, OperationInput& input,
               Issues& issues) {
  if (request.method != "POST" || request.body.empty()) return true;
  const std::string coding = request.headers.get("Content-Encoding").value_or("identity");
  if (base::lower(coding) != "identity") {
    issues.add(IssueCode::kMediaType, "", "a body with the Content-Encoding " + coding);
    return false;
  }
  if (!is_json_type(request.headers)) {
    issues.add(IssueCode::kMediaType, "",
               "the body must be application/fhir+json or application/json");
    return false;
  }
  input.memory = std::make_shared<WorkMemory>(memory);
  const base::Status room = input.memory->reserve(memory_of_document(request.body.size()));
  if (!room.ok()) {
    issues.add(issue_of(room.error(), "", request.id));
    return false;
  }
  auto document = json::Document::parse(request.body, "request body", kMostValues);
  if (!document.ok()) {
    const bool too_long = document.error().code() == base::ErrorCode::kLimit;
    issues.add(too_long ? IssueCode::kTooLong : IssueCode::kInvalid, "",
               full_text(document.error()));
    return false;
  }
  const json::Value root = (*document)->root();
  if (!root.is_object()) {
    issues.add(IssueCode::kInvalid, "", "the body must be a Parameters resource");
    return false;
  }
  input.document = std::move(document).value();
  if (root["resourceType"].text() == "Parameters") {
    ParameterReader(issues).read(root, input.parameters);
  } else {
    input.bare = root;
  }
  return true;
}

/// Bytes that are no text are refused, and get no further.
std::string as_text(const std::string& bytes, const std::string& name, Issues& issues) {
  if (json::is_utf8(bytes)) return bytes;
  issues.add(IssueCode::kInvalid, name, "'" + name + "' is not UTF-8: " + bytes);
  return json::repair_utf8(bytes);
}

void read_query(const net::Request& request, OperationInput& input, Issues& issues) {
  std::set<std::string, std::less<>> in_body;
  for (const Parameter& parameter : input.parameters) in_body.insert(parameter.name);
  for (const auto& [name, value] : request.query) {
    if (in_body.contains(name)) continue;
    Parameter parameter;
    parameter.name = as_text(name, name, issues);
    parameter.expression = parameter.name;
    parameter.query_text = as_text(value, name, issues);
    input.parameters.push_back(std::move(parameter));
  }
}

void invalid(const Parameter& parameter, const std::string& wanted, Issues& issues) {
  issues.add(IssueCode::kInvalid, parameter.expression,
             "'" + parameter.name + "' must be " + wanted);
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

OperationInput read_operation_input(const net::Request& request, Issues& issues,
                                    base::MemoryBudget* memory) {
  OperationInput input;
  input.readable = read_body(request, memory, input, issues);
  read_query(request, input, issues);
  return input;
}

std::optional<std::string> string_of(const Parameter& parameter, Issues& issues) {
  auto text = scalar_of(parameter);
  const bool is_text = parameter.query_text || parameter.value.is_string();
  if (text && is_text && !text->empty()) return text;
  invalid(parameter, "a text", issues);
  return std::nullopt;
}

std::optional<bool> boolean_of(const Parameter& parameter, Issues& issues) {
  const auto text = scalar_of(parameter);
  if (text == "true") return true;
  if (text == "false") return false;
  invalid(parameter, "true or false", issues);
  return std::nullopt;
}

std::optional<int64_t> integer_of(const Parameter& parameter, Issues& issues) {
  const std::string text = scalar_of(parameter).value_or("");
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end == text.data() + text.size()) {
    if (error == std::errc()) return number;
    // Beyond what anyone can count to.
    if (error == std::errc::result_out_of_range) return text.front() == '-' ? INT64_MIN : INT64_MAX;
  }
  invalid(parameter, "a whole number", issues);
  return std::nullopt;
}

std::optional<std::string> reference_of(const Parameter& parameter, Issues& issues) {
  if (parameter.value.is_object()) {
    const json::Value reference = parameter.value["reference"];
    if (reference.is_string() && !reference.text().empty()) return std::string(reference.text());
    invalid(parameter, "a Reference with a reference", issues);
    return std::nullopt;
  }
  return string_of(parameter, issues);
}

const Parameter* only(const OperationInput& input, std::string_view name, Issues& issues) {
  const auto found = input.all(name);
  if (found.empty()) return nullptr;
  if (found.size() > 1) {
    issues.add(IssueCode::kInvalid, std::string(name),
               "'" + std::string(name) + "' is given twice");
  }
  return found.front();
}

}  // namespace kiln::api
