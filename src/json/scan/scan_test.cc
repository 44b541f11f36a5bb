// The scanner on every SIMD target against plain code: random documents, every cut, every offset to
// the blocks of 64 bytes.
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "json/document.h"
#include "json/line_parser.h"
#include "json/padded_line.h"
#include "json/validate.h"

namespace kiln::json {
namespace {

const std::vector<std::string>& keys() {
  static const std::vector<std::string> kKeys = {"a",
                                                 "b",
                                                 "id",
                                                 "_id",
                                                 "url",
                                                 "code",
                                                 "name",
                                                 "value",
                                                 "coding",
                                                 "extension",
                                                 "resourceType",
                                                 "valueQuantity",
                                                 "sixteen_bytes_xx",
                                                 "thirty_bytes_of_a_longish_keyx",
                                                 "thirty_one_bytes_of_a_long_keyx",
                                                 "thirty_two_bytes_of_a_long_key_x",
                                                 std::string(70, 'k')};
  return kKeys;
}

/// Random JSON texts, without keys given twice and without arrays directly in arrays.
class RandomJson {
 public:
  explicit RandomJson(uint64_t seed) : random_(seed) {}

  size_t below(size_t bound) { return random_() % bound; }
  bool chance(size_t percent) { return below(100) < percent; }

  std::string object(int depth) {
    std::string text = "{" + space();
    // Mostly one order, as in real files.
    const size_t start = chance(80) ? 0 : below(keys().size());
    const size_t step = chance(80) ? 1 : 3;
    for (size_t i = 0; i < keys().size(); ++i) {  // their number is a prime
      if (!chance(depth == 0 ? 60 : 25)) continue;
      if (text.find(':') != std::string::npos) text += "," + space();
      text += key(keys()[(start + i * step) % keys().size()]);
      text += space() + ":" + space() + value(depth + 1, true) + space();
    }
    return text + "}";
  }
  std::string space() {
    if (chance(85)) return "";
    static const char* const kSpaces[] = {" ", "  ", "\t", "\r", " \t ", "                    "};
    return kSpaces[below(6)];
  }

 private:
  std::string key(const std::string& name) {
    if (chance(92)) return '"' + name + '"';
    std::string text = "\"";
    for (const char c : name) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      text += chance(30) ? std::string(escape) : std::string(1, c);
    }
    return text + '"';
  }
  std::string value(int depth, bool array) {
    if (depth < 6 && chance(25)) return object(depth);
    if (array && depth < 6 && chance(25)) {
      std::string text = "[" + space();
      for (size_t i = below(4); i > 0; --i) {
        text += value(depth + 1, false) + space() + (i > 1 ? "," + space() : "");
      }
      return text + "]";
    }
    if (chance(60)) return string();
    static const char* const kScalars[] = {"0",    "-1.50", "1e5",  "12345678901234567890",
                                           "true", "false", "null", "-0.0E-10"};
    return kScalars[below(8)];
  }
  std::string string() {
    static const char* const kPieces[] = {
        "x",       "\\\"", "\\\\",           "\\n",      "\\u00e9", "{", "}",
        "[",       "]",    "\\uD83D\\uDE00", "\xC3\xA9", ",",       ":", "\xF0\x9F\x98\x80",
        "abcdefgh"};
    std::string text = "\"";
    for (size_t i = below(chance(10) ? 90 : 8); i > 0; --i) text += kPieces[below(15)];
    return text + '"';
  }

