#include "fhir/decimal.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace kiln::fhir {
namespace {

using Unscaled = Decimal::Unscaled;

Unscaled ten_to(int exponent) {
  Unscaled value = 1;
  for (int i = 0; i < exponent; ++i) value *= 10;
  return value;
}

const Unscaled& limit() {
  static const Unscaled kLimit = ten_to(Decimal::kMaxDigits);
  return kLimit;
}

std::optional<Decimal> checked(Unscaled unscaled, int scale) {
  if (scale > Decimal::kMaxDigits || unscaled >= limit() || unscaled <= -limit()) {
    return std::nullopt;
  }
  return Decimal::from_unscaled(std::move(unscaled), scale);
}

/// Both with the larger of the two scales. A difference of scales is at most kMaxDigits, so that
/// the product has at most 2 * kMaxDigits digits, for which Unscaled has room.
std::pair<Unscaled, Unscaled> aligned(const Decimal& a, const Decimal& b) {
  const int scale = std::max(a.scale(), b.scale());
  return {a.unscaled() * ten_to(scale - a.scale()), b.unscaled() * ten_to(scale - b.scale())};
}

}  // namespace

Decimal Decimal::from_unscaled(Unscaled unscaled, int scale) {
  Decimal decimal;
  decimal.unscaled_ = std::move(unscaled);
  decimal.scale_ = scale;
  return decimal;
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++at;
  Unscaled unscaled = 0;
  int digits = 0;
  int significant = 0;
  int scale = 0;
  bool point = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point && digits > 0) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    ++digits;
    if (significant > 0 || c != '0') ++significant;
    if (point) ++scale;
    if (significant > kMaxDigits || scale > kMaxDigits) return std::nullopt;
    if (significant > 0) unscaled = unscaled * 10 + (c - '0');
  }
  if (digits == 0 || (point && scale == 0)) return std::nullopt;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    ++at;
    bool negative_exponent = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
      negative_exponent = text[at] == '-';
      ++at;
    }
    int exponent = 0;
    if (at == text.size()) return std::nullopt;
    for (; at < text.size(); ++at) {
      if (text[at] < '0' || text[at] > '9') return std::nullopt;
      exponent = exponent * 10 + (text[at] - '0');
      if (exponent > 2 * kMaxDigits) return std::nullopt;
    }
    scale += negative_exponent ? exponent : -exponent;
    if (scale < 0) {
      if (-scale > kMaxDigits) return std::nullopt;
      unscaled *= ten_to(-scale);
      scale = 0;
    }
  }
  if (negative) unscaled = -unscaled;
  return checked(std::move(unscaled), scale);
}

bool Decimal::is_integer() const { return scale_ == 0 || unscaled_ % ten_to(scale_) == 0; }

