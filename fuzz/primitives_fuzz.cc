// Texts of dates, times, decimals, base64 and JSON strings: what is read and written reads the same
// again, and comparing is consistent.
#include "base/base64.h"
#include "fhir/decimal.h"
#include "fhir/temporal.h"
#include "fuzz/fuzz.h"
#include "json/text.h"
#include "json/validate.h"
#include "json/writer.h"

namespace {

using namespace kiln;

void check_temporal(const std::optional<fhir::Temporal>& value,
                    std::optional<fhir::Temporal> (*parse)(std::string_view)) {
  if (!value) return;
  const std::string written = value->to_string();
  const auto again = parse(written);
  fuzz::check(again.has_value(), "a time that was written cannot be read", written);
  fuzz::check(again->to_string() == written, "a time changes when written twice", written);
  fuzz::check(fhir::Temporal::compare(*value, *again) == 0, "a time differs from itself", written);
  for (const int64_t amount : {int64_t{1}, int64_t{-1000}, INT64_MAX, INT64_MIN}) {
    for (const auto unit : {fhir::CalendarUnit::kYear, fhir::CalendarUnit::kMonth,
                            fhir::CalendarUnit::kDay, fhir::CalendarUnit::kMillisecond}) {
      const auto sum = value->plus(amount, unit);
      if (sum) fuzz::check(parse(sum->to_string()).has_value(), "a sum is no time", written);
    }
  }
  const auto low = value->boundary(true, value->digits());
  if (low) {
    const auto order = fhir::Temporal::compare(*low, *value);
    fuzz::check(!order || *order <= 0, "the low boundary is above", written);
  }
}

void check_decimal(std::string_view text) {
  const auto value = fhir::Decimal::parse(text);
  if (!value) return;
  const std::string written = value->to_string();
  const auto again = fhir::Decimal::parse(written);
  fuzz::check(again.has_value(), "a decimal that was written cannot be read", written);
  fuzz::check(*again == *value && again->scale() == std::max(value->scale(), 0),
              "a decimal changes when written", written);
  fuzz::check(value->normalized() == *value, "normalized differs", written);
  const auto sum = fhir::Decimal::add(*value, *again);
  if (sum) {
    const auto back = fhir::Decimal::subtract(*sum, *again);
    fuzz::check(!back || *back == *value, "a + a - a is not a", written);
  }
  const auto square = fhir::Decimal::multiply(*value, *again);
  if (square) fuzz::check(!square->is_negative(), "a square is negative", written);
  (void)fhir::Decimal::divide(*value, fhir::Decimal(3));
  (void)value->to_double();
  (void)value->to_integer();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  check_temporal(fhir::Temporal::parse_date(text), &fhir::Temporal::parse_date);
  check_temporal(fhir::Temporal::parse_date_time(text), &fhir::Temporal::parse_date_time);
  check_temporal(fhir::Temporal::parse_time(text), &fhir::Temporal::parse_time);
  check_decimal(text);
  fuzz::check(base::base64_decode(base::base64_encode(text)) == text, "base64 does not come back");
  if (const auto decoded = base::base64_decode(text)) {
    fuzz::check(base::base64_decode(base::base64_encode(*decoded)) == decoded,
                "decoded base64 does not come back");
  }
  if (json::is_utf8(text)) {
    fuzz::check(json::find_bad_utf8(text) == text.npos, "two checks of UTF-8 differ");
    std::string quoted;
    json::append_string(quoted, text);
    fuzz::check(!json::find_problem(quoted), "a written string is no JSON", quoted);
    std::string plain;
    json::append_unescaped(plain, std::string_view(quoted).substr(1, quoted.size() - 2));
    fuzz::check(plain == text, "a string does not come back", quoted);
  } else {
    fuzz::check(json::find_bad_utf8(text) < text.size(), "two checks of UTF-8 differ");
  }
  return 0;
}
