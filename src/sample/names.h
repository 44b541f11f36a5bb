// Names of people and places, all made up.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace kiln::sample {

struct Town {
  std::string_view name;
  std::string_view state;
  uint64_t postal_code;  ///< the first of a hundred
  int64_t latitude;      ///< in units of 0.0001 degrees
  int64_t longitude;
};

std::span<const std::string_view> female_names();
std::span<const std::string_view> male_names();
std::span<const std::string_view> family_names();
std::span<const std::string_view> streets();
std::span<const std::string_view> clinic_kinds();
std::span<const Town> towns();

}  // namespace kiln::sample