  std::mt19937_64 random_;
};

/// Some shape over the same keys.
std::vector<ShapeNode> random_shape(RandomJson& random, TestNames& names) {
  ShapeBuilder builder;
  std::vector<ShapeId> shapes = {kRootShape};
  for (size_t i = random.below(12); i > 0; --i) {
    const std::string& key = keys()[random.below(keys().size())];
    shapes.push_back(builder.field(shapes[random.below(shapes.size())], key, names.id(key)));
  }
  for (const ShapeId shape : shapes) {
    if (random.chance(8)) builder.need_whole(shape);
    if (random.chance(15)) builder.need_items(shape, static_cast<uint32_t>(random.below(3) + 1));
  }
  if (random.chance(20)) {
    builder.unify(shapes[random.below(shapes.size())], shapes[random.below(shapes.size())]);
  }
  return builder.build();
}

/// The same pruning over a whole document, as show() tells it.
std::string prune(const Value& value, const std::vector<ShapeNode>& shape, const ShapeNode& node,
                  const TestNames& names) {
  if (!value.is_object() && !value.is_array()) return std::string(value.raw());
  std::string text;
  uint32_t count = 0;
  for (const Value& child : value.items()) {
    std::string shown;
    if (value.is_array()) {
      if (count++ == node.item_limit) break;
      shown = prune(child, shape, node, names);
    } else if (node.whole) {
      const ShapeNode everything{{}, true, kAllItems};
      shown = names.key(names.find(child.key())) + ":" + prune(child, shape, everything, names);
    } else {
      for (const ShapeField& field : node.fields) {
        if (field.key != child.key()) continue;
        shown = field.key + ":" + prune(child, shape, shape[field.child], names);
      }
      if (shown.empty()) continue;
    }
    text += (text.empty() ? "" : ",") + shown;
  }
  return value.is_array() ? "[" + text + "]" : "{" + text + "}";
}

class ScanTest : public testing::TestWithParam<size_t> {
 protected:
  const Scanner& scanner() const { return Scanner::all()[GetParam()]; }
};

TEST_P(ScanTest, RandomDocumentsAsAWholeDocumentParserSeesThem) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    RandomJson random(seed);
    TestNames names;
    for (const std::string& key : keys()) {
      if (key.size() % 2 == 0) names.id(key);  // the others are known to no one
    }
    const std::vector<ShapeNode> nodes = random_shape(random, names);
    const Shape shape(nodes, &names);
    LineParser parser(shape, scanner());  // goes on to learn from line to line
    for (int i = 0; i < 20; ++i) {
      const std::string text = random.space() + random.object(0) + random.space();
      const auto document = Document::parse(text, "random");
      ASSERT_TRUE(document.ok()) << document.error().to_string() << text;
      const PaddedLine line(text, "\"}");
      const LineResult result = parser.parse("", line.begin());
      ASSERT_EQ(result.kind, LineResult::Kind::kResource) << seed << " " << text;
      ASSERT_EQ(show(parser.tape(), 0, names),
                prune((*document)->root(), nodes, nodes.front(), names))
          << "seed " << seed << ": " << text;
      const std::string_view type = scanner().find_resource_type(line.begin());
      const Value expected = (*document)->root()["resourceType"];
      ASSERT_EQ(type, expected.is_string() ? expected.raw().substr(1, expected.raw().size() - 2)
                                           : std::string_view())
          << text;
    }
  }
}

TEST_P(ScanTest, EveryCutOfALineIsAnErrorInsideIt) {
  TestNames names;
  std::vector<ShapeNode> everything(1);
  everything[0].whole = true;
  const Shape whole(everything, &names);
  LineParser whole_parser(whole, scanner());
  for (uint64_t seed = 1000; seed < 1030; ++seed) {
    RandomJson random(seed);
    const std::string text = random.object(0);
    if (text.size() > 1500) continue;
    const Shape shape(random_shape(random, names), &names);
    LineParser parser(shape, scanner());
    for (size_t size = 0; size < text.size(); ++size) {
      const PaddedLine line(text.substr(0, size), size % 2 == 0 ? "\"" : "\":{}]}");
      LineResult result = whole_parser.parse("", line.begin());
      const bool blank = size == 0;
      ASSERT_EQ(result.kind, blank ? LineResult::Kind::kBlank : LineResult::Kind::kError)
          << text.substr(0, size);
      ASSERT_GE(result.stop, line.begin());
      ASSERT_LE(result.stop, line.end()) << text.substr(0, size);
      result = parser.parse("", line.begin());
      ASSERT_GE(result.stop, line.begin());
      ASSERT_LE(result.stop, line.end()) << text.substr(0, size);
      const std::string_view type = scanner().find_resource_type(line.begin());
      ASSERT_TRUE(type.empty() || type.data() + type.size() <= line.end());
    }
  }
}

