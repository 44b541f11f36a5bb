#include "plan/bindings.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "base/near_name.h"
#include "base/number.h"
#include "fhir/decimal.h"
#include "fhir/temporal.h"

namespace kiln::plan {
namespace {

using base::Error;
using base::ErrorCode;

struct TypedText {
  std::string type;  ///< SQL's
  std::string text;
};

std::string date_text(const fhir::Temporal& value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", value.year, value.month, value.day);
  return text.data();
}

std::string time_text(const fhir::Temporal& value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), " %02d:%02d:%02d.%06u", value.hour, value.minute,
                value.second, value.nanosecond / 1000);
  std::string result = text.data();
  if (!value.has_offset) return result;
  const int offset = value.offset_minutes < 0 ? -value.offset_minutes : value.offset_minutes;
  std::snprintf(text.data(), text.size(), "%c%02d:%02d", value.offset_minutes < 0 ? '-' : '+',
                offset / 60, offset % 60);
  return result + text.data();
}

std::optional<TypedText> typed_date(std::string_view text) {
  const auto value = fhir::Temporal::parse_date(text);
  if (!value || value->precision != fhir::Precision::kDay) return std::nullopt;
  return TypedText{"DATE", date_text(*value)};
}

std::optional<TypedText> typed_date_time(std::string_view text) {
  const auto value = fhir::Temporal::parse_date_time(text);
  if (!value) return std::nullopt;
  const bool has_time = value->precision >= fhir::Precision::kSecond;
  if (!has_time && value->precision != fhir::Precision::kDay) return std::nullopt;
  return TypedText{value->has_offset ? "TIMESTAMPTZ" : "TIMESTAMP",
                   date_text(*value) + time_text(*value)};
}

std::optional<TypedText> typed_instant(std::string_view text) {
  auto value = typed_date_time(text);
  if (!value || value->type != "TIMESTAMPTZ") return std::nullopt;
  return value;
}

std::optional<TypedText> typed_decimal(std::string_view text) {
  static constexpr int kMost = 38;  // digits of DuckDB's DECIMAL
  const auto value = fhir::Decimal::parse(text);
  if (!value || value->scale() > kMost) return std::nullopt;
  std::string canonical = value->to_string();
  const auto digits = std::count_if(canonical.begin(), canonical.end(),
                                    [](char c) { return c >= '0' && c <= '9'; });
  // The zero before the point is none of the digits of DECIMAL(3, 3).
  const bool only_fraction = canonical.starts_with("0.") || canonical.starts_with("-0.");
  const int precision = static_cast<int>(digits) - (only_fraction ? 1 : 0);
  if (precision > kMost) return std::nullopt;
  return TypedText{
      "DECIMAL(" + std::to_string(precision) + "," + std::to_string(value->scale()) + ")",
      std::move(canonical)};
}

std::optional<TypedText> typed_integer(std::string_view text) {
  const auto value = base::whole_number<int32_t>(text);
  if (!value) return std::nullopt;
  return TypedText{"INTEGER", std::to_string(*value)};
}

std::optional<TypedText> typed_string(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  return TypedText{"VARCHAR", std::string(text)};
}

std::optional<TypedText> typed_boolean(std::string_view text) {
  if (text != "true" && text != "false") return std::nullopt;
  return TypedText{"BOOLEAN", std::string(text)};
}

/// Nothing if it is no value of the type.
std::optional<TypedText> typed_text(ParameterType type, std::string_view text) {
  switch (type) {
    case ParameterType::kString:
    case ParameterType::kCode:
      return typed_string(text);
    case ParameterType::kInteger:
      return typed_integer(text);
    case ParameterType::kDate:
      return typed_date(text);
    case ParameterType::kDateTime:
      return typed_date_time(text);
    case ParameterType::kBoolean:
      return typed_boolean(text);
    case ParameterType::kDecimal:
      return typed_decimal(text);
    case ParameterType::kInstant:
      return typed_instant(text);
  }
  return std::nullopt;
}

/// That of most values; a decimal's and a dateTime's depend on the value.
std::string_view usual_sql_type(ParameterType type) {
  switch (type) {
    case ParameterType::kString:
    case ParameterType::kCode:
      return "VARCHAR";
    case ParameterType::kInteger:
      return "INTEGER";
    case ParameterType::kDate:
      return "DATE";
    case ParameterType::kDateTime:
      return "TIMESTAMP";
    case ParameterType::kBoolean:
      return "BOOLEAN";
    case ParameterType::kDecimal:
      return "DECIMAL(18,3)";
    case ParameterType::kInstant:
      return "TIMESTAMPTZ";
  }
  return "";
}

