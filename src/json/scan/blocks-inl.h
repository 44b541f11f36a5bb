// 64 bytes at a time as bit masks, and skipping over JSON values with them.
//
// Included once per SIMD target (Google Highway's foreach_target), hence the toggling guard. All
// functions read up to 64 bytes past what they look for; callers' buffers are padded.
#if defined(KILN_JSON_SCAN_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KILN_JSON_SCAN_BLOCKS_INL_H_
#undef KILN_JSON_SCAN_BLOCKS_INL_H_
#else
#define KILN_JSON_SCAN_BLOCKS_INL_H_
#endif

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace kiln::json::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// At most 64 bytes a vector; a block is 64 bytes whatever the vector's size.
using Bytes = hn::CappedTag<uint8_t, 64>;
using Vec = hn::Vec<Bytes>;
constexpr size_t kBlock = 64;

/// White space inside a line; '\n' ends it.
HWY_INLINE bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// A bit for each byte of a vector; no wider, or the compiler clears the rest in every round.
using MaskBits =
    std::conditional_t<hn::MaxLanes(Bytes()) == 64, uint64_t,
                       std::conditional_t<hn::MaxLanes(Bytes()) == 32, uint32_t, uint16_t>>;

/// One vector's comparison as bits.
HWY_INLINE uint64_t bits_of(hn::Mask<Bytes> mask) {
  const Bytes d;
  MaskBits bits = 0;
  uint8_t bytes[8] = {};  // what StoreMaskBits() may write
  hn::StoreMaskBits(d, mask, bytes);
  std::memcpy(&bits, bytes, sizeof(bits));
  return bits;
}

/// Bits of the bytes of a block, as `bits_at(its address)` gives those of a vector; bit 0 is the
/// first byte.
template <typename BitsAt>
HWY_INLINE uint64_t block_bits(const char* at, BitsAt bits_at) {
  const size_t lanes = hn::Lanes(Bytes());
  uint64_t bits = 0;
  for (size_t i = 0; i < kBlock; i += lanes) {
    bits |= bits_at(reinterpret_cast<const uint8_t*>(at) + i) << i;
  }
  return bits;
}

/// Bits of the bytes of a block for which `test(vector)` holds.
template <typename Test>
HWY_INLINE uint64_t block_mask(const char* at, Test test) {
  return block_bits(
      at, [&](const uint8_t* from) HWY_ATTR { return bits_of(test(hn::LoadU(Bytes(), from))); });
}

/// The same for `test(vector, the bytes before its own)`.
template <typename Test>
HWY_INLINE uint64_t block_mask_with_before(const char* at, Test test) {
  return block_bits(at, [&](const uint8_t* from) HWY_ATTR {
    const Bytes d;
    return bits_of(test(hn::LoadU(d, from), hn::LoadU(d, from - 1)));
  });
}

HWY_INLINE Vec splat(char c) { return hn::Set(Bytes(), static_cast<uint8_t>(c)); }

/// Bit i is set if an odd number of bits 0..i of `bits` is set.
HWY_INLINE uint64_t prefix_xor(uint64_t bits) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SSSE3
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
#else
  const hn::FixedTag<uint64_t, 2> d;
  return hn::GetLane(hn::CLMulLower(hn::Set(d, bits), hn::Set(d, ~uint64_t{0})));
#endif
}

/// Bits of the bytes that a backslash escapes, given the backslashes of a block. `carry` is 1 if
/// the block's first byte is escaped by the byte before it; it is updated for the next block.
/// Backslashes are rare in FHIR data, so they are visited one by one.
HWY_INLINE uint64_t escaped_bytes(uint64_t backslashes, uint64_t& carry) {
  uint64_t escaped = carry;
  backslashes &= ~carry;
  carry = 0;
  while (HWY_UNLIKELY(backslashes != 0)) {
    const int at = std::countr_zero(backslashes);
    if (at == 63) {
      carry = 1;
      break;
    }
    escaped |= uint64_t{2} << at;
    backslashes &= ~(uint64_t{3} << at);
  }
  return escaped;
}

