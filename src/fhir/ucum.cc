// Units of measure. A unit's text is read into a factor and powers of base units: a table has the
// atoms, each in terms of base units, and the prefixes; products, quotients and exponents are
// folded as they are read. Factors are exact fractions. Units on special scales (Cel) have no
// factor and are not understood.
#include "fhir/ucum.h"

#include <algorithm>

#include "base/text.h"

namespace kiln::fhir {
namespace {

constexpr size_t kS = 1;  // the second, in kBaseNames
constexpr std::array<std::string_view, Unit::kDimensions> kBaseNames = {
    "m", "s", "g", "rad", "K", "C", "cd", "mol", "month"};

/// An atom of UCUM: its value is `factor` times the unit expression `of` ("" for a number). What is
/// no decimal has its divisor in the expression.
struct Atom {
  std::string_view code;
  bool metric;  ///< may have a prefix
  std::string_view factor;
  std::string_view of;
};

constexpr Atom kAtoms[] = {
    {"%", false, "0.01", ""},
    {"[ppth]", false, "0.001", ""},
    {"[ppm]", false, "0.000001", ""},
    {"[pi]", false, "3.1415926535897932384626433832795", ""},
    {"10*", false, "10", ""},
    {"10^", false, "10", ""},
    {"sr", true, "1", "rad2"},
    {"deg", false, "2", "[pi].rad/360"},
    {"min", false, "60", "s"},
    {"h", false, "3600", "s"},
    {"d", false, "86400", "s"},
    {"wk", false, "604800", "s"},
    {"mo", false, "2629800", "s"},
    {"a", false, "31557600", "s"},
    {"Hz", true, "1", "s-1"},
    {"N", true, "1000", "g.m.s-2"},
    {"Pa", true, "1000", "g.m-1.s-2"},
    {"J", true, "1000", "g.m2.s-2"},
    {"W", true, "1000", "g.m2.s-3"},
    {"A", true, "1", "C.s-1"},
    {"V", true, "1000", "g.m2.s-2.C-1"},
    {"F", true, "0.001", "C2.s2.g-1.m-2"},
    {"Ohm", true, "1000", "g.m2.s-1.C-2"},
    {"S", true, "0.001", "C2.s.g-1.m-2"},
    {"Wb", true, "1000", "g.m2.s-1.C-1"},
    {"T", true, "1000", "g.s-1.C-1"},
    {"H", true, "1000", "g.m2.C-2"},
    {"lm", true, "1", "cd.rad2"},
    {"lx", true, "1", "cd.rad2.m-2"},
    {"Bq", true, "1", "s-1"},
    {"Gy", true, "1", "m2.s-2"},
    {"Sv", true, "1", "m2.s-2"},
    {"kat", true, "1", "mol.s-1"},
    {"U", true, "1", "umol/min"},
    {"l", true, "0.001", "m3"},
    {"L", true, "0.001", "m3"},
    {"ar", true, "100", "m2"},
    {"t", true, "1000000", "g"},
    {"bar", true, "100000000", "g.m-1.s-2"},
    {"atm", false, "101325000", "g.m-1.s-2"},
    {"m[Hg]", true, "133322000", "g.m-1.s-2"},
    {"m[H2O]", true, "9806650", "g.m-1.s-2"},
    {"u", true, "0.00000000000000000000000166053906660", "g"},
    {"eV", true, "0.0000000000000001602176634", "g.m2.s-2"},
    {"cal", true, "4184", "g.m2.s-2"},
    {"Cal", false, "4184000", "g.m2.s-2"},
    {"osm", true, "1", "mol"},
    {"eq", true, "1", "mol"},
    {"[in_i]", false, "0.0254", "m"},
    {"[ft_i]", false, "0.3048", "m"},
    {"[yd_i]", false, "0.9144", "m"},
    {"[mi_i]", false, "1609.344", "m"},
    {"[in_us]", false, "100", "m/3937"},
    {"[lb_av]", false, "453.59237", "g"},
    {"[oz_av]", false, "28.349523125", "g"},
    {"[dr_av]", false, "1.7718451953125", "g"},
    {"[gr]", false, "0.06479891", "g"},
    {"[stone_av]", false, "6350.29318", "g"},
    {"[lb_tr]", false, "373.2417216", "g"},
    {"[gal_us]", false, "0.003785411784", "m3"},
    {"[qt_us]", false, "0.000946352946", "m3"},
    {"[pt_us]", false, "0.000473176473", "m3"},
    {"[cup_us]", false, "0.0002365882365", "m3"},
    {"[foz_us]", false, "0.0000295735295625", "m3"},
    {"[tbs_us]", false, "0.00001478676478125", "m3"},
    {"[tsp_us]", false, "0.00000492892159375", "m3"},
};

struct Prefix {
  std::string_view code;
  int exponent;
};
constexpr Prefix kPrefixes[] = {{"da", 1},  {"Y", 24},  {"Z", 21},  {"E", 18},  {"P", 15},
                                {"T", 12},  {"G", 9},   {"M", 6},   {"k", 3},   {"h", 2},
                                {"d", -1},  {"c", -2},  {"m", -3},  {"u", -6},  {"n", -9},
                                {"p", -12}, {"f", -15}, {"a", -18}, {"z", -21}, {"y", -24}};

Decimal power_of_ten(int exponent) {
  return exponent >= 0 ? *Decimal::power(Decimal(10), exponent)
                       : Decimal::from_unscaled(1, -exponent);
}

std::optional<Unit> power(const Unit& unit, int exponent) {
  Unit result;
  const int count = exponent < 0 ? -exponent : exponent;
  if (count > 12) return std::nullopt;
  for (int i = 0; i < count; ++i) {
    const auto next = exponent > 0 ? Unit::multiply(result, unit) : Unit::divide(result, unit);
    if (!next) return std::nullopt;
    result = *next;
  }
  return result;
}

class Parser {
 public:
  Parser(std::string_view text, int depth) : rest_(text), depth_(depth) {}

