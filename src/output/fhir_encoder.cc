#include "output/fhir_encoder.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "json/writer.h"
#include "table/format/json.h"

namespace kiln::output {
namespace {

using table::JsonForm;
using table::SqlType;

/// How a column's values are written.
struct ValueForm {
  std::string key;  ///< "valueDate"
  JsonForm json;
};

JsonForm form_of_primitive(std::string_view fhir_type) {
  static constexpr std::array<std::string_view, 4> kNumbers = {"decimal", "integer", "positiveInt",
                                                               "unsignedInt"};
  if (fhir_type == "boolean") return JsonForm::kBoolean;
  const bool number = std::find(kNumbers.begin(), kNumbers.end(), fhir_type) != kNumbers.end();
  return number ? JsonForm::kNumber : JsonForm::kString;
}

bool is_primitive(std::string_view fhir_type) {
  static constexpr std::array<std::string_view, 20> kPrimitives = {
      "base64Binary", "boolean", "canonical",   "code",      "date",     "dateTime", "decimal",
      "id",           "instant", "integer",     "integer64", "markdown", "oid",      "positiveInt",
      "string",       "time",    "unsignedInt", "uri",       "url",      "uuid"};
  return std::find(kPrimitives.begin(), kPrimitives.end(), fhir_type) != kPrimitives.end();
}

ValueForm form_of_sql(SqlType type) {
  switch (type) {
    case SqlType::kBoolean:
      return {"valueBoolean", JsonForm::kBoolean};
    case SqlType::kTinyInt:
    case SqlType::kSmallInt:
    case SqlType::kInteger:
      return {"valueInteger", JsonForm::kNumber};
    case SqlType::kBigInt:
      return {"valueInteger64", JsonForm::kString};
    case SqlType::kReal:
    case SqlType::kDouble:
    case SqlType::kDecimal:
      return {"valueDecimal", JsonForm::kNumber};
    case SqlType::kVarchar:
      return {"valueString", JsonForm::kString};
    case SqlType::kBinary:
      return {"valueBase64Binary", JsonForm::kString};
    case SqlType::kDate:
      return {"valueDate", JsonForm::kString};
    case SqlType::kTime:
      return {"valueTime", JsonForm::kString};
    case SqlType::kTimestamp:
      return {"valueDateTime", JsonForm::kString};
    case SqlType::kTimestampTz:
      return {"valueInstant", JsonForm::kString};
  }
  return {"valueString", JsonForm::kString};
}

/// The column's FHIR type names the value[x], unless a tag has given it another nature.
ValueForm form_of(const table::Column& column) {
  const std::string& type = column.fhir_type;
  const bool whole_text = column.type.json == JsonForm::kNumber && type == "integer64";
  if (is_primitive(type) && (form_of_primitive(type) == column.type.json || whole_text)) {
    std::string key = "value" + type;
    key[5] = static_cast<char>(std::toupper(static_cast<unsigned char>(key[5])));
    return {key, form_of_primitive(type)};
  }
  return form_of_sql(column.type.sql);
}

class FhirEncoder final : public table::Encoder {
 public:
  explicit FhirEncoder(const table::Schema& schema) {
    for (const table::Column& column : schema.columns) {
      const ValueForm form = form_of(column);
      std::string begin = "{\"name\":";
      json::append_string(begin, column.name);
      begin += ",\"" + form.key + "\":";
      parts_.push_back({std::move(begin), form.json, column.type.json});
    }
  }

  std::string prefix() const override { return R"({"resourceType":"Parameters")"; }
  std::string_view before_rows() const override { return ",\"parameter\":["; }
  std::string_view separator() const override { return ","; }
  std::string_view after_rows() const override { return "]"; }
  std::string_view suffix() const override { return "}"; }

  void encode(const table::Batch& batch, std::string& out,
              std::vector<size_t>* row_ends) const override {
    for (size_t row = 0; row < batch.rows(); ++row) {
      if (row != 0) out += ',';
      out += R"({"name":"row")";
      bool any = false;
      for (size_t i = 0; i < parts_.size(); ++i) append_parts(out, batch.column(i), i, row, any);
      out += any ? "]}" : "}";
      if (row_ends != nullptr) row_ends->push_back(out.size());
    }
  }

 private:
  struct Part {
    std::string begin;  ///< up to the value
    JsonForm wanted;
    JsonForm given;
  };

  /// A list's items become parts of the same name; what is NULL has none.
  void append_parts(std::string& out, const table::ColumnVector& column, size_t index, size_t row,
                    bool& any) const {
    if (!column.is_valid(row)) return;
    if (!column.is_list()) return append_part(out, column, index, row, any);
    for (uint32_t i = column.list_begin(row); i < column.list_begin(row + 1); ++i) {
      if (column.items().is_valid(i)) append_part(out, column.items(), index, i, any);
    }
  }

  void append_part(std::string& out, const table::ColumnVector& column, size_t index, size_t row,
                   bool& any) const {
    const Part& part = parts_[index];
    out += any ? "," : ",\"part\":[";
    any = true;
    out += part.begin;
    const bool is_json = part.given == JsonForm::kJson;
    const bool quote = part.wanted == JsonForm::kString && part.given != JsonForm::kString;
    if (quote && !is_json) out += '"';
    table::append_json_value(out, column, is_json ? JsonForm::kString : part.given, row);
    if (quote && !is_json) out += '"';
    out += '}';
  }

  std::vector<Part> parts_;
};

}  // namespace

std::unique_ptr<table::Encoder> make_fhir_encoder(const table::Schema& schema) {
  return std::make_unique<FhirEncoder>(schema);
}

}  // namespace kiln::output
