#include "json/line_parser.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "json/padded_line.h"

namespace kiln::json {
namespace {

/// Each test runs on every SIMD target that the machine has.
class LineParserTest : public testing::TestWithParam<size_t> {
 protected:
  const Scanner& scanner() const { return Scanner::all()[GetParam()]; }

  /// A shape from paths such as "name.family"; a path that ends in ".*" keeps everything below.
  Shape shape_of(const std::vector<std::string>& paths) {
    ShapeBuilder builder;
    for (const std::string& path : paths) {
      ShapeId at = kRootShape;
      for (size_t begin = 0; begin <= path.size();) {
        const size_t end = std::min(path.find('.', begin), path.size());
        const std::string key = path.substr(begin, end - begin);
        if (key == "*") {
          builder.need_whole(at);
        } else {
          at = builder.field(at, key, names_.id(key));
        }
        begin = end + 1;
      }
    }
    return Shape(builder.build(), &names_);
  }

  /// What is kept, or "offset: message" of the error, or the kind.
  std::string parse(LineParser& parser, std::string_view text, std::string_view type = "",
                    std::string_view padding = "\"") {
    const PaddedLine line(text, padding);
    const LineResult result = parser.parse(type, line.begin());
    EXPECT_GE(result.stop == nullptr ? line.begin() : result.stop, line.begin());
    EXPECT_LE(result.stop == nullptr ? line.begin() : result.stop, line.end()) << text;
    EXPECT_EQ(result.error != nullptr, result.kind == LineResult::Kind::kError);
    switch (result.kind) {
      case LineResult::Kind::kBlank:
        return "blank";
      case LineResult::Kind::kOtherType:
        EXPECT_EQ(parser.tape().size(), 0U);
        return "other type";
      case LineResult::Kind::kError:
        return std::to_string(line.offset_of(result.stop));
      case LineResult::Kind::kResource:
        break;
    }
    return show(parser.tape(), 0, names_);
  }
  std::string parse(const Shape& shape, std::string_view text, std::string_view type = "",
                    std::string_view padding = "\"") {
    LineParser parser(shape, scanner());
    return parse(parser, text, type, padding);
  }
  std::string parse_whole(std::string_view text) { return parse(shape_of({"*"}), text); }