  std::optional<Unit> parse() {
    auto unit = term();
    return rest_.empty() ? unit : std::nullopt;
  }

 private:
  std::optional<Unit> term() {
    if (depth_ > 16) return std::nullopt;
    std::optional<Unit> result = Unit();
    bool divide = take('/');
    do {
      const auto next = component();
      if (!next || !result) return std::nullopt;
      result = divide ? Unit::divide(*result, *next) : Unit::multiply(*result, *next);
      if (take('/')) {
        divide = true;
      } else if (take('.')) {
        divide = false;
      } else {
        return result;
      }
    } while (true);
  }

  std::optional<Unit> component() {
    if (take('(')) {
      ++depth_;
      auto inner = term();
      --depth_;
      return take(')') ? inner : std::nullopt;
    }
    std::optional<Unit> unit = Unit();
    if (!rest_.empty() && base::is_digit(rest_.front()) && !starts_power_of_ten()) {
      size_t digits = 0;
      while (digits < rest_.size() && base::is_digit(rest_[digits])) ++digits;
      const auto factor = Decimal::parse(rest_.substr(0, digits));
      if (!factor) return std::nullopt;
      unit->factor = Ratio(*factor);
      rest_.remove_prefix(digits);
    } else if (!rest_.empty() && rest_.front() != '{') {
      unit = simple_unit();
      if (!unit) return std::nullopt;
      const int exponent = read_exponent();
      if (exponent == 0) return std::nullopt;
      unit = power(*unit, exponent);
    } else if (rest_.empty()) {
      return std::nullopt;
    }
    if (take('{')) {  // an annotation says nothing about the unit
      const size_t close = rest_.find('}');
      if (close == std::string_view::npos) return std::nullopt;
      rest_.remove_prefix(close + 1);
    }
    return unit;
  }

  bool starts_power_of_ten() const { return rest_.starts_with("10*") || rest_.starts_with("10^"); }

  /// The longest run of symbol characters that is an atom, with or without a prefix.
  std::optional<Unit> simple_unit() {
    size_t length = 0;
    if (starts_power_of_ten()) {
      length = 3;
    } else {
      bool bracket = false;
      while (length < rest_.size()) {
        const char c = rest_[length];
        if (c == '[') bracket = true;
        const bool symbol = bracket || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            c == '%' || c == '\'' || c == '_' || c == '"';
        if (!symbol) break;
        if (c == ']') bracket = false;
        ++length;
      }
    }
    const std::string_view symbol = rest_.substr(0, length);
    rest_.remove_prefix(length);
    if (auto unit = atom(symbol, false)) return unit;
    for (const Prefix& prefix : kPrefixes) {
      if (!symbol.starts_with(prefix.code)) continue;
      if (auto unit = atom(symbol.substr(prefix.code.size()), true)) {
        const auto factor = Ratio::multiply(unit->factor, Ratio(power_of_ten(prefix.exponent)));
        if (!factor) return std::nullopt;
        unit->factor = *factor;
        return unit;
      }
    }
    return std::nullopt;
  }

