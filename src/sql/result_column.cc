// A reader for each type, and readers within readers for what is nested. Scalars and lists of them
// are cells of their own; anything deeper is one cell, its JSON.
#include "sql/result_column.h"

#include <cstring>

#include "base/base64.h"
#include "json/writer.h"
#include "sql/session.h"
#include "sql/value_text.h"

namespace kiln::sql {

using base::Error;
using base::ErrorCode;
using table::Cell;
using table::ColumnType;
using table::JsonForm;
using table::Member;
using table::Nesting;
using table::SqlType;
using table::Text;

/// Reads values of one type.
class ValueReader {
 public:
  ValueReader(const DuckDbApi& api, LogicalType of) : api_(api), type_(std::move(of)) {}
  virtual ~ValueReader() = default;

  virtual void take(duckdb_vector vector) {
    data_ = static_cast<const std::byte*>(api_.duckdb_vector_get_data(vector));
    validity_ = api_.duckdb_vector_get_validity(vector);
  }
  bool is_null(size_t row) const {
    return validity_ != nullptr && (validity_[row / 64] >> (row % 64) & 1) == 0;
  }

  /// Of values that are not null.
  virtual base::Status cell(size_t row, base::Arena& texts, Cell& out) const = 0;
  virtual base::Status append_json(size_t row, std::string& out) const = 0;
  /// As the key of a JSON object.
  virtual base::Status append_key(size_t row, std::string& out) const {
    std::string text;
    KILN_TRY(append_json(row, text));
    if (text.starts_with('"')) {
      out += text;
    } else {
      json::append_string(out, text);
    }
    return {};
  }

  ColumnType type{};  ///< as a column's

 protected:
  template <typename T>
  const T& value(size_t row) const {
    return reinterpret_cast<const T*>(data_)[row];
  }
  static Cell text_cell(std::string_view text, base::Arena& texts) {
    const std::string_view kept = texts.copy(text);
    return Cell::of(Text{kept.data(), static_cast<uint32_t>(kept.size())});
  }

  const DuckDbApi& api_;
  const LogicalType type_;

 private:
  const std::byte* data_ = nullptr;
  const uint64_t* validity_ = nullptr;
};

namespace {

using ReaderPtr = std::unique_ptr<ValueReader>;

Error no_value(std::string_view what) {
  return {ErrorCode::kInvalid, "a value that cannot be written: " + std::string(what)};
}

class BooleanReader final : public ValueReader {
 public:
  using ValueReader::ValueReader;
  base::Status cell(size_t row, base::Arena& /*texts*/, Cell& out) const override {
    out = Cell::of(value<bool>(row));
    return {};
  }
  base::Status append_json(size_t row, std::string& out) const override {
    out += value<bool>(row) ? "true" : "false";
    return {};
  }
};

template <typename T>
class WholeReader final : public ValueReader {
 public:
  using ValueReader::ValueReader;
  base::Status cell(size_t row, base::Arena& /*texts*/, Cell& out) const override {
    out = Cell::of(static_cast<int64_t>(value<T>(row)));
    return {};
  }
  base::Status append_json(size_t row, std::string& out) const override {
    out += std::to_string(value<T>(row));
    return {};
  }
};

/// Of types that are text, or whose text is made.
class TextReader : public ValueReader {
 public:
  TextReader(const DuckDbApi& api, LogicalType of, table::Values values)
      : ValueReader(api, std::move(of)), values_(values) {}

  base::Status cell(size_t row, base::Arena& texts, Cell& out) const override {
    if (values_ == table::Values::kTyped) return typed_cell(row, texts, out);
    std::string text;
    KILN_TRY(append_text(row, text));
    out = text_cell(text, texts);
    return {};
  }
  base::Status append_json(size_t row, std::string& out) const override {
    if (type.json != JsonForm::kString && values_ == table::Values::kText) {
      return append_text(row, out);
    }
    std::string text;
    KILN_TRY(append_text(row, text));
    json::append_string(out, text);
    return {};
  }