  TestNames names_;
};

TEST_P(LineParserTest, KeepsWhatTheShapeAsksFor) {
  const Shape shape = shape_of({"id", "name.family", "name.given"});
  EXPECT_EQ(parse(shape, R"({"resourceType":"Patient","id":"a","meta":{"id":"no"},)"
                         R"("name":[{"use":"x","family":"F","given":["G","H"]},{"text":"t"}],)"
                         R"("active":true})"),
            R"({id:"a",name:[{family:"F",given:["G","H"]},{}]})");
  EXPECT_EQ(parse(shape, "{}"), "{}");
  EXPECT_EQ(parse(shape, R"({"x":1})"), "{}");
}

TEST_P(LineParserTest, KeysThatBeginAlikeAreTold) {
  const Shape shape = shape_of({"a", "ab", "abc", "_a", "abcdefghijklmnop", "abcdefghijklmnopq"});
  EXPECT_EQ(
      parse(shape, R"({"abcdefghijklmnopX":0,"abcdefghijklmno":0,"abcd":0,"b":0,"A":0,"a ":0,)"
                   R"("abc":3,"_a":4,"ab":2,"a":1,"abcdefghijklmnopq":6,)"
                   R"("abcdefghijklmnop":5})"),
      "{abc:3,_a:4,ab:2,a:1,abcdefghijklmnopq:6,abcdefghijklmnop:5}");
}

TEST_P(LineParserTest, KeysOfAnyLength) {
  for (size_t size = 0; size < 140; ++size) {
    const std::string key(size, 'k');
    const Shape shape = shape_of({key + ".v", "z"});
    EXPECT_EQ(parse(shape, "{\"" + key + "k\":1,\"" + key + "\":{\"v\":2},\"z\":3}"),
              "{" + key + ":{v:2},z:3}");
    EXPECT_EQ(parse(shape, "{\"z\":3,\"" + key + "\" : {\"u\":1}}"), "{z:3," + key + ":{}}");
  }
}

TEST_P(LineParserTest, EscapedKeysAreTheKeysTheyMean) {
  const Shape shape = shape_of({"id", "a\"b", "\xC3\xA9"});
  EXPECT_EQ(parse(shape, R"({"\u0069d":1,"a\"b":2,"\u00e9":3})"), "{id:1,a\"b:2,\xC3\xA9:3}");
  EXPECT_EQ(parse(shape, R"({"a\u0022b":2,"i\u0064":1})"), "{a\"b:2,id:1}");
  EXPECT_EQ(parse(shape, R"({"i\d":1,"\\id":1})"), "{}");
  names_.id("id");
  EXPECT_EQ(parse_whole(R"({"\u0069d":1,"x\\":2})"), "{id:1,?:2}");
  EXPECT_EQ(parse_whole(R"({"a\q":1})"), "3");
}

TEST_P(LineParserTest, WhiteSpaceMayStandAnywhere) {
  const Shape shape = shape_of({"a", "b.c", "d"});
  const Shape whole = shape_of({"*"});
  const std::vector<std::string> tokens = {
      "{",     "\"x\"", ":", "1",     ",", "\"a\"", ":",     "[", "1",    ",",
      "\"s\"", "]",     ",", "\"b\"", ":", "{",     "\"c\"", ":", "true", "}",
      ",",     "\"y\"", ":", "{",     "}", ",",     "\"d\"", ":", "null", "}"};
  LineParser parser(shape, scanner());
  LineParser whole_parser(whole, scanner());
  names_.id("x");
  names_.id("y");
  const std::vector<std::string> spaces = {"", " ", "\t", "\r", " \t\r ", std::string(70, ' ')};
  for (const std::string& space : spaces) {
    for (size_t at = 0; at <= tokens.size() + 1; ++at) {  // before one token, or before each
      std::string text;
      for (size_t i = 0; i < tokens.size(); ++i) {
        if (i == at || at == tokens.size() + 1) text += space;
        text += tokens[i];
      }
      if (at >= tokens.size()) text += space;
      ASSERT_EQ(parse(parser, text), "{a:[1,\"s\"],b:{c:true},d:null}") << text;
      ASSERT_EQ(parse(whole_parser, text), "{x:1,a:[1,\"s\"],b:{c:true},y:{},d:null}") << text;
    }
  }
}

TEST_P(LineParserTest, OtherBytesAreNoSpace) {
  for (const std::string space : {"\v", "\f", "\xC2\xA0", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(parse_whole("{\"a\":" + space + "1}"), "5");
    EXPECT_EQ(parse_whole(space + "{}"), "0");
    EXPECT_EQ(parse_whole("{}" + space), "2");
  }
  EXPECT_EQ(parse_whole(std::string("{}\0", 3)), "2");
}

TEST_P(LineParserTest, TheOrderOfKeysIsLearntAndMayChange) {
  const Shape shape = shape_of({"a", "b", "c.d", "c.e"});
  LineParser parser(shape, scanner());
  const std::pair<std::string, std::string> lines[] = {
      {R"({"x":0,"a":1,"y":[],"b":2,"c":{"d":3,"u":0,"e":4}})", "{a:1,b:2,c:{d:3,e:4}}"},
      {R"({"x":0,"a":1,"y":[],"b":2,"c":{"d":3,"u":0,"e":4}})", "{a:1,b:2,c:{d:3,e:4}}"},
      {R"({"b":2,"x":0,"c":{"e":4,"d":3},"a":1})", "{b:2,c:{e:4,d:3},a:1}"},
      {R"({"a":1,"b":2})", "{a:1,b:2}"},
      {R"({"a" :1,"b": 2,"c":{ "d":3}})", "{a:1,b:2,c:{d:3}}"},
      {R"({"\u0061":1,"b":2})", "{a:1,b:2}"},
      {R"({"a":1,"new":0,"newer":0,"b":2,"newest":0,"c":{}})", "{a:1,b:2,c:{}}"},
      {R"({"x":0,"a":1,"y":[],"b":2,"c":{"d":3,"u":0,"e":4}})", "{a:1,b:2,c:{d:3,e:4}}"},
      {"{}", "{}"},
      {R"({"c":{"e":4},"b":2})", "{c:{e:4},b:2}"},
      {R"({"y":[],"b":2})", "{b:2}"},
  };
  for (int round = 0; round < 3; ++round) {
    for (const auto& [text, kept] : lines) {
      ASSERT_EQ(parse(parser, text), kept) << round << " " << text;
    }
  }
}

TEST_P(LineParserTest, MoreKeysThanTheOrderHolds) {
  const Shape shape = shape_of({"k5", "k23", "k24", "k25", "k60", "k99"});
  LineParser parser(shape, scanner());
  for (int step : {1, 1, 7, 1, 13, 3}) {  // each permutes the keys in another way
    std::string text = "{";
    std::vector<int> wanted;
    for (int i = 0; i < 100; ++i) {
      const int k = i * step % 100;
      text += "\"k" + std::to_string(k) + "\":" + std::to_string(k) + (i < 99 ? "," : "}");
      if (k == 5 || (k >= 23 && k <= 25) || k == 60 || k == 99) wanted.push_back(k);
    }
    std::string kept = "{";
    for (const int k : wanted) {
      kept += (kept.size() > 1 ? ",k" : "k") + std::to_string(k) + ":" + std::to_string(k);
    }
    ASSERT_EQ(parse(parser, text), kept + "}") << step;
  }
}

TEST_P(LineParserTest, MoreThan63WantedKeys) {
  std::vector<std::string> keys;
  std::string text = "{";
  std::string kept = "{";
  for (int i = 0; i < 80; ++i) {
    keys.push_back("key" + std::to_string(i));
    text += (i > 0 ? ",\"" : "\"") + keys.back() + "\":" + std::to_string(i) + ",\"no\":{}";
    kept += (i > 0 ? "," : "") + keys.back() + ":" + std::to_string(i);
  }
  EXPECT_EQ(parse(shape_of(keys), text + "}"), kept + "}");
}

TEST_P(LineParserTest, OfEqualKeysTheFirstWins) {
  const Shape shape = shape_of({"a", "b.c", "d"});
  EXPECT_EQ(parse(shape, R"({"a":1,"a":2,"b":{"c":3,"c":4},"b":{"c":5},"\u0061":6,"d":7})"),
            "{a:1,b:{c:3},d:7}");
  EXPECT_EQ(parse(shape, R"({"\u0061":6,"a":[1,{"x":2}],"d":7})"), "{a:6,d:7}");
}

TEST_P(LineParserTest, ReadingStopsWhenNothingMoreIsWanted) {
  const Shape shape = shape_of({"a", "b.c"});
  const PaddedLine line(R"({"a":1,"b":{"c":2,"rest":?}, and no JSON here)");
  LineParser parser(shape, scanner());
  const LineResult result = parser.parse("", line.begin());
  ASSERT_EQ(result.kind, LineResult::Kind::kResource);
  EXPECT_EQ(show(parser.tape(), 0, names_), "{a:1,b:{c:2}}");
  EXPECT_EQ(line.offset_of(result.stop), 17U);
  EXPECT_EQ(parser.tape()[0].length, 0U);  // its end was not looked for
}

TEST_P(LineParserTest, ItemLimitsAreKeptAndTheRestIsSkipped) {
  ShapeBuilder builder;
  const ShapeId list = builder.field(kRootShape, "a", names_.id("a"));
  builder.need_items(list, 2);
  builder.field(list, "x", names_.id("x"));
  builder.field(kRootShape, "b", names_.id("b"));
  const Shape shape(builder.build(), nullptr);
  EXPECT_EQ(parse(shape, R"({"a":[{"x":1,"y":[{}]},{"y":"]","x":2},{"x":3},[[}]],"b":4})"),
            "{a:[{x:1},{x:2}],b:4}");
  EXPECT_EQ(parse(shape, R"({"b":4,"a":[{"x":1},{"x":2},"no end)"), "{b:4,a:[{x:1},{x:2}]}");
  EXPECT_EQ(parse(shape, R"({"a":[{"x":1}],"b":4})"), "{a:[{x:1}],b:4}");
  EXPECT_EQ(parse(shape, R"({"a":[],"b":4})"), "{a:[],b:4}");
  EXPECT_EQ(parse(shape, R"({"a":{"x":1},"b":4})"), "{a:{x:1},b:4}");
}

TEST_P(LineParserTest, ValuesLeftEarlyAreClosedBeforeTheNextKey) {
  const Shape shape = shape_of({"a.b.c", "z"});
  EXPECT_EQ(parse(shape, R"({"a":[{"b":[{"c":1,"n":{"z":0}}],"m":[{}]},{"b":{"c":2}}],"z":3})"),
            "{a:[{b:[{c:1}]},{b:{c:2}}],z:3}");
  EXPECT_EQ(parse(shape, R"({"a":{"b":{"c":1,"s":"}]"},"z":9},"z":3})"), "{a:{b:{c:1}},z:3}");
}

TEST_P(LineParserTest, WholeObjectsSpanTheirText) {
  const Shape shape = shape_of({"a.*", "z"});
  const std::string inner = R"({ "x" : [ 1 , {} ], "y":{"a":"}"} })";
  const PaddedLine line("{\"a\":" + inner + ",\"z\":1}");
  LineParser parser(shape, scanner());
  ASSERT_EQ(parser.parse("", line.begin()).kind, LineResult::Kind::kResource);
  EXPECT_EQ(parser.tape()[1].view(), inner);
  EXPECT_EQ(parser.tape()[2].view(), "[ 1 , {} ]");
}

