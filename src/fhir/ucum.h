// Units of measure, as far as comparing and multiplying quantities needs them (UCUM).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/ratio.h"

namespace kiln::fhir {

/// A unit as a factor times powers of base units. Two units are comparable when their powers are
/// equal. A value type.
struct Unit {
  /// m, s, g, rad, K, C, cd, mol, and FHIRPath's calendar month, which UCUM's months are not.
  static constexpr size_t kDimensions = 9;
  static constexpr size_t kCalendarMonth = 8;

  Ratio factor;
  std::array<int8_t, kDimensions> powers{};

  /// A UCUM expression such as "mg/dL" or "[lb_av]"; nothing if it is not understood. Units on
  /// special scales (Cel, [degF]) and arbitrary units (IU) are not: they compare by name only.
  static std::optional<Unit> parse(std::string_view ucum);
  /// FHIRPath's calendar words: year, months, day ...
  static std::optional<Unit> of_calendar_word(std::string_view word);

  static std::optional<Unit> multiply(const Unit& a, const Unit& b);
  static std::optional<Unit> divide(const Unit& a, const Unit& b);

  /// The powers as a UCUM expression: "g.m-1", "1".
  std::string base_text() const;

 private:
  /// The powers of a plus `sign` times those of b.
  static std::optional<Unit> of_powers(const std::optional<Ratio>& factor, const Unit& a,
                                       const Unit& b, int sign);
};

}  // namespace kiln::fhir
