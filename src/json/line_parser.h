// The hot path: one line of NDJSON to a tape of what a Shape asks for.
//
// The parser reads a line only as far as the shape needs: unneeded values are jumped over with
// bit-parallel quote and bracket counting, and when the last needed key has been read it stops.
// What is jumped over is not validated; what is kept is (grammar, escapes, UTF-8, numbers).
// The first of two equal keys wins. Compiled for each SIMD target, chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "json/shape.h"
#include "json/tape.h"

namespace kiln::json {

/// Bytes that must be readable after a buffer's last newline.
constexpr size_t kPadding = 128;

/// How deeply kept values may be nested.
constexpr int kMaxDepth = 256;

struct LineResult {
  enum class Kind : uint8_t {
    kResource,   ///< the tape holds the resource
    kOtherType,  ///< its resourceType is another one; the tape is empty
    kBlank,      ///< nothing but white space
    kError,
  };
  Kind kind;
  const char* stop;   ///< where reading stopped, inside the line; kError: the offending byte
  const char* error;  ///< static text of what was expected or found, null unless kError
};

/// Parses the line that starts at `line` and ends at the next '\n', which must be there, with
/// kPadding readable bytes after it. `type` is the resourceType wanted (empty: any). The tape's
/// nodes point into the line. Thread-safe for different tapes.
LineResult parse_line(const Shape& shape, std::string_view type, const char* line, Tape& tape);

/// The resourceType of the line, "" if it has none or is not an object. Reads as far as that key.
/// A type name with escapes is returned as written.
std::string_view find_resource_type(const char* line);

/// A raw text without which a line cannot yield a row, prepared for search_line.
struct Needle {
  explicit Needle(std::string_view needle);
  std::string_view text;  ///< 2 to 64 bytes of [A-Za-z0-9_.:-"]; must outlive the Needle
  size_t probe_a;         ///< offsets of two rare bytes
  size_t probe_b;
};

struct SearchResult {
  const char* newline;  ///< the line's end
  bool found;  ///< the needle, or an escape \u that might hide it, stands in the line
};
/// Looks for the needle up to the line's end; stops early, with `newline` null, when found.
SearchResult search_line(const Needle& needle, const char* line);

/// Names of the SIMD targets that this machine can run, the one in use first ("AVX3", "AVX2", ...).
std::string_view active_simd_target();

}  // namespace kiln::json
