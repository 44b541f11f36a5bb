// Days and moments of the sample, all in UTC. Nothing here reads a clock: the records end on a
// fixed day, so that the same seed gives the same bytes next year.
#pragma once

#include <chrono>
#include <string>

namespace kiln::sample {

using Day = std::chrono::sys_days;
using Moment = std::chrono::sys_seconds;

inline constexpr Day kLastDay{std::chrono::year{2025} / 6 / 30};
/// How much of a life is on record.
inline constexpr std::chrono::days kRecorded{5 * 365};

/// "2024-02-29"; years 1000 to 9999.
std::string date_text(Day day);
/// "2024-02-29T09:30:00Z"
std::string instant_text(Moment moment);

/// The anniversary `months` later; the last day of a shorter month.
Day months_later(Day day, int months);
/// Completed years, as people count their age.
int years_between(Day birth, Day day);

}  // namespace kiln::sample