TEST_P(LineParserTest, TypesAreCheckedAsSoonAsTheyAreRead) {
  const Shape shape = shape_of({"resourceType", "id"});
  EXPECT_EQ(parse(shape, R"({"resourceType":"Patient","id":1})", "Patient"),
            R"({resourceType:"Patient",id:1})");
  EXPECT_EQ(parse(shape, R"({"id":1,"resourceType":"Pati\u0065nt"})", "Patient"),
            R"({id:1,resourceType:"Pati\u0065nt"})");
  EXPECT_EQ(parse(shape, R"({"resourceType":"Patients"} and no JSON)", "Patient"), "other type");
  EXPECT_EQ(parse(shape, R"({"id":1,"resourceType":"Group"})", "Patient"), "other type");
  EXPECT_EQ(parse(shape, R"({"resourceType":1,"id":1})", "Patient"), "other type");
  EXPECT_EQ(parse(shape, R"({"resourceType":{},"id":1})", "Patient"), "other type");
  EXPECT_EQ(parse(shape, R"({"resourceType":"","id":1})", "Patient"), "other type");
  EXPECT_EQ(parse(shape, R"({"id":1})", "Patient"), "0");
  EXPECT_EQ(parse(shape, "  {}", "Patient"), "0");
  EXPECT_EQ(parse(shape, R"({"id":1})", ""), "{id:1}");
}