 protected:
  virtual base::Status append_text(size_t row, std::string& out) const = 0;
  /// The text, if the column's typed values are texts, too.
  virtual base::Status typed_cell(size_t row, base::Arena& texts, Cell& out) const {
    std::string text;
    KILN_TRY(append_text(row, text));
    out = text_cell(text, texts);
    return {};
  }

  const table::Values values_;
};

/// A cell that refers to the vector.
Cell cell_of(std::string_view text) {
  return Cell::of(Text{text.data(), static_cast<uint32_t>(text.size())});
}

class StringReader final : public ValueReader {
 public:
  StringReader(const DuckDbApi& api, LogicalType of, table::Values values)
      : ValueReader(api, std::move(of)), values_(values) {}
  base::Status cell(size_t row, base::Arena& /*texts*/, Cell& out) const override {
    out = cell_of(bytes_of(value<duckdb_string_t>(row)));
    return {};
  }
  base::Status append_json(size_t row, std::string& out) const override {
    const std::string_view text = bytes_of(value<duckdb_string_t>(row));
    if (type.json == JsonForm::kString || values_ == table::Values::kTyped) {
      json::append_string(out, text);
    } else {
      out += text;
    }
    return {};
  }

 private:
  const table::Values values_;
};

class BlobReader final : public TextReader {
 public:
  using TextReader::TextReader;

 private:
  base::Status append_text(size_t row, std::string& out) const override {
    out += base::base64_encode(bytes_of(value<duckdb_string_t>(row)));
    return {};
  }
  base::Status typed_cell(size_t row, base::Arena& /*texts*/, Cell& out) const override {
    out = cell_of(bytes_of(value<duckdb_string_t>(row)));
    return {};
  }
};

class RealReader final : public TextReader {
 public:
  using TextReader::TextReader;

 private:
  base::Status append_text(size_t row, std::string& out) const override {
    const bool ok = type.sql == SqlType::kReal ? append_float(out, value<float>(row))
                                               : append_double(out, value<double>(row));
    return ok ? base::Status() : no_value("a number that is none or infinite");
  }
  base::Status typed_cell(size_t row, base::Arena& /*texts*/, Cell& out) const override {
    out = Cell::of(type.sql == SqlType::kReal ? double{value<float>(row)} : value<double>(row));
    return {};
  }
};

/// DECIMAL, and whole numbers beyond 64 bits.
class DecimalReader final : public TextReader {
 public:
  DecimalReader(const DuckDbApi& api, LogicalType of, table::Values values)
      : TextReader(api, std::move(of), values),
        internal_(type_.id() == DUCKDB_TYPE_DECIMAL ? api.duckdb_decimal_internal_type(type_.get())
                                                    : type_.id()) {}

 private:
  static duckdb_hugeint widened(int64_t value) {
    return {static_cast<uint64_t>(value), value < 0 ? -1 : 0};
  }
  duckdb_hugeint number(size_t row) const {
    switch (internal_) {
      case DUCKDB_TYPE_SMALLINT:
        return widened(value<int16_t>(row));
      case DUCKDB_TYPE_INTEGER:
        return widened(value<int32_t>(row));
      case DUCKDB_TYPE_BIGINT:
        return widened(value<int64_t>(row));
      case DUCKDB_TYPE_UBIGINT:
        return {value<uint64_t>(row), 0};
      default:
        return value<duckdb_hugeint>(row);
    }
  }
  base::Status append_text(size_t row, std::string& out) const override {
    const size_t before = out.size();
    if (internal_ == DUCKDB_TYPE_UHUGEINT) {
      append_unsigned(out, value<duckdb_uhugeint>(row));
    } else {
      append_decimal(out, number(row), type.scale);
    }
    if (values_ == table::Values::kText || is_decimal()) return {};
    const size_t sign = out[before] == '-' ? 1 : 0;
    return out.size() - before - sign <= 38 ? base::Status()
                                            : no_value("a whole number of more than 38 digits");
  }
  base::Status typed_cell(size_t row, base::Arena& /*texts*/, Cell& out) const override {
    std::string digits;
    KILN_TRY(append_text(row, digits));
    const duckdb_hugeint held = number(row);
    out = Cell::of(table::Decimal128{held.lower, held.upper});
    return {};
  }
  bool is_decimal() const { return type_.id() == DUCKDB_TYPE_DECIMAL; }

