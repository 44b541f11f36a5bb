// The hot path: one line of NDJSON to a tape of what a Shape asks for.
//
// The parser reads a line only as far as the shape needs: unneeded values are jumped over with
// bit-parallel quote and bracket counting, and when the last needed key has been read it stops.
// What is jumped over is not validated; what is kept is (grammar, escapes, UTF-8, numbers).
// The first of two equal keys wins. Compiled for each SIMD target, chosen at run time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "json/shape.h"
#include "json/tape.h"

namespace kiln::json {

/// Bytes that must be readable after a buffer's last newline.
constexpr size_t kPadding = 128;

/// How deeply kept values may be nested.
constexpr int kMaxDepth = 256;

/// What is to be parsed of a line.
enum class Extent : uint8_t {
  kLine,    ///< one object, and nothing else may stand there
  kObject,  ///< an object somewhere in it
};

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

/// A raw text without which a line cannot yield a row, prepared for Scanner::search_line.
struct Needle {
  explicit Needle(std::string_view needle);
  std::string_view text;  ///< 2 to 64 bytes of [A-Za-z0-9_.:-" ]; must outlive the Needle
  size_t probe_a;         ///< offsets of two rare bytes
  size_t probe_b;
};

/// Where a line ends, and whether what was passed looks as the rest of one whole object does.
struct LineEnd {
  const char* newline;
  /// The last byte but white space is '}', there is no control character, and no '{' stands where
  /// only a string could hold it. If false, is_one_object() tells, or find_problem().
  bool usual;
};

/// Looking for a needle up to the line's end.
struct SearchResult {
  bool found;   ///< the needle, or an escape \\u that might hide it, stands in the line
  LineEnd end;  ///< if it was not found
};

/// The order that the keys of an object came in last time. Resources of one file are mostly written
/// by one program, so that the next key is nearly always the expected one, and one comparison
/// tells.
class KeyOrder {
 public:
  struct Entry {
    alignas(32) std::array<char, 32> text;  ///< the key, its closing quote and the colon
    uint32_t mask;                          ///< a bit for each byte of it
    uint8_t length;
    const Shape::Key* wanted;  ///< null: its value is skipped
  };
  static constexpr size_t kMostEntries = 24;

  std::array<Entry, kMostEntries> entries;
  size_t count = 0;
};

/// The functions that are compiled for one SIMD target. Immutable; lives as long as the program.
struct Scanner {
  std::string_view target;  ///< "AVX3", "AVX2", "SSE4", "SSSE3", "NEON"
  LineResult (*parse_line)(const Shape& shape, std::string_view type, const char* line,
                           Extent extent, Tape& tape, std::vector<KeyOrder>& orders);
  std::string_view (*find_resource_type)(const char* line);
  /// Both pass the rest of a line from `from` on, which is behind the object's opening brace.
  SearchResult (*search_line)(const Needle& needle, const char* from);
  LineEnd (*find_line_end)(const char* from);
  /// Whether a line is one object and white space, by its strings and the count of its brackets.
  bool (*is_one_object)(const char* line);

  /// The fastest that this machine can run.
  static const Scanner& best();
  /// All that it can run, the fastest first.
  static const std::vector<Scanner>& all();
};

/// Parses lines of resources of one shape. One per worker; not thread-safe.
class LineParser {
 public:
  /// The shape and the scanner must outlive the parser.
  explicit LineParser(const Shape& shape, const Scanner& scanner = Scanner::best())
      : shape_(shape), scanner_(scanner), orders_(shape.size()) {}

  /// Parses the line that starts at `line` and ends at the next '\n', which must be there, with
  /// kPadding readable bytes after it. `type` is the resourceType wanted (empty: any). The tape's
  /// nodes point into the line.
  LineResult parse(std::string_view type, const char* line) {
    return scanner_.parse_line(shape_, type, line, Extent::kLine, tape_, orders_);
  }
  /// Parses an object in a line, which goes on behind it.
  LineResult parse_object(std::string_view type, const char* object) {
    return scanner_.parse_line(shape_, type, object, Extent::kObject, tape_, orders_);
  }
  /// What the last parse() kept.
  const Tape& tape() const { return tape_; }

 private:
  const Shape& shape_;
  const Scanner& scanner_;
  Tape tape_;
  std::vector<KeyOrder> orders_;  // by shape
};

/// The resourceType of the line, "" if it has none or is not an object. Reads as far as that key.
/// A type name with escapes is returned as written.
std::string_view find_resource_type(const char* line);

}  // namespace kiln::json
