#include "view/cast.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "base/base64.h"
#include "base/number.h"
#include "base/text.h"
#include "base/utf8.h"
#include "fhirpath/typing.h"
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
  const auto written = evaluation.text_of_item(item);
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

/// What the cells of a column are made of.
struct Target {
  const ColumnType& type;
  table::Values values;
  base::Arena& texts;

  bool typed() const { return values == table::Values::kTyped; }
};

/// 10^precision is the first number that DECIMAL(precision) has no room for.
bool has_room_for_digits(const fhir::Decimal& value, int precision) {
  using Unscaled = fhir::Decimal::Unscaled;
  static constexpr int kMostDigits = 38;
  static const std::vector<Unscaled> kLimits = [] {
    std::vector<Unscaled> limits = {1};
    for (int i = 0; i < kMostDigits; ++i) limits.push_back(limits.back() * 10);
    return limits;
  }();
  return abs(value.unscaled()) < kLimits[static_cast<size_t>(std::min(precision, kMostDigits))];
}

table::Decimal128 decimal128_of(const fhir::Decimal& value) {
  using Unscaled = fhir::Decimal::Unscaled;
  static const Unscaled kLow = UINT64_MAX;
  const Unscaled size = abs(value.unscaled());
  const auto low = static_cast<uint64_t>(size & kLow);
  const auto high = static_cast<uint64_t>(size >> 64);
  if (!value.is_negative()) return {low, static_cast<int64_t>(high)};
  return {0 - low, static_cast<int64_t>(~high + (low == 0 ? 1 : 0))};
}

/// With the column's scale. A digit that the type has no room for is never dropped.
bool cast_decimal(std::string_view text, const Target& to, Cell& cell) {
  const auto decimal = fhir::Decimal::parse(text);
  if (!decimal) return false;
  const int scale = to.type.scale;
  if (decimal->scale() > scale && decimal->normalized().scale() > scale) return false;
  const auto scaled = decimal->rounded(scale);
  if (!scaled || !has_room_for_digits(*scaled, to.type.precision)) return false;
  cell = to.typed() ? Cell::of(decimal128_of(*scaled))
                    : Cell::of(own_text(to.texts, scaled->to_string()));
  return true;
}

/// REAL and DOUBLE are approximate, but what they would take for infinite, or for zero though it is
/// not, is beyond them.
template <typename Real>
bool cast_real(std::string_view text, const Target& to, Text as_written, Cell& cell) {
  if (!json::is_number(text)) return false;
  Real value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  cell = to.typed() ? Cell::of(static_cast<double>(value)) : Cell::of(as_written);
  return error == std::errc();
}

bool cast_varchar(std::string_view text, const ColumnType& type, Text as_written, Cell& cell) {
  cell = Cell::of(as_written);
  if (type.json == table::JsonForm::kNumber && !json::is_number(text)) return false;
  if (type.length == 0 || text.size() <= type.length) return true;
  return base::utf8_length(text) <= type.length;
}

