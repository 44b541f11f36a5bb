// FHIRPath §5.9.3 now(), today(), timeOfDay(), and the component functions after 2.0.
#include "fhirpath/functions/families.h"
#include "fhirpath/values.h"

namespace kiln::fhirpath {
namespace {

using fhir::Precision;
using fhir::Temporal;
using fhir::TemporalKind;
Temporal now_of(const Context& context) {
  return Temporal::from_unix_microseconds(context.now().time_since_epoch().count() * 1000);
}

/// Its time of day.
Temporal time_of(Temporal temporal) {
  temporal.kind = TemporalKind::kTime;
  temporal.has_offset = false;
  return temporal;
}

bool run_now(Context& context, const Instruction&, Collection& out) {
  return context.give_temporal(out, now_of(context));
}

bool run_today(Context& context, const Instruction&, Collection& out) {
  return context.give_temporal(out, now_of(context).as_date());
}

bool run_time_of_day(Context& context, const Instruction&, Collection& out) {
  return context.give_temporal(out, time_of(now_of(context)));
}

One<Temporal> read_temporal(Context& context, const Instruction& instruction) {
  const One<Item> value = context.input_value(instruction);
  if (!value) return value.failed() ? One<Temporal>::failure() : One<Temporal>();
  if (value->kind == ItemKind::kTemporal) return *value->temporal;
  context.fail(instruction,
               "expected a date or time, got " + std::string(context.type_info(*value).name));
  return One<Temporal>::failure();
}

/// A component as an Integer: kGet(temporal) if the value is at least that precise.
template <Precision kNeeded, auto kGet>
bool run_component(Context& context, const Instruction& instruction, Collection& out) {
  const One<Temporal> temporal = read_temporal(context, instruction);
  if (!temporal) return none(out, temporal);
  const bool date_part = kNeeded < Precision::kHour;
  if (temporal->precision < kNeeded || (date_part && temporal->kind == TemporalKind::kTime)) {
    return Context::give_nothing(out);
  }
  return context.give_integer(out, kGet(*temporal));
}

int64_t year_of(const Temporal& t) { return t.year; }
int64_t month_of(const Temporal& t) { return t.month; }
int64_t day_of(const Temporal& t) { return t.day; }
int64_t hour_of(const Temporal& t) { return t.hour; }
int64_t minute_of(const Temporal& t) { return t.minute; }
int64_t second_of(const Temporal& t) { return t.second; }
int64_t millisecond_of(const Temporal& t) { return t.nanosecond / 1'000'000; }

bool run_timezone_offset_of(Context& context, const Instruction& instruction, Collection& out) {
  const One<Temporal> temporal = read_temporal(context, instruction);
  if (!temporal) return none(out, temporal);
  if (!temporal->has_offset) return Context::give_nothing(out);
  const auto hours =
      fhir::Decimal::divide(fhir::Decimal(temporal->offset_minutes), fhir::Decimal(60));
  const auto shown = hours && hours->scale() == 0 ? hours->truncated(1) : hours;
  return context.give_decimal(out, shown);
}

bool run_date_of(Context& context, const Instruction& instruction, Collection& out) {
  const One<Temporal> temporal = read_temporal(context, instruction);
  if (!temporal) return none(out, temporal);
  if (temporal->kind == TemporalKind::kTime) return Context::give_nothing(out);
  return context.give_temporal(out, temporal->as_date());
}

bool run_time_of(Context& context, const Instruction& instruction, Collection& out) {
  const One<Temporal> temporal = read_temporal(context, instruction);
  if (!temporal) return none(out, temporal);
  if (temporal->precision < Precision::kHour) return Context::give_nothing(out);
  return context.give_temporal(out, time_of(*temporal));
}

constexpr FunctionRow clock(std::string_view name, Returns returns, Kernel kernel) {
  return {.name = name, .returns = returns, .reads = Reads::kNothing, .kernel = kernel};
}
constexpr FunctionRow component(std::string_view name, Returns returns, Kernel kernel) {
  return {.name = name, .input = Expect::kTemporal, .returns = returns, .kernel = kernel};
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