TEST_P(LineParserTest, TypesAreCheckedInWholeResources) {
  const Shape whole = shape_of({"*"});
  for (const char* key : {"resourceType", "contained", "id"}) names_.id(key);
  EXPECT_EQ(parse(whole, R"({"contained":[{"resourceType":"Group"}],"resourceType":"Patient"})",
                  "Patient"),
            R"({contained:[{resourceType:"Group"}],resourceType:"Patient"})");
  EXPECT_EQ(parse(whole, R"({"resourceType":"Group"})", "Patient"), "other type");
  EXPECT_EQ(parse(whole, R"({"\u0072esourceType":"Group"})", "Patient"), "other type");
  EXPECT_EQ(parse(whole, R"({"id":1})", "Patient"), "0");
}

TEST_P(LineParserTest, BlankLines) {
  const Shape shape = shape_of({"id"});
  const std::vector<std::string> lines = {"", " ", "\r", "\t \r", std::string(300, ' ')};
  for (const std::string& text : lines) {
    EXPECT_EQ(parse(shape, text, "Patient"), "blank");
  }
}

TEST_P(LineParserTest, PositionsOfErrors) {
  const Shape shape = shape_of({"a", "b.c"});
  const std::pair<std::string, size_t> cases[] = {
      {"3", 0},
      {"[{}]", 0},
      {"\"a\"", 0},
      {"  x", 2},
      {R"({"a":1} x)", 8},
      {R"({"a":1}{"a":2})", 7},
      {R"({"a":1)", 6},
      {R"({"a":1,)", 7},
      {R"({"a":1,})", 7},
      {R"({"a":})", 5},
      {R"({"a" 1})", 5},
      {R"({"a"})", 4},
      {R"({"x" 1})", 5},
      {R"({a:1})", 1},
      {R"({"a":1 "b":2})", 7},
      {R"({"a":01})", 5},
      {R"({"a":[1 2]})", 8},
      {R"({"a":[1,]})", 8},
      {R"({"a":[[1]]})", 6},
      {R"({"a":[}]})", 6},
      {R"({"a":{"x":1})", 12},
      {R"({"x":{"y":1)", 11},
      {R"({"x":"y)", 7},
      {R"({"x":})", 5},
      {R"({"x":,"a":1})", 5},
      {R"({"b":{"c":tru}})", 10},
      {R"({"a":"\x"})", 6},
      {R"({"a":"ok\uD800"})", 8},
      {"{\"a\":\"o\tk\"}", 7},
      {"{\"a\":\"ok\xFF\"}", 8},
      {"{\"a\":\"\xC3\xA9\xE2\x82\"}", 8},
      {"{\"a", 3},
      {"{\"abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz", 55},
      {"{\"a\tb\":1}", 3},
      {"{", 1},
      {"{\"a\":", 5},
      {"{\"a\":\"", 6},
      {"{\"a\":\"\\", 7},
      {"{\"x\":\"\\", 7},
      {"{\"a\":-", 5},
  };
  for (const auto& [text, offset] : cases) {
    for (const std::string_view padding : {"\"", "}", "\\", ":", "a", " ", "\":1}"}) {
      EXPECT_EQ(parse(shape, text, "", padding), std::to_string(offset)) << text << padding;
    }
  }
}

