#include "view/cast.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/base64.h"
#include "base/number.h"
#include "base/text.h"
#include "base/utf8.h"
#include "fhirpath/typing.h"
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
    case SqlType::kTinyInt:
      return value >= std::numeric_limits<int8_t>::min() &&
             value <= std::numeric_limits<int8_t>::max();
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
    const auto number = base::whole_number<int64_t>(text);
    if (!number) return false;
    value = *number;
  }
  cell = Cell::of(value);
  return within(type, value);
}

/// With the column's scale. A digit that the type has no room for is never dropped.
bool cast_decimal(std::string_view text, const ColumnType& type, base::Arena& texts, Cell& cell) {
  const auto decimal = fhir::Decimal::parse(text);
  if (!decimal) return false;
  if (decimal->scale() > type.scale && decimal->normalized().scale() > type.scale) return false;
  const auto scaled = decimal->rounded(type.scale);
  if (!scaled) return false;
  const std::string written = scaled->to_string();
  size_t digits = 0;
  for (const char c : written) digits += base::is_digit(c) ? 1U : 0U;
  const bool leading_zero = written.starts_with("0.") || written.starts_with("-0.");
  if (digits - (leading_zero ? 1 : 0) > type.precision) return false;
  cell = Cell::of(own_text(texts, written));
  return true;
}

/// REAL and DOUBLE are approximate, but what they would take for infinite, or for zero though it is
/// not, is beyond them.
template <typename Real>
bool cast_real(std::string_view text, Text as_written, Cell& cell) {
  cell = Cell::of(as_written);
  if (!json::is_number(text)) return false;
  Real value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc();
}

bool cast_varchar(std::string_view text, const ColumnType& type, Text as_written, Cell& cell) {
  cell = Cell::of(as_written);
  if (type.json == table::JsonForm::kNumber && !json::is_number(text)) return false;
  if (type.length == 0 || text.size() <= type.length) return true;
  return base::utf8_length(text) <= type.length;
}

/// Base64 in one piece: FHIR allows white space in it, few decoders do.
bool cast_binary(std::string_view text, const ColumnType& type, Text as_written, base::Arena& texts,
                 Cell& cell) {
  if (text.find_first_of(" \t\r\n") != std::string_view::npos) {
    as_written = own_text(texts, base::base64_packed(text));
    text = as_written.view();
  }
  cell = Cell::of(as_written);
  if (!base::is_base64(text)) return false;
  return type.length == 0 || base::base64_size(text) <= type.length;
}

/// FHIR's leap second (:60), which SQL does not have, is the second after :59.
bool is_leap_second(std::string_view text, size_t seconds_at) {
  return text.size() >= seconds_at + 2 && text.substr(seconds_at, 2) == "60";
}

/// False if the column would cut off a part of a second.
bool has_room_for_fraction(const fhir::Temporal& value, const ColumnType& type) {
  if (value.nanosecond == 0) return true;
  uint32_t unit = 1'000'000'000;
  for (int i = 0; i < type.fraction; ++i) unit /= 10;
  return value.nanosecond % unit == 0;
}

/// The value to the second at least and, of a fraction, no more digits than a column can have.
Text timed_text(fhir::Temporal value, base::Arena& texts) {
  if (value.precision < fhir::Precision::kSecond) value.precision = fhir::Precision::kSecond;
  value.fraction_digits = std::min(value.fraction_digits, table::kMostFraction);
  return own_text(texts, value.to_string());
}

bool cast_time(std::string_view text, const ColumnType& type, Text as_written, base::Arena& texts,
               Cell& cell) {
  static constexpr size_t kSecondsAt = std::string_view("00:00:").size();
  auto value = fhir::Temporal::parse_time(text);
  if (!value || value->precision < fhir::Precision::kMinute) return false;
  if (!has_room_for_fraction(*value, type)) return false;
  if (is_leap_second(text, kSecondsAt)) {
    if (value->hour == 23 && value->minute == 59) return false;  // there is no 24:00:00
    value = value->plus(1, fhir::CalendarUnit::kSecond);
  } else if (value->precision >= fhir::Precision::kSecond &&
             value->fraction_digits <= table::kMostFraction) {
    cell = Cell::of(as_written);
    return true;
  }
  cell = Cell::of(timed_text(*value, texts));
  return true;
}

