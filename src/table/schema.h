// The columns of a table and their types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::table {

enum class SqlType : uint8_t {
  kBoolean,
  kTinyInt,
  kSmallInt,
  kInteger,
  kBigInt,
  kReal,
  kDouble,
  kDecimal,  ///< with precision and scale
  kVarchar,
  kBinary,
  kDate,
  kTime,
  kTimestamp,
  kTimestampTz,
};

/// What a batch holds of values that are neither Boolean nor whole numbers.
enum class Values : uint8_t {
  kText,   ///< their text, in the form that CSV and JSON show
  kTyped,  ///< what Arrow has for the column's type
};

/// How the values of a column lie in memory.
enum class Storage : uint8_t {
  kBoolean,  ///< a bit each
  kInteger,  ///< int64; of typed values also TIME and TIMESTAMP: microseconds
  kText,     ///< table::Text
  // Of typed values only:
  kInt8,
  kInt16,
  kInt32,  ///< also DATE: days since 1970
  kFloat,
  kDouble,
  kDecimal,  ///< Decimal128
  kView,     ///< ArrowView, of text or bytes
};

/// How a value looks in JSON.
enum class JsonForm : uint8_t {
  kBoolean,
  kNumber,
  kString,
  kJson,  ///< the text is JSON
};

/// Times are held to the microsecond, as DuckDB and Parquet hold them.
constexpr uint8_t kMostFraction = 6;

/// What is in the values of a column of a query beyond scalars and lists of them.
enum class Nesting : uint8_t {
  kNone,
  kList,    ///< of what is no scalar
  kStruct,  ///< a member for each name; "" if it has none
  kMap,     ///< of keys and values
};

/// In each other: little for the stack.
constexpr unsigned kMostNesting = 100;

struct Member;

struct ColumnType {
  SqlType sql = SqlType::kVarchar;
  uint8_t precision = 0;             ///< kDecimal: digits in all
  uint8_t scale = 0;                 ///< kDecimal: digits after the point
  uint32_t length = 0;               ///< kVarchar, kBinary: most characters, bytes; 0: any
  uint8_t fraction = kMostFraction;  ///< kTime, kTimestamp, kTimestampTz: digits after the second
  JsonForm json = JsonForm::kString;
  bool list = false;  ///< a collection: every value is a list
  /// Values of such a column are JSON texts. As typed values their scalars are JSON strings but for
  /// Booleans and whole numbers of 64 bits, so that nothing is lost.
  Nesting nesting = Nesting::kNone;
  std::vector<Member> members;  ///< of a list one, of a map two

  bool nested() const { return nesting != Nesting::kNone; }
};

struct Member {
  std::string name;
  ColumnType type;
};

bool operator==(const ColumnType& a, const ColumnType& b);

struct Column {
  std::string name;
  ColumnType type;
  std::string fhir_type;  ///< "code", "dateTime"; "" if unknown
  std::string description;
};

struct Schema {
  std::vector<Column> columns;
};

Storage storage_of(SqlType type, Values values);

/// The default column type for a FHIR type (views.md): boolean BOOLEAN, integer INTEGER ...,
/// VARCHAR for everything that is not listed there.
ColumnType default_type(std::string_view fhir_type);

/// Of the value of an ansi/type tag: "DECIMAL(10,2)", "timestamp with time zone", "VARCHAR(20)";
/// nothing if it is not understood. DECIMAL alone is DECIMAL(38,9).
std::optional<ColumnType> parse_ansi_type(std::string_view text);

/// "DECIMAL(10,2)", "VARCHAR(20)[]", "TIMESTAMP(3) WITH TIME ZONE". Of a nested one VARCHAR, as its
/// texts are.
std::string sql_name(const ColumnType& type);
/// With what it is made of: STRUCT("a" INTEGER, "b" VARCHAR[])[].
std::string nested_name(const ColumnType& type);

/// "CREATE TABLE name (...);" with a line per column.
std::string create_table(std::string_view name, const Schema& schema);
/// [{"name":...,"type":...,"fhirType":...,"list":...}].
std::string schema_json(const Schema& schema);

/// An SQL identifier, in double quotes unless it is a plain lower-case word that is not
/// reserved.
std::string quote_identifier(std::string_view name);

}  // namespace kiln::table
