#include "view/cast.h"

#include <charconv>
#include <limits>

#include "fhirpath/values.h"
#include "json/text.h"

namespace kiln::view {
namespace {

using fhirpath::Evaluation;
using fhirpath::Item;
using fhirpath::ItemKind;
using table::Cell;
using table::ColumnType;
using table::SqlType;
using table::Text;

Text own_text(base::Arena& texts, std::string_view text) {
  const std::string_view copy = texts.copy(text);
  return {copy.data(), static_cast<uint32_t>(copy.size()), false};
}

/// The item's text: of an element as it stands in the input, without a copy if it has no escapes.
bool text_of(Evaluation& evaluation, const Item& item, base::Arena& texts, Text& text) {
  if (item.kind == ItemKind::kElement) {
    const json::Node& node = evaluation.node(item.node);
    if (node.kind == json::NodeKind::kObject || node.kind == json::NodeKind::kArray) return false;
    if (!node.escaped) {
      text = {node.text, node.length, true};
      return true;
    }
    char* const copy = texts.make_array<char>(node.length);
    text = {copy, static_cast<uint32_t>(json::unescape_to(copy, node.view())), false};
    return true;
  }
  if (item.kind == ItemKind::kString) {
    if (item.in_input) {
      text = {item.string.data, static_cast<uint32_t>(item.string.size), true};
    } else {
      text = own_text(texts, item.text());
    }
    return true;
  }
  const auto written = fhirpath::text_of_item(evaluation, item);
  if (!written) return false;
  text = own_text(texts, *written);
  return true;
}

bool cast_boolean(Evaluation& evaluation, const Item& item, Cell& cell) {
  if (item.kind == ItemKind::kElement) {
    const json::NodeKind kind = evaluation.node(item.node).kind;
    cell = Cell::of(kind == json::NodeKind::kTrue);
    return kind == json::NodeKind::kTrue || kind == json::NodeKind::kFalse;
  }
  cell = Cell::of(item.boolean);
  return item.kind == ItemKind::kBoolean;
}

bool within(SqlType type, int64_t value) {
  switch (type) {
    case SqlType::kSmallInt:
      return value >= std::numeric_limits<int16_t>::min() &&
             value <= std::numeric_limits<int16_t>::max();
    case SqlType::kInteger:
      return value >= std::numeric_limits<int32_t>::min() &&
             value <= std::numeric_limits<int32_t>::max();
    default:
      return true;
  }
}

bool cast_integer(const Item& item, std::string_view text, SqlType type, Cell& cell) {
  int64_t value = 0;
  if (item.kind == ItemKind::kInteger) {
    value = item.integer;
  } else {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return false;
  }
  cell = Cell::of(value);
  return within(type, value);
}

/// To the column's scale, rounded; the digits before the point have to fit.
bool cast_decimal(std::string_view text, const ColumnType& type, base::Arena& texts, Cell& cell) {
  const auto decimal = fhir::Decimal::parse(text);
  const auto scaled = decimal ? decimal->rounded(type.scale) : std::nullopt;
  if (!scaled) return false;
  const std::string written = scaled->to_string();
  size_t digits = 0;
  for (const char c : written) digits += c >= '0' && c <= '9' ? 1U : 0U;
  const bool leading_zero = written.starts_with("0.") || written.starts_with("-0.");
  if (digits - (leading_zero ? 1 : 0) > type.precision) return false;
  cell = Cell::of(own_text(texts, written));
  return true;
}

bool cast_real(std::string_view text, Text as_written, Cell& cell) {
  cell = Cell::of(as_written);
  return json::is_number(text);
}

/// DATE, TIME, TIMESTAMP and TIMESTAMP WITH TIME ZONE: the value must be precise enough.
bool cast_temporal(std::string_view text, SqlType type, Text as_written, base::Arena& texts,
                   Cell& cell) {
  using fhir::Precision;
  if (type == SqlType::kTime) {
    const auto time = fhir::Temporal::parse_time(text);
    cell = Cell::of(as_written);
    return time && time->precision >= Precision::kMinute;
  }
  auto value = fhir::Temporal::parse_date_time(text);
  if (!value || value->precision < Precision::kDay) return false;
  if (type == SqlType::kDate) {
    cell = Cell::of(value->kind == fhir::TemporalKind::kDate || text.size() == 10
                        ? as_written
                        : own_text(texts, value->as_date().to_string()));
    return true;
  }
  if (type == SqlType::kTimestampTz) {
    cell = Cell::of(as_written);
    return value->has_offset && value->precision >= Precision::kSecond;
  }
  // TIMESTAMP: local as written, an offset is applied; a day is its midnight.
  if (value->has_offset) {
    const auto utc = value->plus(-value->offset_minutes, fhir::CalendarUnit::kMinute);
    if (!utc) return false;
    value = utc;
    value->has_offset = false;
    value->offset_minutes = 0;
  }
  if (value->precision < Precision::kSecond) value->precision = Precision::kSecond;
  cell = Cell::of(own_text(texts, value->to_string()));
  return true;
}

}  // namespace

bool cast_item(Evaluation& evaluation, const Item& item, const ColumnType& type, base::Arena& texts,
               Cell& cell) {
  if (item.kind == ItemKind::kElement && item.node == fhirpath::kNoNode) {
    cell = Cell();
    return true;  // extensions alone: no value
  }
  if (type.sql == SqlType::kBoolean) return cast_boolean(evaluation, item, cell);
  Text text;
  if (!text_of(evaluation, item, texts, text)) return false;
  const std::string_view view = text.view();
  switch (type.sql) {
    case SqlType::kSmallInt:
    case SqlType::kInteger:
    case SqlType::kBigInt:
      return cast_integer(item, view, type.sql, cell);
    case SqlType::kDecimal:
      return cast_decimal(view, type, texts, cell);
    case SqlType::kReal:
    case SqlType::kDouble:
      return cast_real(view, text, cell);
    case SqlType::kDate:
    case SqlType::kTime:
    case SqlType::kTimestamp:
    case SqlType::kTimestampTz:
      return cast_temporal(view, type.sql, text, texts, cell);
    default:
      cell = Cell::of(text);
      return type.json != table::JsonForm::kNumber || json::is_number(view);
  }
}

}  // namespace kiln::view
