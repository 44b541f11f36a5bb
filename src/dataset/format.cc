#include "dataset/format.h"

#include <array>

namespace kiln::dataset {
namespace {

using std::string_view_literals::operator""sv;

struct Magic {
  std::string_view bytes;
  std::string_view name;
};

constexpr std::array kForeign = {
    Magic{"\xFD"
          "7zXZ\0"sv,
          "xz"},
    Magic{"BZh"sv, "bzip2"},
    Magic{"PK\3\4"sv, "zip"},
    Magic{"PK\5\6"sv, "zip"},
    Magic{"7z\xBC\xAF\x27\x1C"sv, "7z"},
    Magic{"\x04\x22\x4D\x18"sv, "lz4"},
    Magic{"\xFF\x06\0\0sNaPpY"sv, "snappy"},
    Magic{"\x1F\x9D"sv, "compress (.Z)"},
    Magic{"PAR1"sv, "Parquet"},
    Magic{"ARROW1"sv, "Arrow"},
    Magic{"ORC"sv, "ORC"},
    Magic{"Obj\1"sv, "Avro"},
    Magic{"\xFF\xFE\0\0"sv, "UTF-32"},
    Magic{"\0\0\xFE\xFF"sv, "UTF-32"},
    Magic{"\xFF\xFE"sv, "UTF-16"},
    Magic{"\xFE\xFF"sv, "UTF-16"},
    Magic{"<"sv, "XML or HTML"},
};

bool is_zstd(std::string_view head) {
  if (head.size() < 4) return false;
  if (head.starts_with("\x28\xB5\x2F\xFD")) return true;
  // A frame to be skipped, which some programs put first.
  return (head[0] & '\xF0') == '\x50' && head.substr(1, 3) == "\x2A\x4D\x18";
}

bool begins_json(char c) {
  return c == '{' || c == '[' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// JSON of two or four bytes a character begins with an ASCII character beside zeros.
std::string_view wide_text(std::string_view head) {
  if (head.size() >= 4) {
    if (begins_json(head[0]) && head.substr(1, 3) == "\0\0\0"sv) return "UTF-32";
    if (begins_json(head[3]) && head.substr(0, 3) == "\0\0\0"sv) return "UTF-32";
  }
  if (head.size() < 2) return {};
  const bool little = begins_json(head[0]) && head[1] == '\0';
  const bool big = head[0] == '\0' && begins_json(head[1]);
  return little || big ? "UTF-16" : std::string_view();
}

}  // namespace

Format format_of(std::string_view head) {
  if (head.starts_with("\x1F\x8B")) return {Compression::kGzip, {}};
  if (is_zstd(head)) return {Compression::kZstd, {}};
  for (const Magic& magic : kForeign) {
    if (head.starts_with(magic.bytes)) return {Compression::kNone, magic.name};
  }
  return {Compression::kNone, wide_text(head)};
}

}  // namespace kiln::dataset
