// Numbers that are the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace kiln::sample {

/// xoshiro256**, seeded through splitmix64 (both public domain: Blackman and Vigna,
/// prng.di.unimi.it). Streams of different (seed, stream, index) are independent, so that a patient
/// is the same however many others there are. The standard library's distributions differ between
/// implementations, hence our own, in integers only.
class Random {
 public:
  Random(uint64_t seed, uint64_t stream, uint64_t index) {
    uint64_t key = scramble(scramble(scramble(seed) + stream) + index);
    for (uint64_t& word : state_) word = scramble(key += kGolden);
  }

  uint64_t next() {
    const uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// 0 to count - 1, for a count below 2^32.
  uint64_t below(uint64_t count) { return ((next() >> 32) * count) >> 32; }
  /// Both ends included.
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low + 1)));
  }
  /// Mostly near `mean`, never further than `spread`.
  int64_t around(int64_t mean, int64_t spread) {
    const int64_t twice = between(-spread, spread) + between(-spread, spread);
    return mean + twice / 2;
  }
  bool in_thousand(uint64_t chances) { return below(1000) < chances; }

  template <typename List>
  const auto& pick(const List& list) {
    return list[below(list.size())];
  }

  /// A version 4 UUID in lower case.
  std::string uuid() {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text(36, '-');
    uint64_t bits = 0;
    int left = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (i == 8 || i == 13 || i == 18 || i == 23) continue;
      if (left == 0) {
        bits = next();
        left = 16;
      }
      text[i] = kDigits[bits & 15];
      bits >>= 4;
      --left;
    }
    text[14] = '4';
    text[19] = "89ab"[bits & 3];
    return text;
  }

 private:
  static constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;

  static uint64_t rotate(uint64_t value, int bits) {
    return (value << bits) | (value >> (64 - bits));
  }
  static uint64_t scramble(uint64_t value) {
    value += kGolden;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    return value ^ (value >> 31);
  }

  uint64_t state_[4];
};

}  // namespace kiln::sample