TEST_P(LineParserTest, KeysDoNotGoOnInTheNextLine) {
  const Shape shape = shape_of({"a", "b"});
  LineParser parser(shape, scanner());
  for (const std::string next : {"\":1,\"b\":2}", "a\":1}", "{\"b\":2}"}) {
    EXPECT_EQ(parse(parser, "{\"", "", next + "\n"), "2") << next;
    EXPECT_EQ(parse(parser, "{\"x\":0,\"", "", next + "\n"), "8") << next;
    EXPECT_EQ(parse(shape_of({"*"}), "{\"", "", next + "\n"), "2") << next;
  }
}

TEST_P(LineParserTest, NumbersAreThoseOfJson) {
  const Shape shape = shape_of({"n", "z"});
  for (const std::string number :
       {"0", "-0", "1.50", "-1e5", "1E+05", "0.0e-0", "1e999",
        "123456789012345678901234567890.123456789012345678901234567890"}) {
    for (const std::string after : {"", " ", "\t"}) {
      EXPECT_EQ(parse(shape, "{\"n\":" + number + after + ",\"z\":[" + number + after + "]}"),
                "{n:" + number + ",z:[" + number + "]}");
    }
  }
  for (const std::string bad :
       {"01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "Infinity", "tru", "TRUE", "nulll",
        "1a", "1_000", "--1", "1.2.3", "\xD9\xA1"}) {
    EXPECT_EQ(parse(shape, "{\"n\":" + bad + "}"), "5") << bad;
    EXPECT_EQ(parse(shape, "{\"n\":[1," + bad + "]}"), "8") << bad;
    EXPECT_EQ(parse(shape, "{\"x\":" + bad + ",\"n\":1,\"z\":2}"), "{n:1,z:2}") << bad;
  }
}