/// What is allowed, for a message.
std::string_view rule_of(ParameterType type) {
  switch (type) {
    case ParameterType::kString:
    case ParameterType::kCode:
      return "a text without NUL";
    case ParameterType::kInteger:
      return "a whole number of 32 bits";
    case ParameterType::kDate:
      return "a whole date, 2024-03-01";
    case ParameterType::kDateTime:
      return "a date or a time with seconds, 2024-03-01T10:30:00Z";
    case ParameterType::kBoolean:
      return "true or false";
    case ParameterType::kDecimal:
      return "a decimal of at most 38 digits";
    case ParameterType::kInstant:
      return "a time with seconds and offset, 2024-03-01T10:30:00Z";
  }
  return "";
}

/// The kind of JSON that a `value[x]` of the type has.
json::ValueKind json_kind_of(ParameterType type) {
  switch (type) {
    case ParameterType::kInteger:
    case ParameterType::kDecimal:
      return json::ValueKind::kNumber;
    case ParameterType::kBoolean:
      return json::ValueKind::kBoolean;
    default:
      return json::ValueKind::kString;
  }
}

std::string value_key(ParameterType type) {
  std::string key = "value" + std::string(name_of(type));
  key[5] = static_cast<char>(key[5] - 'a' + 'A');
  return key;
}

std::string in_quotes(std::string_view text) { return "'" + shortened(text) + "'"; }

/// The values that are given, one after the other; then a binding for each placeholder.
class Binder {
 public:
  Binder(const Library& library, const std::string& place, Problems& problems)
      : library_(library), place_(place), problems_(problems) {
    for (const DeclaredParameter& parameter : library.parameters) {
      declared_.emplace(parameter.name, parameter.type);
      names_.emplace_back(parameter.name);
    }
    if (!library.statement || !library.takes_undeclared()) return;
    for (const sql::Mention& placeholder : library.statement->placeholders()) {
      if (mentioned_.insert(placeholder.name).second) names_.emplace_back(placeholder.name);
    }
  }

  /// `read` gives the value for a declared type, or for none; nothing after a problem.
  template <typename Read>
  void take(const std::string& name, const std::string& path, Read read) {
    const auto found = declared_.find(name);
    const bool is_known = found != declared_.end() || mentioned_.contains(name) ||
                          (!library_.statement && library_.takes_undeclared());
    if (!is_known) return error("no such parameter: " + in_quotes(name), path, near(name));
    if (!seen_.insert(name).second) {
      return error("a value twice for " + in_quotes(name), path);
    }
    auto value = read(found == declared_.end() ? std::nullopt : std::optional(found->second));
    if (value) values_.emplace(name, std::move(*value));
  }

  std::vector<sql::Binding> finish() {
    std::vector<sql::Binding> bindings;
    if (!library_.statement) return bindings;
    std::set<std::string_view> done;
    for (const sql::Mention& placeholder : library_.statement->placeholders()) {
      if (!done.insert(placeholder.name).second) continue;
      const auto value = values_.find(placeholder.name);
      if (value != values_.end()) {
        bindings.push_back({placeholder.name, value->second.type, value->second.text});
      } else if (!seen_.contains(placeholder.name) &&
                 (declared_.contains(placeholder.name) || mentioned_.contains(placeholder.name))) {
        problems_.add(
            ProblemCode::kUsage, place_,
            library_.statement->at(placeholder.begin,
                                   Error(ErrorCode::kUsage, "no value for the parameter " +
                                                                in_quotes(placeholder.name))));
      }
    }
    return bindings;
  }

  void error(std::string message, const std::string& path, std::string suggestion = {}) {
    problems_.add(ProblemCode::kUsage, place_,
                  Error(ErrorCode::kUsage, std::move(message))
                      .with_path(path)
                      .with_suggestion(std::move(suggestion)));
  }

