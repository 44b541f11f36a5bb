// FHIRPath §5.9.3 now(), today(), timeOfDay(), and the component functions after 2.0.
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using fhir::Precision;
using fhir::Temporal;
using fhir::TemporalKind;
using Single = Evaluation::Single;

Temporal now_of(const Evaluation& evaluation) {
  return Temporal::from_unix_microseconds(evaluation.now().time_since_epoch().count() * 1000);
}

bool run_now(Evaluation& evaluation, const Instruction&, Collection& out) {
  return evaluation.give_temporal(out, now_of(evaluation));
}

bool run_today(Evaluation& evaluation, const Instruction&, Collection& out) {
  return evaluation.give_temporal(out, now_of(evaluation).as_date());
}

bool run_time_of_day(Evaluation& evaluation, const Instruction&, Collection& out) {
  Temporal time = now_of(evaluation);
  time.kind = TemporalKind::kTime;
  time.has_offset = false;
  return evaluation.give_temporal(out, time);
}

Single read_temporal(Evaluation& evaluation, const Instruction& instruction, Temporal& temporal) {
  Collection input;
  if (!evaluation.input(instruction, input)) return Single::kFailed;
  Item value;
  const Single state = evaluation.single_value(instruction, input, value);
  if (state != Single::kOne) return state;
  if (value.kind != ItemKind::kTemporal) {
    evaluation.fail(instruction, "expected a date or time, got " +
                                     std::string(evaluation.type_info(value).name));
    return Single::kFailed;
  }
  temporal = *value.temporal;
  return Single::kOne;
}

/// A component as an Integer: kGet(temporal) if the value is at least that precise.
template <Precision kNeeded, auto kGet>
bool run_component(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Temporal temporal;
  switch (read_temporal(evaluation, instruction, temporal)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  const bool date_part = kNeeded < Precision::kHour;
  if (temporal.precision < kNeeded || (date_part && temporal.kind == TemporalKind::kTime)) {
    return Evaluation::give_nothing(out);
  }
  return evaluation.give_integer(out, kGet(temporal));
}

int64_t year_of(const Temporal& t) { return t.year; }
int64_t month_of(const Temporal& t) { return t.month; }
int64_t day_of(const Temporal& t) { return t.day; }
int64_t hour_of(const Temporal& t) { return t.hour; }
int64_t minute_of(const Temporal& t) { return t.minute; }
int64_t second_of(const Temporal& t) { return t.second; }
int64_t millisecond_of(const Temporal& t) { return t.nanosecond / 1'000'000; }

bool run_timezone_offset_of(Evaluation& evaluation, const Instruction& instruction,
                            Collection& out) {
  Temporal temporal;
  switch (read_temporal(evaluation, instruction, temporal)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  if (!temporal.has_offset) return Evaluation::give_nothing(out);
  const auto hours =
      fhir::Decimal::divide(fhir::Decimal(temporal.offset_minutes), fhir::Decimal(60));
  const auto shown = hours && hours->scale() == 0 ? hours->truncated(1) : hours;
  return evaluation.give_decimal(out, shown);
}

bool run_date_of(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Temporal temporal;
  switch (read_temporal(evaluation, instruction, temporal)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  if (temporal.kind == TemporalKind::kTime) return Evaluation::give_nothing(out);
  return evaluation.give_temporal(out, temporal.as_date());
}

bool run_time_of(Evaluation& evaluation, const Instruction& instruction, Collection& out) {
  Temporal temporal;
  switch (read_temporal(evaluation, instruction, temporal)) {
    case Single::kFailed:
      return false;
    case Single::kNone:
      return Evaluation::give_nothing(out);
    case Single::kOne:
      break;
  }
  if (temporal.precision < Precision::kHour) return Evaluation::give_nothing(out);
  temporal.kind = TemporalKind::kTime;
  temporal.has_offset = false;
  return evaluation.give_temporal(out, temporal);
}

constexpr FunctionRow clock(std::string_view name, Returns returns, Kernel kernel) {
  return {name, 0, 0, {}, Expect::kAnything, returns, Reads::kNothing, kernel};
}
constexpr FunctionRow component(std::string_view name, Returns returns, Kernel kernel) {
  return {name, 0, 0, {}, Expect::kTemporal, returns, Reads::kValue, kernel};
}

constexpr FunctionRow kTemporalFunctions[] = {
    clock("now", Returns::kDateTime, run_now),
    clock("today", Returns::kDate, run_today),
    clock("timeOfDay", Returns::kTime, run_time_of_day),
    component("yearOf", Returns::kInteger, run_component<Precision::kYear, year_of>),
    component("monthOf", Returns::kInteger, run_component<Precision::kMonth, month_of>),
    component("dayOf", Returns::kInteger, run_component<Precision::kDay, day_of>),
    component("hourOf", Returns::kInteger, run_component<Precision::kHour, hour_of>),
    component("minuteOf", Returns::kInteger, run_component<Precision::kMinute, minute_of>),
    component("secondOf", Returns::kInteger, run_component<Precision::kSecond, second_of>),
    component("millisecondOf", Returns::kInteger,
              run_component<Precision::kFraction, millisecond_of>),
    component("timezoneOffsetOf", Returns::kDecimal, run_timezone_offset_of),
    component("dateOf", Returns::kDate, run_date_of),
    component("timeOf", Returns::kTime, run_time_of),
};

}  // namespace

std::span<const FunctionRow> temporal_functions() { return kTemporalFunctions; }

}  // namespace kiln::fhirpath