TEST_P(LineParserTest, StringsKeepTheirEscapes) {
  const Shape shape = shape_of({"s"});
  for (const std::string text :
       {R"(\"\\\/\b\f\n\r\t)", R"(\u0000)", R"(\uD83D\uDE00)", R"(\\)", R"(\\\\\")", R"(\\\"\\)",
        "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "{}[],:", "\x7F"}) {
    const PaddedLine line("{\"s\":\"" + text + "\"}");
    LineParser parser(shape, scanner());
    ASSERT_EQ(parser.parse("", line.begin()).kind, LineResult::Kind::kResource) << text;
    EXPECT_EQ(parser.tape()[1].view(), text);
    EXPECT_EQ(parser.tape()[1].escaped, text.find('\\') != std::string::npos);
  }
}

TEST_P(LineParserTest, NestingHasABound) {
  const auto nested = [](size_t depth, const std::string& open, const std::string& close) {
    std::string text;
    for (size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (size_t i = 0; i < depth; ++i) text += close;
    return text;
  };
  const auto kMost = static_cast<size_t>(kMaxDepth);
  names_.id("a");
  EXPECT_EQ(parse_whole(nested(kMost, "{\"a\":", "}")), nested(kMost, "{a:", "}"));
  EXPECT_EQ(parse_whole(nested(kMost + 1, "{\"a\":", "}")), std::to_string(5 * kMost));
  EXPECT_EQ(parse_whole(nested(kMost / 2 + 1, "{\"a\":[", "]}")), std::to_string(6 * kMost / 2));
  EXPECT_EQ(parse_whole(nested(1'000'000, "{\"a\":", "}")), std::to_string(5 * kMost));
  // What is jumped over may be nested as deep as it likes.
  const Shape shape = shape_of({"z"});
  const std::string deep = "{\"a\":" + nested(1'000'000, "[", "]") + ",\"z\":1}";
  EXPECT_EQ(parse(shape, deep), "{z:1}");
  EXPECT_EQ(parse(shape, deep.substr(0, 1'500'000)), "1500000");
}

TEST_P(LineParserTest, AShapeInsideItself) {
  ShapeBuilder builder;
  const ShapeId item = builder.field(kRootShape, "item", names_.id("item"));
  builder.field(item, "id", names_.id("id"));
  builder.unify(item, builder.field(item, "item", names_.id("item")));
  const Shape shape(builder.build(), nullptr);
  EXPECT_EQ(parse(shape, R"({"x":1,"item":[{"id":1,"item":[{"id":2},{"y":{"id":0},"id":3,)"
                         R"("item":[{"item":[],"id":4}]}]},{"id":5}]})"),
            "{item:[{id:1,item:[{id:2},{id:3,item:[{item:[],id:4}]}]},{id:5}]}");
}

TEST_P(LineParserTest, FindsTheResourceType) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"resourceType":"Patient"})", "Patient"},
      {R"( { "id" : "a" , "resourceType" : "Group" , no JSON)", "Group"},
      {R"({"contained":[{"resourceType":"No"}],"x":{"resourceType":"No"},"resourceType":"Yes"})",
       "Yes"},
      {R"({"s":"\"resourceType\":\"No\"","n":-1e5,"resourceType":"Yes"})", "Yes"},
      {R"({"resourceTyp\u0065":"Yes"})", "Yes"},
      {R"({"resourceType":"Pati\u0065nt"})", R"(Pati\u0065nt)"},
      {R"({"resourceType":1})", ""},
      {R"({"resourceType":{"a":"b"}})", ""},
      {R"({"resourceType":"Patient)", ""},
      {R"({"resourceType)", ""},
      {R"({"resourceType")", ""},
      {R"({"a":1 "resourceType":"No"})", ""},
      {R"({"a" "resourceType":"No"})", ""},
      {R"({"a":[1,"resourceType":"No"})", ""},
      {R"({"a":"\","resourceType":"No"})", ""},
      {R"(["resourceType"])", ""},
      {"{}", ""},
      {"", ""},
      {"{", ""},
      {"   \r", ""},
  };
  for (const auto& [text, type] : cases) {
    for (const std::string_view padding : {"\"", "}", "\":\"x\"", "\\"}) {
      const PaddedLine line(text, padding);
      EXPECT_EQ(scanner().find_resource_type(line.begin()), type) << text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, LineParserTest, testing::Range(size_t{0}, Scanner::all().size()),
                         [](const auto& test) {
                           return std::string(Scanner::all()[test.param].target);
                         });

TEST(ScannerTest, TheBestIsTheFirst) {
  ASSERT_FALSE(Scanner::all().empty());
  EXPECT_EQ(Scanner::best().target, Scanner::all().front().target);
  const PaddedLine line(R"({"resourceType":"Patient"})");
  EXPECT_EQ(find_resource_type(line.begin()), "Patient");
}

}  // namespace
}  // namespace kiln::json
