#include "table/format/json.h"

#include <charconv>

#include "json/writer.h"

namespace kiln::table {
namespace {

void append_text(std::string& out, const Text& text, JsonForm form) {
  if (form == JsonForm::kNumber || form == JsonForm::kJson) {
    out += text.view();
  } else if (text.plain) {
    out += '"';
    out += text.view();
    out += '"';
  } else {
    json::append_string(out, text.view());
  }
}

class JsonEncoder final : public Encoder {
 public:
  JsonEncoder(const Schema& schema, bool array) : schema_(schema), array_(array) {
    for (const Column& column : schema.columns) {
      std::string key = keys_.empty() ? "{" : ",";
      json::append_string(key, column.name);
      keys_.push_back(key + ":");
    }
  }

  std::string prefix() const override { return array_ ? "[" : ""; }
  std::string_view separator() const override { return array_ ? ",\n" : ""; }
  std::string_view suffix() const override { return array_ ? "]\n" : ""; }

  void encode(const Batch& batch, std::string& out, std::vector<size_t>* row_ends) const override {
    for (size_t row = 0; row < batch.rows(); ++row) {
      if (array_ && row != 0) out += ",\n";
      if (keys_.empty()) out += '{';
      for (size_t i = 0; i < keys_.size(); ++i) {
        out += keys_[i];
        append_json_value(out, batch.column(i), schema_.columns[i].type.json, row);
      }
      out += array_ ? "}" : "}\n";
      if (row_ends != nullptr) row_ends->push_back(out.size());
    }
  }

 private:
  const Schema& schema_;
  const bool array_;
  std::vector<std::string> keys_;  ///< '{' or ',' and the key with its colon
};

}  // namespace

void append_json_value(std::string& out, const ColumnVector& column, JsonForm form, size_t row) {
  if (!column.is_valid(row)) {
    out += "null";
    return;
  }
  if (column.is_list()) {
    out += '[';
    const uint32_t begin = column.list_begin(row);
    for (uint32_t i = begin; i < column.list_begin(row + 1); ++i) {
      if (i != begin) out += ',';
      append_json_value(out, column.items(), form, i);
    }
    out += ']';
    return;
  }
  switch (column.storage()) {
    case Storage::kBoolean:
      out += column.boolean(row) ? "true" : "false";
      return;
    case Storage::kInteger: {
      char digits[24];
      const auto result = std::to_chars(digits, digits + sizeof(digits), column.integer(row));
      out.append(digits, result.ptr);
      return;
    }
    case Storage::kText:
      append_text(out, column.text(row), form);
      return;
    default:
      return;  // no other has text formats
  }
}

std::unique_ptr<Encoder> make_json_encoder(const Schema& schema, bool array) {
  return std::make_unique<JsonEncoder>(schema, array);
}

}  // namespace kiln::table