  const duckdb_type internal_;
};

/// DATE, TIME and the timestamps.
class TimeReader final : public TextReader {
 public:
  TimeReader(const DuckDbApi& api, LogicalType of, table::Values values)
      : TextReader(api, std::move(of), values), id_(type_.id()) {}

 private:
  /// Days or microseconds; none if they are too many.
  bool number(size_t row, int64_t& out) const {
    switch (id_) {
      case DUCKDB_TYPE_DATE:
        out = value<int32_t>(row);
        return true;
      case DUCKDB_TYPE_TIMESTAMP_S:
        return !__builtin_mul_overflow(value<int64_t>(row), 1'000'000, &out);
      case DUCKDB_TYPE_TIMESTAMP_MS:
        return !__builtin_mul_overflow(value<int64_t>(row), 1'000, &out);
      default:
        out = value<int64_t>(row);
        return true;
    }
  }
  bool append(int64_t number, std::string& out) const {
    if (id_ == DUCKDB_TYPE_DATE) return append_date(out, number);
    if (id_ != DUCKDB_TYPE_TIME)
      return append_timestamp(out, number, id_ == DUCKDB_TYPE_TIMESTAMP_TZ);
    append_time(out, number);
    return true;
  }
  base::Status append_text(size_t row, std::string& out) const override {
    int64_t at = 0;
    if (number(row, at) && append(at, out)) return {};
    return no_value("a time outside the years 1 to 9999");
  }
  base::Status typed_cell(size_t row, base::Arena& /*texts*/, Cell& out) const override {
    std::string text;
    KILN_TRY(append_text(row, text));  // what other formats refuse is refused in all
    int64_t at = 0;
    (void)number(row, at);
    out = Cell::of(at);
    return {};
  }

  const duckdb_type id_;
};

class UuidReader final : public TextReader {
 public:
  using TextReader::TextReader;

 private:
  base::Status append_text(size_t row, std::string& out) const override {
    append_uuid(out, value<duckdb_hugeint>(row));
    return {};
  }
};

class EnumReader final : public TextReader {
 public:
  EnumReader(const DuckDbApi& api, LogicalType of, table::Values values)
      : TextReader(api, std::move(of), values),
        internal_(api.duckdb_enum_internal_type(type_.get())) {
    const uint32_t size = api.duckdb_enum_dictionary_size(type_.get());
    for (uint32_t i = 0; i < size; ++i) {
      char* const name = api.duckdb_enum_dictionary_value(type_.get(), i);
      names_.emplace_back(name);
      api.duckdb_free(name);
    }
  }

 private:
  base::Status append_text(size_t row, std::string& out) const override {
    const size_t index = internal_ == DUCKDB_TYPE_UTINYINT    ? value<uint8_t>(row)
                         : internal_ == DUCKDB_TYPE_USMALLINT ? value<uint16_t>(row)
                                                              : value<uint32_t>(row);
    out += names_[index];
    return {};
  }

  const duckdb_type internal_;
  std::vector<std::string> names_;
};

ColumnType nested_type(Nesting nesting, std::vector<Member> members) {
  ColumnType nested;
  nested.json = JsonForm::kJson;
  nested.nesting = nesting;
  nested.members = std::move(members);
  return nested;
}

/// What has its values in each other: one JSON text, but for a list of scalars.
class NestedReader : public ValueReader {
 public:
  using ValueReader::ValueReader;
  base::Status cell(size_t row, base::Arena& texts, Cell& out) const override {
    std::string text;
    KILN_TRY(append_json(row, text));
    out = text_cell(text, texts);
    return {};
  }