/// DATE is the date as written; TIMESTAMP is in UTC if there is an offset, local as written if not,
/// and of a day its midnight.
bool cast_date_time(std::string_view text, const ColumnType& type, Text as_written,
                    base::Arena& texts, Cell& cell) {
  using fhir::CalendarUnit;
  using fhir::Precision;
  static constexpr size_t kDateSize = std::string_view("2000-01-01").size();
  static constexpr size_t kSecondsAt = std::string_view("2000-01-01T00:00:").size();
  auto value = fhir::Temporal::parse_date_time(text);
  if (!value || value->precision < Precision::kDay) return false;
  if (type.sql == SqlType::kDate) {
    cell = Cell::of(text.size() == kDateSize ? as_written
                                             : own_text(texts, value->as_date().to_string()));
    return true;
  }
  if (!has_room_for_fraction(*value, type)) return false;
  const bool leap = is_leap_second(text, kSecondsAt);
  if (leap) {
    value = value->plus(1, CalendarUnit::kSecond);
    if (!value) return false;  // after the year 9999
  }
  if (type.sql == SqlType::kTimestampTz) {
    if (!value->has_offset || value->precision < Precision::kSecond) return false;
    const bool same = !leap && value->fraction_digits <= table::kMostFraction;
    cell = Cell::of(same ? as_written : timed_text(*value, texts));
    return true;
  }
  if (value->has_offset) {
    value = value->plus(-value->offset_minutes, CalendarUnit::kMinute);
    if (!value) return false;
    value->has_offset = false;
    value->offset_minutes = 0;
  }
  cell = Cell::of(timed_text(*value, texts));
  return true;
}

/// True for what is text of itself, not a number or a boolean written out.
bool is_string(Evaluation& evaluation, const Item& item) {
  return item.kind == ItemKind::kElement
             ? evaluation.node(item.node).kind == json::NodeKind::kString
             : item.kind == ItemKind::kString;
}

}  // namespace

bool cast_item(Evaluation& evaluation, const Item& item, const ColumnType& type, fhir::TypeId form,
               base::Arena& texts, Cell& cell) {
  if (item.kind == ItemKind::kElement && item.node == fhirpath::kNoNode) {
    cell = Cell();
    return true;  // extensions alone: no value
  }
  if (type.sql == SqlType::kBoolean) return cast_boolean(evaluation, item, cell);
  Text text;
  if (!text_of(evaluation, item, texts, text)) return false;
  const std::string_view view = text.view();
  switch (type.sql) {
    case SqlType::kTinyInt:
    case SqlType::kSmallInt:
    case SqlType::kInteger:
    case SqlType::kBigInt:
      return cast_integer(item, view, type.sql, cell);
    case SqlType::kDecimal:
      return cast_decimal(view, type, texts, cell);
    case SqlType::kReal:
      return cast_real<float>(view, text, cell);
    case SqlType::kDouble:
      return cast_real<double>(view, text, cell);
    case SqlType::kBinary:
      return is_string(evaluation, item) && cast_binary(view, type, text, texts, cell);
    case SqlType::kTime:
      return cast_time(view, type, text, texts, cell);
    case SqlType::kDate:
    case SqlType::kTimestamp:
    case SqlType::kTimestampTz:
      return cast_date_time(view, type, text, texts, cell);
    case SqlType::kBoolean:
    case SqlType::kVarchar:
      break;
  }
  const bool of_form = form == fhir::kNoType || fhirpath::parse_temporal(form, view).has_value();
  return of_form && cast_varchar(view, type, text, cell);
}

}  // namespace kiln::view