TEST_P(ScanTest, DamagedLinesAreJudgedAsByTheValidator) {
  TestNames names;
  std::vector<ShapeNode> everything(1);
  everything[0].whole = true;
  const Shape whole(everything, &names);
  LineParser whole_parser(whole, scanner());
  static constexpr std::string_view kBytes = "\"\\{}[]:,0-e.tn \t\r\x01\x7F\x80\xC3\xFF";
  for (uint64_t seed = 2000; seed < 2040; ++seed) {
    RandomJson random(seed);
    const std::string good = random.object(0);
    const Shape shape(random_shape(random, names), &names);
    LineParser parser(shape, scanner());
    for (int round = 0; round < 60; ++round) {
      std::string text = good;
      for (size_t i = random.below(3) + 1; i > 0; --i) {
        const size_t at = random.below(text.size());
        const char byte = kBytes[random.below(kBytes.size())];
        switch (random.below(3)) {
          case 0:
            text[at] = byte;
            break;
          case 1:
            text.insert(at, 1, byte);
            break;
          default:
            text.erase(at, random.below(4) + 1);
        }
        if (text.empty()) text = "{";
      }
      const PaddedLine line(text);
      const LineResult result = whole_parser.parse("", line.begin());
      ASSERT_LE(result.stop, line.end()) << text;
      const auto problem = find_problem(text);
      // The parser does not look at these two in keys; the validator knows scalars and arrays, too.
      const std::string_view message = problem ? problem->message : "";
      const bool keys_only =
          message == "a key is given twice" || message == "a string is not valid UTF-8";
      const bool nested = result.error != nullptr &&
                          std::string_view(result.error) == "an array directly inside an array";
      const bool other = !problem && text.find('{') != text.find_first_not_of(" \t\r");
      if (!keys_only && !nested && !other) {
        ASSERT_EQ(result.kind == LineResult::Kind::kError, problem.has_value())
            << (problem ? problem->message : result.error) << ": " << text;
      }
      const LineResult pruned = parser.parse("", line.begin());
      ASSERT_GE(pruned.stop, line.begin()) << text;
      ASSERT_LE(pruned.stop, line.end()) << text;
      if (pruned.kind == LineResult::Kind::kError && !nested && !other) {
        ASSERT_TRUE(problem.has_value()) << pruned.error << ": " << text;
      }
    }
  }
}

TEST_P(ScanTest, LinesThatEndAtEveryOffsetOfABlock) {
  TestNames names;
  ShapeBuilder builder;
  builder.field(kRootShape, "s", names.id("s"));
  builder.field(kRootShape, "n", names.id("n"));
  const Shape shape(builder.build(), &names);
  LineParser parser(shape, scanner());
  for (size_t size = 0; size < 300; ++size) {
    const std::string inner(size, 'x');
    for (const std::string_view padding : {"\"", "\\", "}", "{", "]", "\n", "0"}) {
      const std::string kept = "{\"s\":\"" + inner + "\",\"n\":1}";
      const PaddedLine line(kept, padding);
      const LineResult result = parser.parse("", line.begin());
      ASSERT_EQ(result.kind, LineResult::Kind::kResource) << size;
      ASSERT_EQ(show(parser.tape(), 0, names), "{s:\"" + inner + "\",n:1}");
      const PaddedLine skipped("{\"x\":\"" + inner + "\",\"y\":[\"" + inner + "\"]}", padding);
      ASSERT_EQ(parser.parse("", skipped.begin()).stop, skipped.end()) << size;
      for (const std::string start : {"{\"s\":\"", "{\"x\":\"", "{\"x\":[\"", "{\"x\":[", "{\""}) {
        const PaddedLine cut(start + inner, padding);
        const LineResult bad = parser.parse("", cut.begin());
        ASSERT_EQ(bad.kind, LineResult::Kind::kError) << start << size;
        ASSERT_EQ(bad.stop, cut.end()) << start << size;
      }
    }
  }
}