std::optional<int64_t> Decimal::to_integer() const {
  if (!is_integer()) return std::nullopt;
  const Unscaled value = unscaled_ / ten_to(scale_);
  if (value > std::numeric_limits<int64_t>::max() || value < std::numeric_limits<int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(value);
}

double Decimal::to_double() const { return std::strtod(to_string().c_str(), nullptr); }

std::string Decimal::to_string() const {
  std::string text = boost::multiprecision::abs(unscaled_).str();
  const auto scale = static_cast<size_t>(scale_);
  if (scale > 0) {
    if (text.size() <= scale) text.insert(0, scale + 1 - text.size(), '0');
    text.insert(text.size() - scale, 1, '.');
  }
  return is_negative() ? "-" + text : text;
}

Decimal Decimal::normalized() const {
  Decimal result = *this;
  while (result.scale_ > 0 && result.unscaled_ % 10 == 0) {
    result.unscaled_ /= 10;
    --result.scale_;
  }
  return result;
}

std::optional<Decimal> Decimal::truncated(int scale) const {
  if (scale >= scale_) return checked(unscaled_ * ten_to(scale - scale_), scale);
  return from_unscaled(unscaled_ / ten_to(scale_ - scale), scale);
}

std::optional<Decimal> Decimal::rounded(int scale) const {
  if (scale >= scale_) return truncated(scale);
  const Unscaled unit = ten_to(scale_ - scale);
  const Unscaled half = unit / 2;
  return from_unscaled((unscaled_ + (is_negative() ? -half : half)) / unit, scale);
}

Decimal Decimal::floor() const {
  const Unscaled unit = ten_to(scale_);
  Unscaled whole = unscaled_ / unit;
  if (is_negative() && whole * unit != unscaled_) whole -= 1;
  return from_unscaled(std::move(whole), 0);
}

Decimal Decimal::ceiling() const { return negated().floor().negated(); }
Decimal Decimal::negated() const { return from_unscaled(-unscaled_, scale_); }
Decimal Decimal::absolute() const { return is_negative() ? negated() : *this; }

std::optional<Decimal> Decimal::add(const Decimal& a, const Decimal& b) {
  const auto [x, y] = aligned(a, b);
  return checked(x + y, std::max(a.scale_, b.scale_));
}

std::optional<Decimal> Decimal::subtract(const Decimal& a, const Decimal& b) {
  return add(a, b.negated());
}

std::optional<Decimal> Decimal::multiply(const Decimal& a, const Decimal& b) {
  return checked(a.unscaled_ * b.unscaled_, a.scale_ + b.scale_);
}

std::optional<Decimal> Decimal::divide(const Decimal& a, const Decimal& b) {
  if (b.unscaled_ == 0) return std::nullopt;
  // a.u/10^a.s ÷ b.u/10^b.s = a.u * 10^(b.s - a.s) / b.u; one digit more, to round.
  const int shift = kDivisionDigits + 1 + b.scale_ - a.scale_;
  const Unscaled numerator = shift >= 0 ? a.unscaled_ * ten_to(shift) : a.unscaled_;
  const Unscaled denominator = shift >= 0 ? b.unscaled_ : b.unscaled_ * ten_to(-shift);
  const auto exact = checked(numerator / denominator, kDivisionDigits + 1);
  if (!exact) return std::nullopt;
  return exact->rounded(kDivisionDigits)->normalized();
}

std::optional<Decimal> Decimal::integer_quotient(const Decimal& a, const Decimal& b) {
  if (b.unscaled_ == 0) return std::nullopt;
  const auto [x, y] = aligned(a, b);
  return checked(x / y, 0);
}

std::optional<Decimal> Decimal::remainder(const Decimal& a, const Decimal& b) {
  if (b.unscaled_ == 0) return std::nullopt;
  const auto [x, y] = aligned(a, b);
  return checked(x % y, std::max(a.scale_, b.scale_));
}

std::optional<Decimal> Decimal::power(const Decimal& base, int64_t exponent) {
  // More than this overflows for every base but 0, 1 and -1.
  static constexpr uint64_t kMost = 4096;
  const bool inverse = exponent < 0;
  const uint64_t times =
      inverse ? uint64_t{0} - static_cast<uint64_t>(exponent) : static_cast<uint64_t>(exponent);
  if (times > kMost && base.absolute().normalized().unscaled_ > 1) return std::nullopt;
  std::optional<Decimal> result = Decimal(1);
  std::optional<Decimal> square = base;
  for (uint64_t rest = times; rest > 0; rest /= 2) {
    if (!square) return std::nullopt;
    if (rest % 2 == 1) {
      result = multiply(*result, *square);
      if (!result) return std::nullopt;
    }
    if (rest > 1) square = multiply(*square, *square);
  }
  return inverse ? divide(Decimal(1), *result) : result;
}

std::optional<Decimal> Decimal::from_double(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  // 15 digits are what a double holds for certain: 1.1, not 1.1000000000000001.
  char text[64];
  std::snprintf(text, sizeof(text), "%.15g", value);
  return parse(text);
}

int Decimal::compare(const Decimal& a, const Decimal& b) {
  const auto [x, y] = aligned(a, b);
  return x < y ? -1 : (x > y ? 1 : 0);
}

}  // namespace kiln::fhir