/// Bits of the control characters, of which the line's end is one.
HWY_INLINE uint64_t control_mask(const char* at) {
  return block_mask(at, [](Vec v) HWY_ATTR { return hn::Lt(v, splat(0x20)); });
}

/// The closing quote of a string that goes on at `p`; null if the line ends or a control character
/// comes first.
HWY_INLINE const char* skip_string(const char* p) {
  uint64_t carry = 0;
  for (;; p += kBlock) {
    const uint64_t backslashes =
        block_mask(p, [](Vec v) HWY_ATTR { return hn::Eq(v, splat('\\')); });
    uint64_t quotes = block_mask(p, [](Vec v) HWY_ATTR { return hn::Eq(v, splat('"')); });
    const uint64_t controls = control_mask(p);
    quotes &= ~escaped_bytes(backslashes, carry);
    const uint64_t either = quotes | controls;
    if (HWY_LIKELY(either != 0)) {
      const int first = std::countr_zero(either);
      return ((controls >> first) & 1) != 0 ? nullptr : p + first;
    }
  }
}

/// Whether one of the control characters is the line's end, or one that no JSON has there.
HWY_INLINE bool breaks_off(const char* p, uint64_t controls, uint64_t strings) {
  if (HWY_UNLIKELY((controls & strings) != 0)) return true;
  for (; HWY_UNLIKELY(controls != 0); controls &= controls - 1) {
    const char c = p[std::countr_zero(controls)];
    if (c != '\t' && c != '\r') return true;
  }
  return false;
}

/// The byte after the bracket that closes the `depth` innermost open objects and arrays at `p`,
/// which is outside of strings; null if the line ends or a control character comes first. Kinds of
/// brackets are not told apart.
HWY_INLINE const char* skip_to_close(const char* p, int64_t depth) {
  uint64_t carry = 0;
  uint64_t in_string = 0;  // all ones while a string goes on from the block before
  for (;; p += kBlock) {
    const uint64_t backslashes =
        block_mask(p, [](Vec v) HWY_ATTR { return hn::Eq(v, splat('\\')); });
    const uint64_t quotes = block_mask(p, [](Vec v) HWY_ATTR { return hn::Eq(v, splat('"')); }) &
                            ~escaped_bytes(backslashes, carry);
    const uint64_t strings = prefix_xor(quotes) ^ in_string;
    in_string = static_cast<uint64_t>(static_cast<int64_t>(strings) >> 63);
    // '[' | 0x20 is '{', ']' | 0x20 is '}'.
    const uint64_t open = ~strings & block_mask(p, [](Vec v) HWY_ATTR {
      return hn::Eq(hn::Or(v, splat(0x20)), splat('{'));
    });
    const uint64_t close = ~strings & block_mask(p, [](Vec v) HWY_ATTR {
      return hn::Eq(hn::Or(v, splat(0x20)), splat('}'));
    });
    const uint64_t controls = control_mask(p);
    if (std::popcount(close) < depth) {
      if (HWY_UNLIKELY(controls != 0) && breaks_off(p, controls, strings)) return nullptr;
      depth += std::popcount(open) - std::popcount(close);
      continue;
    }
    int64_t closed = 0;
    for (uint64_t rest = close; rest != 0; rest &= rest - 1) {
      const int at = std::countr_zero(rest);
      const uint64_t before = (uint64_t{1} << at) - 1;
      if (depth + std::popcount(open & before) == ++closed) {
        return breaks_off(p, controls & before, strings) ? nullptr : p + at + 1;
      }
    }
    if (HWY_UNLIKELY(controls != 0) && breaks_off(p, controls, strings)) return nullptr;
    depth += std::popcount(open) - closed;
  }
}

}  // namespace kiln::json::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggling guard
