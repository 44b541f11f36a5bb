#include "sample/calendar.h"

#include "sample/digits.h"

namespace kiln::sample {

std::string date_text(Day day) {
  const std::chrono::year_month_day date(day);
  return padded(static_cast<unsigned>(static_cast<int>(date.year())), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" +
         padded(static_cast<unsigned>(date.day()), 2);
}

std::string instant_text(Moment moment) {
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const auto second = static_cast<unsigned>((moment - day).count());
  return date_text(day) + "T" + padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" +
         padded(second % 60, 2) + "Z";
}

Day months_later(Day day, int months) {
  const std::chrono::year_month_day later =
      std::chrono::year_month_day(day) + std::chrono::months(months);
  return later.ok() ? Day(later) : Day(later.year() / later.month() / std::chrono::last);
}

int years_between(Day birth, Day day) {
  const std::chrono::year_month_day from(birth);
  const std::chrono::year_month_day to(day);
  const int years = static_cast<int>(to.year()) - static_cast<int>(from.year());
  const bool before_birthday =
      std::pair(to.month(), to.day()) < std::pair(from.month(), from.day());
  return before_birthday ? years - 1 : years;
}

}  // namespace kiln::sample
