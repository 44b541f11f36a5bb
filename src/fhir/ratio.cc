#include "fhir/ratio.h"

namespace kiln::fhir {

std::optional<Ratio> Ratio::reduced(const Decimal& numerator, const Decimal& denominator) {
  using Unscaled = Decimal::Unscaled;
  if (denominator.unscaled() == 0) return std::nullopt;
  // numerator / denominator as unscaled / divisor * 10^-scale.
  Unscaled unscaled = numerator.unscaled();
  Unscaled divisor = denominator.unscaled();
  int scale = numerator.scale() - denominator.scale();
  if (divisor < 0) {
    divisor = -divisor;
    unscaled = -unscaled;
  }
  const Unscaled common = boost::multiprecision::gcd(unscaled, divisor);
  unscaled /= common;
  divisor /= common;
  // x/2 is 5x/10, x/5 is 2x/10. What is left has room for a few more digits than a Decimal.
  static constexpr int kMostScale = 2 * Decimal::kMaxDigits;
  for (const auto& [factor, other] : {std::pair(10, 1), std::pair(2, 5), std::pair(5, 2)}) {
    while (divisor % factor == 0) {
      divisor /= factor;
      unscaled *= other;
      if (++scale > kMostScale) return std::nullopt;
      if (unscaled != 0 && boost::multiprecision::msb(boost::multiprecision::abs(unscaled)) > 700) {
        return std::nullopt;
      }
    }
  }
  while (scale > 0 && unscaled % 10 == 0) {
    unscaled /= 10;
    --scale;
  }
  // Through an operation that says no to what a Decimal has no room for.
  const Decimal ten(10);
  auto value = Decimal::add(Decimal::from_unscaled(unscaled, 0), Decimal(0));
  if (scale < 0) {
    const auto power = Decimal::power(ten, -scale);
    value = value && power ? Decimal::multiply(*value, *power) : std::nullopt;
  } else if (scale <= Decimal::kMaxDigits && value) {
    value = Decimal::from_unscaled(value->unscaled(), scale);
  } else {
    value = std::nullopt;
  }
  if (!value) return std::nullopt;
  Ratio ratio(*value);
  ratio.denominator_ = Decimal::from_unscaled(divisor, 0);
  return ratio;
}

std::optional<Ratio> Ratio::multiply(const Ratio& a, const Ratio& b) {
  const auto numerator = Decimal::multiply(a.numerator_, b.numerator_);
  const auto denominator = Decimal::multiply(a.denominator_, b.denominator_);
  if (!numerator || !denominator) return std::nullopt;
  return reduced(*numerator, *denominator);
}

std::optional<Ratio> Ratio::divide(const Ratio& a, const Ratio& b) {
  const auto numerator = Decimal::multiply(a.numerator_, b.denominator_);
  const auto denominator = Decimal::multiply(a.denominator_, b.numerator_);
  if (!numerator || !denominator) return std::nullopt;
  return reduced(*numerator, *denominator);
}

std::optional<Decimal> Ratio::to_decimal() const {
  if (denominator_ == Decimal(1)) return numerator_;
  return Decimal::divide(numerator_, denominator_);
}

}  // namespace kiln::fhir