 protected:
  static base::Status append_item(const ValueReader& reader, size_t row, std::string& out) {
    if (!reader.is_null(row)) return reader.append_json(row, out);
    out += "null";
    return {};
  }
};

/// LIST and ARRAY.
class ListReader final : public NestedReader {
 public:
  /// `size`: of each array; 0 for a list.
  ListReader(const DuckDbApi& api, LogicalType of, ReaderPtr item, size_t size)
      : NestedReader(api, std::move(of)), item_(std::move(item)), size_(size) {
    if (!item_->type.list && !item_->type.nested()) {
      type = item_->type;
      type.list = true;
    } else {
      type = nested_type(Nesting::kList, {{"", item_->type}});
    }
  }
  void take(duckdb_vector vector) override {
    ValueReader::take(vector);
    item_->take(size_ != 0 ? api_.duckdb_array_vector_get_child(vector)
                           : api_.duckdb_list_vector_get_child(vector));
  }
  base::Status cell(size_t row, base::Arena& texts, Cell& out) const override {
    if (type.nested()) return NestedReader::cell(row, texts, out);
    const auto [begin, length] = range(row);
    Cell* const items = texts.make_array<Cell>(length);
    for (size_t i = 0; i < length; ++i) {
      items[i] = Cell();
      if (!item_->is_null(begin + i)) KILN_TRY(item_->cell(begin + i, texts, items[i]));
    }
    out = Cell::of_list(items, static_cast<uint32_t>(length));
    return {};
  }
  base::Status append_json(size_t row, std::string& out) const override {
    const auto [begin, length] = range(row);
    out += '[';
    for (size_t i = 0; i < length; ++i) {
      if (i != 0) out += ',';
      KILN_TRY(append_item(*item_, begin + i, out));
    }
    out += ']';
    return {};
  }

 private:
  std::pair<size_t, size_t> range(size_t row) const {
    if (size_ != 0) return {row * size_, size_};
    const auto& entry = value<duckdb_list_entry>(row);
    return {entry.offset, entry.length};
  }

  const ReaderPtr item_;
  const size_t size_;
};

class StructReader final : public NestedReader {
 public:
  struct Part {
    std::string name;
    std::string key;  ///< as JSON, with the colon
    ReaderPtr reader;
  };
  StructReader(const DuckDbApi& api, LogicalType of, std::vector<Part> parts)
      : NestedReader(api, std::move(of)), parts_(std::move(parts)) {
    std::vector<Member> members;
    for (const Part& part : parts_) members.push_back({part.name, part.reader->type});
    type = nested_type(Nesting::kStruct, std::move(members));
  }
  void take(duckdb_vector vector) override {
    ValueReader::take(vector);
    for (size_t i = 0; i < parts_.size(); ++i) {
      parts_[i].reader->take(api_.duckdb_struct_vector_get_child(vector, i));
    }
  }
  base::Status append_json(size_t row, std::string& out) const override {
    out += '{';
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (i != 0) out += ',';
      out += parts_[i].key;
      KILN_TRY(append_item(*parts_[i].reader, row, out));
    }
    out += '}';
    return {};
  }

 private:
  const std::vector<Part> parts_;
};

/// A list of structs of key and value to DuckDB, an object in JSON.
class MapReader final : public NestedReader {
 public:
  MapReader(const DuckDbApi& api, LogicalType of, ReaderPtr key, ReaderPtr item)
      : NestedReader(api, std::move(of)), key_(std::move(key)), item_(std::move(item)) {
    type = nested_type(Nesting::kMap, {{"", key_->type}, {"", item_->type}});
  }
  void take(duckdb_vector vector) override {
    ValueReader::take(vector);
    duckdb_vector const entries = api_.duckdb_list_vector_get_child(vector);
    key_->take(api_.duckdb_struct_vector_get_child(entries, 0));
    item_->take(api_.duckdb_struct_vector_get_child(entries, 1));
  }
  base::Status append_json(size_t row, std::string& out) const override {
    const auto& entry = value<duckdb_list_entry>(row);
    out += '{';
    for (size_t i = entry.offset; i < entry.offset + entry.length; ++i) {
      if (i != entry.offset) out += ',';
      KILN_TRY(key_->append_key(i, out));
      out += ':';
      KILN_TRY(append_item(*item_, i, out));
    }
    out += '}';
    return {};
  }

 private:
  const ReaderPtr key_;
  const ReaderPtr item_;
};

class ReaderFactory {
 public:
  ReaderFactory(const DuckDbApi& api, table::Values values) : api_(api), values_(values) {}

