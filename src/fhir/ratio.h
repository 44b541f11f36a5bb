// Exact fractions of decimals.
#pragma once

#include <optional>

#include "fhir/decimal.h"

namespace kiln::fhir {

/// numerator / denominator. A quotient of decimals is seldom a decimal (1 min-1 is 1/60 s-1), so
/// that a factor between units is kept as a fraction until the end. Always reduced: the denominator
/// is a positive whole number without the factors 2 and 5. A value type; operations that would need
/// more digits than a Decimal has, or divide by zero, have no result.
class Ratio {
 public:
  Ratio() = default;
  explicit Ratio(const Decimal& value) : numerator_(value) {}

  const Decimal& numerator() const { return numerator_; }
  const Decimal& denominator() const { return denominator_; }

  static std::optional<Ratio> multiply(const Ratio& a, const Ratio& b);
  static std::optional<Ratio> divide(const Ratio& a, const Ratio& b);
  /// Rounded once, as Decimal::divide() does, and not at all if it is a decimal.
  std::optional<Decimal> to_decimal() const;

 private:
  static std::optional<Ratio> reduced(const Decimal& numerator, const Decimal& denominator);

  Decimal numerator_ = Decimal(1);
  Decimal denominator_ = Decimal(1);
};

}  // namespace kiln::fhir