  std::optional<Unit> atom(std::string_view symbol, bool prefixed) {
    for (size_t i = 0; i < Unit::kCalendarMonth; ++i) {
      if (kBaseNames[i] == symbol) {
        Unit unit;
        unit.powers[i] = 1;
        return unit;
      }
    }
    for (const Atom& atom : kAtoms) {
      if (atom.code != symbol || (prefixed && !atom.metric)) continue;
      auto unit = atom.of.empty() ? Unit() : Parser(atom.of, depth_ + 1).parse();
      if (!unit) return std::nullopt;
      const auto factor = Ratio::multiply(unit->factor, Ratio(*Decimal::parse(atom.factor)));
      if (!factor) return std::nullopt;
      unit->factor = *factor;
      return unit;
    }
    return std::nullopt;
  }

  /// The exponent after an atom, 1 if there is none, 0 if it is too large.
  int read_exponent() {
    size_t at = 0;
    const bool sign = !rest_.empty() && (rest_[0] == '-' || rest_[0] == '+');
    if (sign) ++at;
    int value = 0;
    const size_t first_digit = at;
    while (at < rest_.size() && base::is_digit(rest_[at]) && value < 1000) {
      value = value * 10 + (rest_[at] - '0');
      ++at;
    }
    if (at == first_digit) return 1;
    const bool negative = rest_[0] == '-';
    rest_.remove_prefix(at);
    return value > 12 ? 0 : (negative ? -value : value);
  }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view rest_;
  int depth_;
};

}  // namespace

std::optional<Unit> Unit::parse(std::string_view ucum) {
  if (ucum.empty() || ucum.size() > 200) return std::nullopt;
  return Parser(ucum, 0).parse();
}

std::optional<Unit> Unit::of_calendar_word(std::string_view word) {
  struct Word {
    std::string_view name;
    int64_t thousandths;
    bool months;
  };
  static constexpr Word kWords[] = {
      {"year", 12'000, true},     {"month", 1'000, true},     {"week", 604'800'000, false},
      {"day", 86'400'000, false}, {"hour", 3'600'000, false}, {"minute", 60'000, false},
      {"second", 1'000, false},   {"millisecond", 1, false},
  };
  for (const Word& known : kWords) {
    if (word != known.name && (word.size() != known.name.size() + 1 ||
                               !word.starts_with(known.name) || word.back() != 's')) {
      continue;
    }
    Unit unit;
    unit.factor = Ratio(Decimal::from_unscaled(known.thousandths, 3).normalized());
    unit.powers[known.months ? kCalendarMonth : kS] = 1;
    return unit;
  }
  return std::nullopt;
}

std::optional<Unit> Unit::multiply(const Unit& a, const Unit& b) {
  return of_powers(Ratio::multiply(a.factor, b.factor), a, b, 1);
}

std::optional<Unit> Unit::divide(const Unit& a, const Unit& b) {
  return of_powers(Ratio::divide(a.factor, b.factor), a, b, -1);
}

std::optional<Unit> Unit::of_powers(const std::optional<Ratio>& factor, const Unit& a,
                                    const Unit& b, int sign) {
  if (!factor) return std::nullopt;
  Unit result;
  result.factor = *factor;
  for (size_t i = 0; i < kDimensions; ++i) {
    const int sum = a.powers[i] + sign * b.powers[i];
    if (sum > 60 || sum < -60) return std::nullopt;
    result.powers[i] = static_cast<int8_t>(sum);
  }
  return result;
}

std::string Unit::base_text() const {
  std::string text;
  for (size_t i = 0; i < kDimensions; ++i) {
    if (powers[i] == 0) continue;
    if (!text.empty()) text += '.';
    text += kBaseNames[i];
    if (powers[i] != 1) text += std::to_string(powers[i]);
  }
  return text.empty() ? "1" : text;
}

}  // namespace kiln::fhir