  base::Result<ReaderPtr> make(LogicalType type, unsigned depth = 0) const {
    if (depth == table::kMostNesting) {
      return Error(ErrorCode::kLimit, "lists and structs are nested too deeply");
    }
    switch (type.id()) {
      case DUCKDB_TYPE_BOOLEAN:
        return scalar<BooleanReader>(std::move(type), SqlType::kBoolean, JsonForm::kBoolean);
      case DUCKDB_TYPE_TINYINT:
        return whole<int8_t>(std::move(type), SqlType::kTinyInt);
      case DUCKDB_TYPE_SMALLINT:
        return whole<int16_t>(std::move(type), SqlType::kSmallInt);
      case DUCKDB_TYPE_INTEGER:
        return whole<int32_t>(std::move(type), SqlType::kInteger);
      case DUCKDB_TYPE_BIGINT:
        return whole<int64_t>(std::move(type), SqlType::kBigInt);
      case DUCKDB_TYPE_UTINYINT:
        return whole<uint8_t>(std::move(type), SqlType::kSmallInt);
      case DUCKDB_TYPE_USMALLINT:
        return whole<uint16_t>(std::move(type), SqlType::kInteger);
      case DUCKDB_TYPE_UINTEGER:
        return whole<uint32_t>(std::move(type), SqlType::kBigInt);
      case DUCKDB_TYPE_UBIGINT:
        return decimal(std::move(type), 20, 0);
      case DUCKDB_TYPE_HUGEINT:
      case DUCKDB_TYPE_UHUGEINT:
        return decimal(std::move(type), 38, 0);
      case DUCKDB_TYPE_DECIMAL: {
        const uint8_t width = api_.duckdb_decimal_width(type.get());
        const uint8_t scale = api_.duckdb_decimal_scale(type.get());
        return decimal(std::move(type), width, scale);
      }
      case DUCKDB_TYPE_FLOAT:
        return text<RealReader>(std::move(type), SqlType::kReal, JsonForm::kNumber);
      case DUCKDB_TYPE_DOUBLE:
        return text<RealReader>(std::move(type), SqlType::kDouble, JsonForm::kNumber);
      case DUCKDB_TYPE_VARCHAR: {
        const bool json = type.alias() == "JSON";
        return text<StringReader>(std::move(type), SqlType::kVarchar,
                                  json ? JsonForm::kJson : JsonForm::kString);
      }
      case DUCKDB_TYPE_SQLNULL:
        return text<StringReader>(std::move(type), SqlType::kVarchar, JsonForm::kString);
      case DUCKDB_TYPE_BLOB:
        return text<BlobReader>(std::move(type), SqlType::kBinary, JsonForm::kString);
      case DUCKDB_TYPE_UUID:
        return text<UuidReader>(std::move(type), SqlType::kVarchar, JsonForm::kString);
      case DUCKDB_TYPE_ENUM:
        return text<EnumReader>(std::move(type), SqlType::kVarchar, JsonForm::kString);
      case DUCKDB_TYPE_DATE:
        return text<TimeReader>(std::move(type), SqlType::kDate, JsonForm::kString);
      case DUCKDB_TYPE_TIME:
        return text<TimeReader>(std::move(type), SqlType::kTime, JsonForm::kString);
      case DUCKDB_TYPE_TIMESTAMP:
      case DUCKDB_TYPE_TIMESTAMP_S:
      case DUCKDB_TYPE_TIMESTAMP_MS:
        return text<TimeReader>(std::move(type), SqlType::kTimestamp, JsonForm::kString);
      case DUCKDB_TYPE_TIMESTAMP_TZ:
        return text<TimeReader>(std::move(type), SqlType::kTimestampTz, JsonForm::kString);
      case DUCKDB_TYPE_LIST:
      case DUCKDB_TYPE_ARRAY:
        return list(std::move(type), depth + 1);
      case DUCKDB_TYPE_STRUCT:
        return structure(std::move(type), depth + 1);
      case DUCKDB_TYPE_MAP:
        return map(std::move(type), depth + 1);
      default:
        return Error(ErrorCode::kUnsupported,
                     "a type that no format has, such as INTERVAL: cast it to another");
    }
  }

