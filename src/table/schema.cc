#include "table/schema.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "json/writer.h"

namespace kiln::table {
namespace {

struct TypeName {
  std::string_view name;
  SqlType type;
};

constexpr TypeName kAnsiNames[] = {
    {"BOOLEAN", SqlType::kBoolean},
    {"BOOL", SqlType::kBoolean},
    {"TINYINT", SqlType::kTinyInt},
    {"SMALLINT", SqlType::kSmallInt},
    {"INTEGER", SqlType::kInteger},
    {"INT", SqlType::kInteger},
    {"BIGINT", SqlType::kBigInt},
    {"REAL", SqlType::kReal},
    {"FLOAT", SqlType::kDouble},
    {"DOUBLE", SqlType::kDouble},
    {"DOUBLE PRECISION", SqlType::kDouble},
    {"DECIMAL", SqlType::kDecimal},
    {"DEC", SqlType::kDecimal},
    {"NUMERIC", SqlType::kDecimal},
    {"CHARACTER VARYING", SqlType::kVarchar},
    {"CHARACTER", SqlType::kVarchar},
    {"CHAR", SqlType::kVarchar},
    {"VARCHAR", SqlType::kVarchar},
    {"NVARCHAR", SqlType::kVarchar},
    {"TEXT", SqlType::kVarchar},
    {"STRING", SqlType::kVarchar},
    {"CLOB", SqlType::kVarchar},
    {"CHARACTER LARGE OBJECT", SqlType::kVarchar},
    {"BINARY", SqlType::kBinary},
    {"VARBINARY", SqlType::kBinary},
    {"BINARY VARYING", SqlType::kBinary},
    {"BLOB", SqlType::kBinary},
    {"BINARY LARGE OBJECT", SqlType::kBinary},
    {"DATE", SqlType::kDate},
    {"TIME", SqlType::kTime},
    {"TIME WITHOUT TIME ZONE", SqlType::kTime},
    {"TIMESTAMP", SqlType::kTimestamp},
    {"DATETIME", SqlType::kTimestamp},
    {"TIMESTAMP WITHOUT TIME ZONE", SqlType::kTimestamp},
    {"TIMESTAMP WITH TIME ZONE", SqlType::kTimestampTz},
    {"TIMESTAMPTZ", SqlType::kTimestampTz},
};

JsonForm json_form(SqlType type) {
  switch (type) {
    case SqlType::kBoolean:
      return JsonForm::kBoolean;
    case SqlType::kTinyInt:
    case SqlType::kSmallInt:
    case SqlType::kInteger:
    case SqlType::kBigInt:
    case SqlType::kReal:
    case SqlType::kDouble:
    case SqlType::kDecimal:
      return JsonForm::kNumber;
    default:
      return JsonForm::kString;
  }
}

std::string_view base_name(SqlType type) {
  switch (type) {
    case SqlType::kBoolean:
      return "BOOLEAN";
    case SqlType::kTinyInt:
      return "TINYINT";
    case SqlType::kSmallInt:
      return "SMALLINT";
    case SqlType::kInteger:
      return "INTEGER";
    case SqlType::kBigInt:
      return "BIGINT";
    case SqlType::kReal:
      return "REAL";
    case SqlType::kDouble:
      return "DOUBLE PRECISION";
    case SqlType::kDecimal:
      return "DECIMAL";
    case SqlType::kVarchar:
      return "VARCHAR";
    case SqlType::kBinary:
      return "BINARY";
    case SqlType::kDate:
      return "DATE";
    case SqlType::kTime:
      return "TIME";
    case SqlType::kTimestamp:
      return "TIMESTAMP";
    case SqlType::kTimestampTz:
      return "TIMESTAMP WITH TIME ZONE";
  }
  return "VARCHAR";
}

/// A type's name, in upper case with runs of white space as one blank, and what stood in
/// parentheses behind one of its words: at most two numbers.
struct NameAndNumbers {
  std::string name;
  std::vector<uint32_t> numbers;
};

std::optional<uint32_t> number_in(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return base::whole_number<uint32_t>(text);
}

std::optional<NameAndNumbers> split_name(std::string_view text) {
  NameAndNumbers result;
  const size_t open = text.find('(');
  std::string_view after;
  if (open != std::string_view::npos) {
    const size_t close = text.find(')', open);
    if (close == std::string_view::npos) return std::nullopt;
    std::string_view inside = text.substr(open + 1, close - open - 1);
    for (;;) {
      const size_t comma = inside.find(',');
      const auto number = number_in(inside.substr(0, comma));
      if (!number || result.numbers.size() == 2) return std::nullopt;
      result.numbers.push_back(*number);
      if (comma == std::string_view::npos) break;
      inside.remove_prefix(comma + 1);
    }
    after = text.substr(close + 1);
    text = text.substr(0, open);
  }
  for (const std::string_view part : {text, std::string_view(" "), after}) {
    for (const char c : part) {
      if (c == ' ' || c == '\t' || c == '\n') {
        if (!result.name.empty() && result.name.back() != ' ') result.name += ' ';
      } else {
        result.name += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
      }
    }
  }
  while (!result.name.empty() && result.name.back() == ' ') result.name.pop_back();
  return result;
}

/// Gives the type its length, precision and scale; false if it takes no such numbers.
bool set_numbers(ColumnType& type, std::string_view name, const std::vector<uint32_t>& numbers) {
  static constexpr uint32_t kMostDigits = 38;
  static constexpr uint32_t kDoubleBits = 53;
  if (type.sql == SqlType::kDecimal) {
    const uint32_t precision = numbers.empty() ? kMostDigits : numbers[0];
    const uint32_t scale = numbers.empty() ? 9 : (numbers.size() == 2 ? numbers[1] : 0);
    if (precision < 1 || precision > kMostDigits || scale > precision) return false;
    type.precision = static_cast<uint8_t>(precision);
    type.scale = static_cast<uint8_t>(scale);
    return true;
  }
  if (numbers.empty()) return true;
  if (numbers.size() > 1) return false;
  switch (type.sql) {
    case SqlType::kVarchar:
      type.length = numbers[0];
      return numbers[0] > 0 && name != "TEXT" && name != "STRING";
    case SqlType::kBinary:
      type.length = numbers[0];
      return numbers[0] > 0;
    case SqlType::kTime:
    case SqlType::kTimestamp:
    case SqlType::kTimestampTz:
      if (numbers[0] > kMostFraction) return false;
      type.fraction = static_cast<uint8_t>(numbers[0]);
      return true;
    case SqlType::kDouble:
      return name == "FLOAT" && numbers[0] > 0 && numbers[0] <= kDoubleBits;
    default:
      return false;
  }
}

}  // namespace

Storage storage_of(SqlType type, Values values) {
  const bool typed = values == Values::kTyped;
  const auto typed_or = [&](Storage storage, Storage other) { return typed ? storage : other; };
  switch (type) {
    case SqlType::kBoolean:
      return Storage::kBoolean;
    case SqlType::kTinyInt:
      return typed_or(Storage::kInt8, Storage::kInteger);
    case SqlType::kSmallInt:
      return typed_or(Storage::kInt16, Storage::kInteger);
    case SqlType::kInteger:
      return typed_or(Storage::kInt32, Storage::kInteger);
    case SqlType::kBigInt:
      return Storage::kInteger;
    case SqlType::kReal:
      return typed_or(Storage::kFloat, Storage::kText);
    case SqlType::kDouble:
      return typed_or(Storage::kDouble, Storage::kText);
    case SqlType::kDecimal:
      return typed_or(Storage::kDecimal, Storage::kText);
    case SqlType::kVarchar:
    case SqlType::kBinary:
      return typed_or(Storage::kView, Storage::kText);
    case SqlType::kDate:
      return typed_or(Storage::kInt32, Storage::kText);
    case SqlType::kTime:
    case SqlType::kTimestamp:
    case SqlType::kTimestampTz:
      return typed_or(Storage::kInteger, Storage::kText);
  }
  return Storage::kText;
}

ColumnType default_type(std::string_view fhir_type) {
  ColumnType type;
  if (fhir_type == "boolean") {
    type.sql = SqlType::kBoolean;
  } else if (fhir_type == "integer" || fhir_type == "positiveInt" || fhir_type == "unsignedInt") {
    type.sql = SqlType::kInteger;
  } else if (fhir_type == "integer64") {
    type.sql = SqlType::kBigInt;
  } else if (fhir_type == "base64Binary") {
    type.sql = SqlType::kBinary;
  } else if (fhir_type == "instant") {
    type.sql = SqlType::kTimestampTz;
  }
  type.json = fhir_type == "decimal" ? JsonForm::kNumber : json_form(type.sql);
  return type;
}

std::optional<ColumnType> parse_ansi_type(std::string_view text) {
  const auto split = split_name(text);
  if (!split) return std::nullopt;
  const auto* const found = std::find_if(std::begin(kAnsiNames), std::end(kAnsiNames),
                                         [&](const TypeName& t) { return t.name == split->name; });
  if (found == std::end(kAnsiNames)) return std::nullopt;
  ColumnType type;
  type.sql = found->type;
  type.json = json_form(found->type);
  if (!set_numbers(type, found->name, split->numbers)) return std::nullopt;
  return type;
}

namespace {

std::string in_quotes(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

bool operator==(const Member& a, const Member& b) { return a.name == b.name && a.type == b.type; }

bool operator==(const ColumnType& a, const ColumnType& b) {
  return a.sql == b.sql && a.precision == b.precision && a.scale == b.scale &&
         a.length == b.length && a.fraction == b.fraction && a.json == b.json && a.list == b.list &&
         a.nesting == b.nesting && a.members == b.members;
}

std::string nested_name(const ColumnType& type) {
  switch (type.nesting) {
    case Nesting::kNone:
      return sql_name(type);
    case Nesting::kList:
      return nested_name(type.members.front().type) + "[]";
    case Nesting::kMap:
      return "MAP(" + nested_name(type.members.front().type) + ", " +
             nested_name(type.members.back().type) + ")";
    case Nesting::kStruct:
      break;
  }
  std::string members;
  for (const Member& member : type.members) {
    if (!members.empty()) members += ", ";
    members += in_quotes(member.name) + " " + nested_name(member.type);
  }
  return "STRUCT(" + members + ")";
}

std::string sql_name(const ColumnType& type) {
  std::string name(base_name(type.sql));
  std::string numbers;
  if (type.sql == SqlType::kDecimal) {
    numbers = "(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
  } else if (type.length != 0) {
    numbers = "(" + std::to_string(type.length) + ")";
  } else if (type.fraction != kMostFraction) {
    numbers = "(" + std::to_string(type.fraction) + ")";
  }
  name.insert(std::min(name.find(" WITH"), name.size()), numbers);
  if (type.list) name += "[]";
  return name;
}

namespace {

/// Words that SQL dialects reserve, so that they are no names of their own accord: those that
/// DuckDB takes for no column or no table, and others' beside them. Sorted.
constexpr std::string_view kReserved[] = {"all",
                                          "analyse",
                                          "analyze",
                                          "and",
                                          "anti",
                                          "any",
                                          "array",
                                          "as",
                                          "asc",
                                          "asof",
                                          "asymmetric",
                                          "at",
                                          "authorization",
                                          "binary",
                                          "both",
                                          "by",
                                          "case",
                                          "cast",
                                          "check",
                                          "collate",
                                          "collation",
                                          "column",
                                          "concurrently",
                                          "constraint",
                                          "create",
                                          "cross",
                                          "current_date",
                                          "default",
                                          "deferrable",
                                          "delete",
                                          "desc",
                                          "describe",
                                          "distinct",
                                          "do",
                                          "else",
                                          "end",
                                          "except",
                                          "exists",
                                          "false",
                                          "fetch",
                                          "for",
                                          "foreign",
                                          "freeze",
                                          "from",
                                          "full",
                                          "glob",
                                          "grant",
                                          "group",
                                          "having",
                                          "ilike",
                                          "in",
                                          "initially",
                                          "inner",
                                          "insert",
                                          "intersect",
                                          "interval",
                                          "into",
                                          "is",
                                          "isnull",
                                          "join",
                                          "lambda",
                                          "lateral",
                                          "leading",
                                          "left",
                                          "like",
                                          "limit",
                                          "natural",
                                          "not",
                                          "notnull",
                                          "null",
                                          "of",
                                          "offset",
                                          "on",
                                          "only",
                                          "or",
                                          "order",
                                          "outer",
                                          "overlaps",
                                          "pivot",
                                          "pivot_longer",
                                          "pivot_wider",
                                          "placing",
                                          "positional",
                                          "primary",
                                          "qualify",
                                          "references",
                                          "returning",
                                          "right",
                                          "select",
                                          "semi",
                                          "set",
                                          "show",
                                          "similar",
                                          "some",
                                          "summarize",
                                          "symmetric",
                                          "table",
                                          "tablesample",
                                          "then",
                                          "to",
                                          "trailing",
                                          "true",
                                          "union",
                                          "unique",
                                          "unpack",
                                          "unpivot",
                                          "update",
                                          "user",
                                          "using",
                                          "values",
                                          "variadic",
                                          "verbose",
                                          "when",
                                          "where",
                                          "window",
                                          "with"};

bool is_reserved(std::string_view name) {
  return std::binary_search(std::begin(kReserved), std::end(kReserved), name);
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  const bool plain =
      !is_reserved(name) && !name.empty() && name.front() != '_' && !base::is_digit(name.front()) &&
      std::all_of(name.begin(), name.end(),
                  [](char c) { return (c >= 'a' && c <= 'z') || base::is_digit(c) || c == '_'; });
  if (plain) return std::string(name);
  return in_quotes(name);
}

std::string create_table(std::string_view name, const Schema& schema) {
  std::string sql = "CREATE TABLE " + quote_identifier(name) + " (\n";
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const Column& column = schema.columns[i];
    sql += "  " + quote_identifier(column.name) + " " + sql_name(column.type);
    sql += i + 1 < schema.columns.size() ? ",\n" : "\n";
  }
  return sql + ");\n";
}

std::string schema_json(const Schema& schema) {
  json::Writer writer;
  writer.begin_array();
  for (const Column& column : schema.columns) {
    writer.begin_object().member("name", column.name).member("type", sql_name(column.type));
    if (!column.fhir_type.empty()) writer.member("fhirType", column.fhir_type);
    writer.key("collection").boolean(column.type.list);
    if (!column.description.empty()) writer.member("description", column.description);
    writer.end_object();
  }
  writer.end_array();
  return std::move(writer).take();
}

}  // namespace kiln::table