  /// Exactly the `value[x]` of the declared type, or else of any type that may be declared.
  std::optional<TypedText> value_of(const GivenValue& given,
                                    std::optional<ParameterType> declared) {
    std::vector<json::Value> values;
    for (const json::Value member : given.holder.items()) {
      if (member.key().starts_with("value")) values.push_back(member);
    }
    std::string found = values.empty() ? "nothing" : "several values";
    if (values.size() == 1) {
      const json::Value value = values.front();
      const auto type = parameter_type(value.key().substr(5));
      if (type && value_key(*type) == value.key() && (!declared || declared == type)) {
        if (value.kind() == json_kind_of(*type)) {
          return checked(given.name, given.path + "." + value_key(*type), *type, value.text());
        }
        found = "other JSON";
      } else {
        found = shortened(value.key());
      }
    }
    error("parameter " + in_quotes(given.name) + " needs " +
              (declared ? value_key(*declared) : "a value[x] of a type that may be declared") +
              ", not " + found,
          given.path);
    return std::nullopt;
  }

  std::optional<TypedText> checked(const std::string& name, const std::string& path,
                                   ParameterType type, std::string_view text) {
    auto value = typed_text(type, text);
    if (!value) {
      error("parameter " + in_quotes(name) + " needs " + std::string(rule_of(type)) + ", not " +
                in_quotes(text),
            path);
    }
    return value;
  }

 private:
  std::string near(std::string_view name) const { return base::nearest_name(name, names_); }

  const Library& library_;
  const std::string& place_;
  Problems& problems_;
  std::map<std::string, ParameterType, std::less<>> declared_;
  std::set<std::string, std::less<>> mentioned_;  ///< placeholders, where none is declared
  std::vector<std::string_view> names_;           ///< of both
  std::set<std::string, std::less<>> seen_;
  std::map<std::string, TypedText, std::less<>> values_;
};

}  // namespace

std::vector<GivenValue> given_values(json::Value parameters, const std::string& place,
                                     Problems& problems) {
  std::vector<GivenValue> values;
  const auto error = [&](std::string message, std::string path) {
    problems.add(ProblemCode::kUsage, place,
                 Error(ErrorCode::kUsage, std::move(message)).with_path(std::move(path)));
  };
  if (parameters["resourceType"].text() != "Parameters") {
    error("a Parameters resource is needed", "");
    return values;
  }
  const json::Value list = parameters["parameter"];
  if (list && !list.is_array()) error("expected a list", "parameter");
  size_t index = 0;
  for (const json::Value item : list.items()) {
    std::string path = "parameter[" + std::to_string(index++) + "]";
    const json::Value name = item["name"];
    if (!name.is_string() || name.text().empty()) {
      error("a parameter needs a name", std::move(path));
      continue;
    }
    values.push_back({std::string(name.text()), item, std::move(path)});
  }
  return values;
}

std::vector<sql::Binding> bind_values(const Library& library, const std::vector<GivenValue>& values,
                                      const std::string& place, Problems& problems) {
  Binder binder(library, place, problems);
  for (const GivenValue& given : values) {
    binder.take(given.name, given.path, [&](std::optional<ParameterType> declared) {
      return binder.value_of(given, declared);
    });
  }
  return binder.finish();
}

std::vector<sql::Binding> bind_texts(const Library& library,
                                     const std::vector<std::pair<std::string, std::string>>& values,
                                     const std::string& place, Problems& problems) {
  Binder binder(library, place, problems);
  for (const auto& value : values) {
    const std::string& name = value.first;
    const std::string& text = value.second;
    binder.take(name, "", [&](std::optional<ParameterType> declared) -> std::optional<TypedText> {
      if (declared) return binder.checked(name, "", *declared, text);
      if (!binder.checked(name, "", ParameterType::kString, text)) return std::nullopt;
      return TypedText{"", text};
    });
  }
  return binder.finish();
}

std::vector<sql::Binding> bind_nulls(const Library& library) {
  std::map<std::string_view, ParameterType> declared;
  for (const DeclaredParameter& parameter : library.parameters) {
    declared.emplace(parameter.name, parameter.type);
  }
  std::vector<sql::Binding> bindings;
  if (!library.statement) return bindings;
  std::set<std::string_view> done;
  for (const sql::Mention& placeholder : library.statement->placeholders()) {
    if (!done.insert(placeholder.name).second) continue;
    const auto type = declared.find(placeholder.name);
    bindings.push_back({placeholder.name,
                        std::string(type == declared.end() ? "" : usual_sql_type(type->second)),
                        std::nullopt});
  }
  return bindings;
}

}  // namespace kiln::plan