 private:
  static base::Result<ReaderPtr> typed(ReaderPtr reader, SqlType sql, JsonForm json) {
    reader->type.sql = sql;
    reader->type.json = json;
    return reader;
  }
  template <typename Reader>
  base::Result<ReaderPtr> scalar(LogicalType type, SqlType sql, JsonForm json) const {
    return typed(std::make_unique<Reader>(api_, std::move(type)), sql, json);
  }
  template <typename Reader>
  base::Result<ReaderPtr> text(LogicalType type, SqlType sql, JsonForm json) const {
    return typed(std::make_unique<Reader>(api_, std::move(type), values_), sql, json);
  }
  template <typename T>
  base::Result<ReaderPtr> whole(LogicalType type, SqlType sql) const {
    return scalar<WholeReader<T>>(std::move(type), sql, JsonForm::kNumber);
  }
  base::Result<ReaderPtr> decimal(LogicalType type, uint8_t precision, uint8_t scale) const {
    KILN_ASSIGN(ReaderPtr reader,
                text<DecimalReader>(std::move(type), SqlType::kDecimal, JsonForm::kNumber));
    reader->type.precision = precision;
    reader->type.scale = scale;
    return reader;
  }
  base::Result<ReaderPtr> list(LogicalType type, unsigned depth) const {
    const bool array = type.id() == DUCKDB_TYPE_ARRAY;
    KILN_ASSIGN(ReaderPtr item, make({api_, array ? api_.duckdb_array_type_child_type(type.get())
                                                  : api_.duckdb_list_type_child_type(type.get())},
                                     depth));
    const size_t size = array ? api_.duckdb_array_type_array_size(type.get()) : 0;
    return ReaderPtr(std::make_unique<ListReader>(api_, std::move(type), std::move(item), size));
  }
  base::Result<ReaderPtr> structure(LogicalType type, unsigned depth) const {
    std::vector<StructReader::Part> parts;
    const size_t count = api_.duckdb_struct_type_child_count(type.get());
    for (size_t i = 0; i < count; ++i) {
      char* const name = api_.duckdb_struct_type_child_name(type.get(), i);
      std::string key;
      json::append_string(key, name);
      std::string text = name;
      api_.duckdb_free(name);
      KILN_ASSIGN(ReaderPtr reader,
                  make({api_, api_.duckdb_struct_type_child_type(type.get(), i)}, depth));
      parts.push_back({std::move(text), key + ":", std::move(reader)});
    }
    return ReaderPtr(std::make_unique<StructReader>(api_, std::move(type), std::move(parts)));
  }
  base::Result<ReaderPtr> map(LogicalType type, unsigned depth) const {
    KILN_ASSIGN(ReaderPtr key, make({api_, api_.duckdb_map_type_key_type(type.get())}, depth));
    KILN_ASSIGN(ReaderPtr item, make({api_, api_.duckdb_map_type_value_type(type.get())}, depth));
    return ReaderPtr(
        std::make_unique<MapReader>(api_, std::move(type), std::move(key), std::move(item)));
  }

  const DuckDbApi& api_;
  const table::Values values_;
};

}  // namespace

ResultColumn::ResultColumn() = default;
ResultColumn::ResultColumn(ResultColumn&&) noexcept = default;
ResultColumn& ResultColumn::operator=(ResultColumn&&) noexcept = default;
ResultColumn::~ResultColumn() = default;

base::Result<ResultColumn> ResultColumn::make(const DuckDbApi& api, std::string name,
                                              LogicalType type, table::Values values) {
  auto reader = ReaderFactory(api, values).make(std::move(type));
  if (!reader.ok()) return std::move(reader).error().in("column '" + name + "'");
  ResultColumn made;
  made.column_.name = std::move(name);
  made.column_.type = (*reader)->type;
  made.reader_ = std::move(*reader);
  return made;
}

void ResultColumn::take(duckdb_vector vector) { reader_->take(vector); }

base::Status ResultColumn::read(size_t row, base::Arena& texts, Cell& cell) const {
  cell = Cell();
  if (reader_->is_null(row)) return {};
  base::Status status = reader_->cell(row, texts, cell);
  if (status.ok()) return status;
  return std::move(status).error().in("column '" + column_.name + "'");
}

}  // namespace kiln::sql