TEST_P(ScanTest, BackslashesBeforeQuotesAtEveryOffset) {
  TestNames names;
  ShapeBuilder builder;
  builder.field(kRootShape, "s", names.id("s"));
  const Shape shape(builder.build(), &names);
  LineParser parser(shape, scanner());
  for (size_t size = 0; size < 140; ++size) {
    for (size_t pairs = 0; pairs < 5; ++pairs) {
      std::string text(size, 'x');
      for (size_t i = 0; i < pairs; ++i) text += "\\\\";
      const std::string inner = text + "\\\"]}" + text;
      const PaddedLine kept("{\"s\":\"" + inner + "\"}");
      ASSERT_EQ(parser.parse("", kept.begin()).kind, LineResult::Kind::kResource);
      ASSERT_EQ(parser.tape()[1].view(), inner) << size << " " << pairs;
      const PaddedLine skipped("{\"a\":\"" + inner + "\",\"b\":[{\"c\":\"" + inner +
                               "\"}],\"s\":7}");
      ASSERT_EQ(parser.parse("", skipped.begin()).kind, LineResult::Kind::kResource);
      ASSERT_EQ(show(parser.tape(), 0, names), "{s:7}") << size << " " << pairs;
    }
  }
}

TEST_P(ScanTest, BracketsAtEveryOffset) {
  TestNames names;
  ShapeBuilder builder;
  builder.field(kRootShape, "s", names.id("s"));
  const Shape shape(builder.build(), &names);
  LineParser parser(shape, scanner());
  for (size_t size = 0; size < 140; ++size) {
    for (const size_t depth : {1UL, 2UL, 63UL, 64UL, 65UL, 200UL}) {
      const std::string text = "{\"a\":" + std::string(depth, '[') + std::string(size, ' ') +
                               "\"]}\"" + std::string(depth, ']') + ",\"s\":7}";
      const PaddedLine line(text, "]}");
      ASSERT_EQ(parser.parse("", line.begin()).kind, LineResult::Kind::kResource);
      ASSERT_EQ(show(parser.tape(), 0, names), "{s:7}") << size << " " << depth;
    }
  }
}

TEST_P(ScanTest, BadBytesInStringsAtEveryOffset) {
  TestNames names;
  ShapeBuilder builder;
  builder.field(kRootShape, "s", names.id("s"));
  const Shape shape(builder.build(), &names);
  LineParser parser(shape, scanner());
  for (size_t size = 0; size < 140; ++size) {
    for (const std::string bad : {"\x01", "\t", "\xFF", "\xC3", "\\x", "\x1F"}) {
      const std::string inner = std::string(size, 'x') + bad;
      const PaddedLine line("{\"s\":\"" + inner + "zz\"}");
      const LineResult result = parser.parse("", line.begin());
      ASSERT_EQ(result.kind, LineResult::Kind::kError) << size;
      ASSERT_EQ(line.offset_of(result.stop), 6 + size);
      // What is jumped over is not looked at, but for control characters.
      const PaddedLine skipped("{\"a\":\"" + inner + "zz\"}");
      const LineResult passed = parser.parse("", skipped.begin());
      const bool control = static_cast<unsigned char>(bad[0]) < 0x20;
      ASSERT_EQ(passed.kind, control ? LineResult::Kind::kError : LineResult::Kind::kResource);
      if (control) {
        ASSERT_EQ(skipped.offset_of(passed.stop), 6 + size);
      }
    }
  }
}

TEST_P(ScanTest, NeedlesAreFoundAtEveryOffset) {
  for (const std::string text :
       {"ab", "\"85354-9\"", "valueQuantity", "Quantity\"",
        "a needle of sixty-four bytes is the longest that may be given.."}) {
    const Needle needle(text);
    EXPECT_LT(needle.probe_a, text.size());
    EXPECT_LT(needle.probe_b, text.size());
    for (size_t before = 0; before < 200; ++before) {
      for (const size_t after : {0UL, 1UL, 63UL, 100UL}) {
        const std::string hay(before, text[0]);
        const PaddedLine line("{" + hay + text + std::string(after, '}'), text);
        SearchResult found = scanner().search_line(needle, line.begin() + 1);
        ASSERT_TRUE(found.found) << text << " " << before;
        // All but its last byte, which comes only behind the line's end.
        const PaddedLine cut("{" + hay + text.substr(0, text.size() - 1), text);
        found = scanner().search_line(needle, cut.begin() + 1);
        ASSERT_FALSE(found.found) << text << " " << before;
        ASSERT_EQ(found.end.newline, cut.end());
      }
    }
  }
}

