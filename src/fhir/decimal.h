// Decimals that keep their text: 1.0 is not 1.00, yet they are equal (FHIR §2.24.0.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/multiprecision/cpp_int.hpp>

namespace kiln::fhir {

/// An exact decimal: unscaled × 10^-scale. The scale is the number of digits after the point as
/// written, and so its precision. At most kMaxDigits digits; operations that would need more, or
/// divide by zero, have no result. A value type.
class Decimal {
 public:
  static constexpr int kMaxDigits = 100;
  using Unscaled = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<
      768, 768, boost::multiprecision::signed_magnitude, boost::multiprecision::unchecked, void>>;

  Decimal() = default;
  explicit Decimal(int64_t integer) : unscaled_(integer) {}

  /// Of a JSON or FHIRPath number ("1.50", "-3", "1e-3"); nothing if it is none or too long.
  static std::optional<Decimal> parse(std::string_view text);
  static Decimal from_unscaled(Unscaled unscaled, int scale);

  const Unscaled& unscaled() const { return unscaled_; }
  int scale() const { return scale_; }
  bool is_negative() const { return unscaled_ < 0; }
  bool is_integer() const;
  /// Nothing unless the value is an integer within int64.
  std::optional<int64_t> to_integer() const;
  double to_double() const;
  /// With as many digits after the point as the scale says.
  std::string to_string() const;
  /// The same value with no more digits than it needs.
  Decimal normalized() const;

  /// The same value with another scale; digits that do not fit are cut off / rounded half up.
  std::optional<Decimal> truncated(int scale) const;
  std::optional<Decimal> rounded(int scale) const;
  /// Largest integer not above / smallest not below.
  Decimal floor() const;
  Decimal ceiling() const;
  Decimal negated() const;
  Decimal absolute() const;

  static std::optional<Decimal> add(const Decimal& a, const Decimal& b);
  static std::optional<Decimal> subtract(const Decimal& a, const Decimal& b);
  static std::optional<Decimal> multiply(const Decimal& a, const Decimal& b);
  /// To kDivisionDigits digits after the point, rounded half up, without needless zeros.
  static constexpr int kDivisionDigits = 28;
  static std::optional<Decimal> divide(const Decimal& a, const Decimal& b);
  /// Quotient cut to an integer, and what is left (with the sign of a).
  static std::optional<Decimal> integer_quotient(const Decimal& a, const Decimal& b);
  static std::optional<Decimal> remainder(const Decimal& a, const Decimal& b);
  static std::optional<Decimal> power(const Decimal& base, int64_t exponent);
  static std::optional<Decimal> from_double(double value);

  /// -1, 0, 1 by value: 1.0 and 1.00 are equal.
  static int compare(const Decimal& a, const Decimal& b);
  friend bool operator==(const Decimal& a, const Decimal& b) { return compare(a, b) == 0; }

 private:
  Unscaled unscaled_ = 0;
  int scale_ = 0;
};

}  // namespace kiln::fhir