/// As text, base64 in one piece: FHIR allows white space in it, few decoders do.
bool cast_binary(std::string_view text, const Target& to, Text as_written, Cell& cell) {
  if (text.find_first_of(" \t\r\n") != std::string_view::npos) {
    as_written = own_text(to.texts, base::base64_packed(text));
    text = as_written.view();
  }
  if (!base::is_base64(text)) return false;
  if (to.type.length != 0 && base::base64_size(text) > to.type.length) return false;
  if (to.typed()) as_written = own_text(to.texts, base::base64_decode(text).value_or(""));
  cell = Cell::of(as_written);
  return true;
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

int64_t microseconds_of_day(const fhir::Temporal& value) {
  const int64_t minutes = int64_t{value.hour} * 60 + value.minute;
  return (minutes * 60 + value.second) * 1'000'000 + value.nanosecond / 1000;
}

bool cast_time(std::string_view text, const Target& to, Text as_written, Cell& cell) {
  static constexpr size_t kSecondsAt = std::string_view("00:00:").size();
  auto value = fhir::Temporal::parse_time(text);
  if (!value || value->precision < fhir::Precision::kMinute) return false;
  if (!has_room_for_fraction(*value, to.type)) return false;
  const bool leap = is_leap_second(text, kSecondsAt);
  if (leap) {
    if (value->hour == 23 && value->minute == 59) return false;  // there is no 24:00:00
    value = value->plus(1, fhir::CalendarUnit::kSecond);
  }
  if (to.typed()) {
    cell = Cell::of(microseconds_of_day(*value));
    return true;
  }
  const bool same = !leap && value->precision >= fhir::Precision::kSecond &&
                    value->fraction_digits <= table::kMostFraction;
  cell = Cell::of(same ? as_written : timed_text(*value, to.texts));
  return true;
}

bool cast_date(const fhir::Temporal& value, std::string_view text, const Target& to,
               Text as_written, Cell& cell) {
  static constexpr size_t kDateSize = std::string_view("2000-01-01").size();
  if (to.typed()) {
    cell = Cell::of(fhir::days_from_civil(value.year, value.month, value.day));
  } else {
    cell = Cell::of(text.size() == kDateSize ? as_written
                                             : own_text(to.texts, value.as_date().to_string()));
  }
  return true;
}

/// DATE is the date as written; TIMESTAMP is in UTC if there is an offset, local as written if not,
/// and of a day its midnight.
bool cast_date_time(std::string_view text, const Target& to, Text as_written, Cell& cell) {
  using fhir::CalendarUnit;
  using fhir::Precision;
  static constexpr size_t kSecondsAt = std::string_view("2000-01-01T00:00:").size();
  auto value = fhir::Temporal::parse_date_time(text);
  if (!value || value->precision < Precision::kDay) return false;
  if (to.type.sql == SqlType::kDate) return cast_date(*value, text, to, as_written, cell);
  if (!has_room_for_fraction(*value, to.type)) return false;
  const bool leap = is_leap_second(text, kSecondsAt);
  if (leap) {
    value = value->plus(1, CalendarUnit::kSecond);
    if (!value) return false;  // after the year 9999
  }
  const bool with_zone = to.type.sql == SqlType::kTimestampTz;
  if (with_zone && (!value->has_offset || value->precision < Precision::kSecond)) return false;
  if (!with_zone && value->has_offset) {
    value = value->plus(-value->offset_minutes, CalendarUnit::kMinute);
    if (!value) return false;
    value->has_offset = false;
    value->offset_minutes = 0;
  }
  if (to.typed()) {
    cell = Cell::of(value->to_unix_microseconds());
    return true;
  }
  const bool same = with_zone && !leap && value->fraction_digits <= table::kMostFraction;
  cell = Cell::of(same ? as_written : timed_text(*value, to.texts));
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
               table::Values values, base::Arena& texts, Cell& cell) {
  if (item.kind == ItemKind::kElement && item.node == fhirpath::kNoNode) {
    cell = Cell();
    return true;  // extensions alone: no value
  }
  if (type.sql == SqlType::kBoolean) return cast_boolean(evaluation, item, cell);
  Text text;
  if (!text_of(evaluation, item, texts, text)) return false;
  const std::string_view view = text.view();
  const Target to{type, values, texts};
  switch (type.sql) {
    case SqlType::kTinyInt:
    case SqlType::kSmallInt:
    case SqlType::kInteger:
    case SqlType::kBigInt:
      return cast_integer(item, view, type.sql, cell);
    case SqlType::kDecimal:
      return cast_decimal(view, to, cell);
    case SqlType::kReal:
      return cast_real<float>(view, to, text, cell);
    case SqlType::kDouble:
      return cast_real<double>(view, to, text, cell);
    case SqlType::kBinary:
      return is_string(evaluation, item) && cast_binary(view, to, text, cell);
    case SqlType::kTime:
      return cast_time(view, to, text, cell);
    case SqlType::kDate:
    case SqlType::kTimestamp:
    case SqlType::kTimestampTz:
      return cast_date_time(view, to, text, cell);
    case SqlType::kBoolean:
    case SqlType::kVarchar:
      break;
  }
  const bool of_form = form == fhir::kNoType || fhirpath::parse_temporal(form, view).has_value();
  return of_form && cast_varchar(view, type, text, cell);
}

}  // namespace kiln::view