TEST_P(ScanTest, UnicodeEscapesMightHideANeedle) {
  const Needle needle("\"85354-9\"");
  for (size_t before = 0; before < 130; ++before) {
    const std::string hay(before, 'x');
    const auto finds = [&](const std::string& text, std::string_view padding = "\"") {
      return scanner().search_line(needle, PaddedLine("{" + text, padding).begin() + 1).found;
    };
    EXPECT_TRUE(finds(hay + "\\u0038"));
    EXPECT_FALSE(finds(hay + "\\n8u"));
    EXPECT_FALSE(finds(hay, "\\u"));
  }
}

/// The bytes of interest at every offset to the blocks of 64 bytes, and the end behind them.
TEST_P(ScanTest, LineEndsAtEveryOffset) {
  const auto end_of = [&](const std::string& text, std::string_view padding = "\n{\1x") {
    const PaddedLine line(text, padding);
    const LineEnd end = scanner().find_line_end(line.begin() + 1);
    EXPECT_EQ(end.newline, line.end()) << text;
    const SearchResult search = scanner().search_line(Needle("needle"), line.begin() + 1);
    EXPECT_FALSE(search.found);
    EXPECT_EQ(search.end.newline, end.newline);
    EXPECT_EQ(search.end.usual, end.usual) << text;
    return end.usual;
  };
  for (size_t size = 0; size < 150; ++size) {
    for (const size_t rest : {0UL, 1UL, 62UL, 63UL, 64UL, 65UL}) {
      const std::string before = "{" + std::string(size, 'x');
      const std::string after = std::string(rest, 'x') + "}";
      for (const std::string good :
           {"", "\t", "[{", ":{", ",{", ", {", ":\t{", "[  {", "\"{s", "} {{s", "}{}", "\\"}) {
        const bool odd = good == "}{}";
        ASSERT_EQ(end_of(before + good + after), !odd) << good << size;
        ASSERT_EQ(end_of(before + good + after + " \t\r"), !odd) << good << size;
      }
      for (const std::string& bad :
           {std::string(1, '\0'), std::string("\r"), std::string("\x1f"), std::string("}{\""),
            std::string("x{}"), std::string("\x01{"), std::string("\x1a{\t"), std::string("\xac{ "),
            std::string("} {}"), std::string("}\t {\""), std::string("x  {\"")}) {
        ASSERT_FALSE(end_of(before + bad + after)) << bad << size;
      }
      ASSERT_FALSE(end_of(before + after + "]"));
      ASSERT_FALSE(end_of(before + std::string(rest + 1, 'x')));
    }
  }
}

TEST_P(ScanTest, OneObjectAtEveryOffset) {
  const auto is_one = [&](const std::string& text) {
    return scanner().is_one_object(PaddedLine(text, "\n}]\"").begin());
  };
  for (size_t size = 0; size < 150; ++size) {
    const std::string x(size, 'x');
    for (const std::string& good :
         {"{\"a\":\"" + x + "{score}\"}", " \t{\"a\":[" + x + "{},{\"b\":\"}{\"}]} \t\r",
          "{\"" + x + "\\\"{\":{}}", "{" + x + "}"}) {
      ASSERT_TRUE(is_one(good)) << good;
      for (size_t cut = good.find('{') + 1; cut <= good.rfind('}'); ++cut) {
        ASSERT_FALSE(is_one(good.substr(0, cut))) << good << cut;
        const std::string next = "{\"resourceType\":\"Patient\",\"id\":\"1\"}";
        ASSERT_FALSE(is_one(good.substr(0, cut) + next)) << good << cut;
      }
      ASSERT_FALSE(is_one(good + good)) << good;
      ASSERT_FALSE(is_one(good + "x")) << good;
      ASSERT_FALSE(is_one("x" + good)) << good;
      ASSERT_FALSE(is_one("[" + good + "]")) << good;
    }
    for (const std::string& bad : {std::string(), std::string(" "), "{\"" + x + "\x01\"}",
                                   "{" + x + "]", "{\"" + x + "}", "{" + x + "{}"}) {
      ASSERT_FALSE(is_one(bad)) << bad;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ScanTest, testing::Range(size_t{0}, Scanner::all().size()),
                         [](const auto& test) {
                           return std::string(Scanner::all()[test.param].target);
                         });

}  // namespace
}  // namespace kiln::json
