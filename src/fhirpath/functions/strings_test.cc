#include "fhirpath/evaluated_for_test.h"

namespace kiln::fhirpath {
namespace {

TEST(StringsTest, FindsParts) {
  expect_all("", {{"'abcb'.indexOf('b')", "integer 1"},
                  {"'abcb'.indexOf('x')", "integer -1"},
                  {"'abc'.indexOf('')", "integer 0"},
                  {"'äöb'.indexOf('b')", "integer 2"},
                  {"{}.indexOf('b')", ""},
                  {"'abc'.indexOf({})", ""},
                  {"'abcb'.lastIndexOf('b')", "integer 3"},
                  {"'ääb'.lastIndexOf('ä')", "integer 1"},
                  {"'abc'.lastIndexOf('x')", "integer -1"},
                  {"'abc'.startsWith('ab')", "boolean true"},
                  {"'abc'.startsWith('')", "boolean true"},
                  {"'abc'.startsWith('bc')", "boolean false"},
                  {"'abc'.endsWith('bc')", "boolean true"},
                  {"'abc'.endsWith('ab')", "boolean false"},
                  {"'abc'.contains('b')", "boolean true"},
                  {"'abc'.contains('x')", "boolean false"}});
}

TEST(StringsTest, CutsByCodePoints) {
  expect_all("", {{"'abc'.substring(1)", "string bc"},
                  {"'abc'.substring(1, 1)", "string b"},
                  {"'abc'.substring(3)", ""},
                  {"'abc'.substring(-1)", ""},
                  {"'abc'.substring(0, 99)", "string abc"},
                  {"'abc'.substring(1, 0)", "string "},
                  {"'äöü'.substring(1, 1)", "string ö"},
                  {"'😀b'.substring(1)", "string b"},
                  {"'abc'.substring({})", ""},
                  {"{}.substring(1)", ""},
                  {"'äöü😀'.length()", "integer 4"},
                  {"''.length()", "integer 0"},
                  {"'aö😀'.toChars()", "string a, string ö, string 😀"},
                  {"''.toChars()", ""},
                  {"' \\t a b\\n'.trim()", "string a b"},
                  {"'  '.trim()", "string "}});
}

TEST(StringsTest, ChangesText) {
  expect_all("", {{"'aB'.upper()", "string AB"},
                  {"'aB'.lower()", "string ab"},
                  {"'aXbX'.replace('X', '-')", "string a-b-"},
                  {"'abc'.replace('', '-')", "string -a-b-c-"},
                  {"'abc'.replace('x', '-')", "string abc"},
                  {"'abc'.replace('b', '')", "string ac"},
                  {"'abc'.replace('b', {})", ""},
                  {"'a' & 'b'", "string ab"},
                  {"'a' & {}", "string a"},
                  {"{} & {}", "string "},
                  {"'a' + 'b'", "string ab"},
                  {"'a' + {}", ""}});
}

TEST(StringsTest, MatchesRegularExpressions) {
  expect_all("", {{"'abc123'.matches('[0-9]+')", "boolean true"},
                  {"'abc123'.matches('^[0-9]+$')", "boolean false"},
                  {"'abc'.matchesFull('[a-c]')", "boolean false"},
                  {"'abc'.matchesFull('[a-c]+')", "boolean true"},
                  {"'a\\nb'.matches('a.b')", "boolean true"},
                  {"'abc'.matches({})", ""},
                  {"'abc'.matches('(')", "error"},
                  {"'2024-02-29'.replaceMatches('(\\\\d+)-(\\\\d+)-(\\\\d+)', '$3.$2.$1')",
                   "string 29.02.2024"},
                  {"'ab'.replaceMatches('(?P<x>a)', '${x}${x}')", "string aab"},
                  {"'ab'.replaceMatches('', 'x')", "string ab"},
                  {"'ab'.replaceMatches('a', '\\\\')", "string \\b"},
                  {"'ab'.replaceMatches('a', '$5')", "error"},
                  {"'aab'.replaceMatches('x*', '-')", "string -a-a-b-"},
                  {"'aab'.replaceMatches('a*', '-')", "string -b-"},
                  {"'äb'.replaceMatches('', '-')", "string äb"},
                  {"'äb'.replaceMatches('x*', '-')", "string -ä-b-"},
                  {"'abc'.replaceMatches('^.', '-')", "string -bc"},
                  {"'a b'.replaceMatches('\\\\b', '|')", "string |a| |b|"},
                  {"'ab'.replaceMatches('(a)(b)', '$2$1$0$')", "string baab$"},
                  {"'ab'.replaceMatches('(a)', '$12')", "string a2b"}});
}

TEST(StringsTest, GroupsHaveNames) {
  expect_all("", {{"'11/30/1972'.replaceMatches('(?<m>[0-9]+)/(?<d>[0-9]+)/(?<y>[0-9]+)', "
                   "'${d}-${m}-${y} $1 ${no}')",
                   "string 30-11-1972 11 ${no}"},
                  {"'ab'.matches('(?<x>a)b')", "boolean true"},
                  {"'(?<x>'.matches('[(?<x>]+')", "boolean true"},
                  {"'(?<x>'.matchesFull('[(?<x>]+')", "boolean true"},
                  {"'(<'.matchesFull('\\\\(?<')", "boolean true"},
                  {"'[a'.matchesFull('\\\\[(?<x>a)')", "boolean true"},
                  {"']a'.matchesFull('[]](?<x>a)')", "boolean true"},
                  {"'5a'.matchesFull('[[:digit:]](?<x>a)')", "boolean true"},
                  {"'(?<x>a'.matchesFull('\\\\Q(?<x>\\\\E(?<y>a)')", "boolean true"}});
}

TEST(StringsTest, WhatTakesMoreThanLinearTimeIsRefusedByName) {
  for (const auto& [expression, word] :
       {std::pair("'ab'.matches('a(?=b)')", "look-around"),
        std::pair("'ab'.matches('(?<!a)b')", "look-around"),
        std::pair("'aa'.matches('(a)\\\\1')", "back-reference"),
        std::pair("'aa'.matches('(?<x>a)\\\\k<x>')", "back-reference")}) {
    const Evaluated got = evaluate(expression);
    EXPECT_EQ(got.code, base::ErrorCode::kInvalid) << expression;
    EXPECT_NE(got.text.find(word), std::string::npos) << got.text;
    EXPECT_EQ(got.caret, 5U);
  }
  EXPECT_EQ(evaluate("'(?='.matches('[(?=]')").text, "boolean true");
}

TEST(StringsTest, CaseIsThatOfUnicode) {
  expect_all("", {{"'Müller Åß'.lower()", "string müller åß"},
                  {"'müller å'.upper()", "string MÜLLER Å"},
                  {"'Иванов'.upper()", "string ИВАНОВ"},
                  {"'ΓΙΏΡΓΟΣ'.lower()", "string γιώργοσ"},
                  {"'γιώργος'.upper()", "string ΓΙΏΡΓΟΣ"},
                  {"'i'.upper()", "string I"},
                  {"'𐐨'.upper()", "string 𐐀"},
                  {"'MÜLLER'.matches('(?i)müller')", "boolean true"},
                  {"'Müller' ~ 'MÜLLER'", "boolean true"},
                  {"'γιώργος' ~ 'ΓΙΏΡΓΟΣ'", "boolean true"},
                  {"'Straße' ~ 'STRASSE'", "boolean true"},
                  {"'Muller' ~ 'Müller'", "boolean false"},
                  {"'Müller' !~ 'MÜLLER'", "boolean false"},
                  {"('a' | 'Ä' | 'b') ~ ('B' | 'ä' | 'A')", "boolean true"},
                  {"('a' | 'Ä' | 'b') ~ ('B' | 'ä' | 'C')", "boolean false"}});
}

TEST(StringsTest, WhiteSpaceIsASpaceWhereTextsAreEquivalent) {
  expect_all("", {{"'a b' ~ 'a\\tb'", "boolean true"},
                  {"'a b' ~ 'a\\u00a0b'", "boolean true"},
                  {"'a b' ~ 'a\\u2003b'", "boolean true"},
                  {"'a b' ~ 'a\\u0085b'", "boolean true"},
                  {"'a  b' ~ 'a b'", "boolean false"},
                  {"' a' ~ 'a'", "boolean false"},
                  {"'a ' ~ 'a'", "boolean false"},
                  {"'a\\u200bb' ~ 'a b'", "boolean false"}});
}

TEST(StringsTest, SplitsAndJoins) {
  expect_all(
      R"({"resourceType":"Patient","name":[{"given":["A","B"],"_given":[null,{"id":"x"}]}],"_gender":{"id":"e"}})",
      {{"'a,b,,c'.split(',')", "string a, string b, string , string c"},
       {"'abc'.split('')", "string a, string b, string c"},
       {"'abc'.split('x')", "string abc"},
       {"('a' | 'b').join(',')", "string a,b"},
       {"('a' | 'b').join()", "string ab"},
       {"name.given.join('+')", "string A+B"},
       // Over nothing there is nothing to join (SQL on FHIR).
       {"{}.join(',')", ""},
       {"gender.join(',')", ""},
       {"('a' | 'b').split(',')", "error"}});
}

TEST(StringsTest, EncodesAndDecodes) {
  expect_all("", {{"'test'.encode('hex')", "string 74657374"},
                  {"'74657374'.decode('hex')", "string test"},
                  {"'7465737'.decode('hex')", ""},
                  {"'ab'.encode('base64')", "string YWI="},
                  {"'YWI='.decode('base64')", "string ab"},
                  {"'Y!'.decode('base64')", ""},
                  {"'subjects?_d'.encode('urlbase64')", "string c3ViamVjdHM_X2Q="},
                  {"'c3ViamVjdHM_X2Q='.decode('urlbase64')", "string subjects?_d"},
                  {"'ff'.decode('hex')", "error"},
                  {"'a'.encode('rot13')", ""},
                  {"'\"1<2\"'.escape('html')", "string &quot;1&lt;2&quot;"},
                  {"'\"a\\\\'.escape('json')", "string \\\"a\\\\"},
                  {"'&quot;1&lt;2&#39;'.unescape('html')", "string \"1<2'"},
                  {"'\\\\u0041\\\\n'.unescape('json')", "string A\n"},
                  {"'\\\\q'.unescape('json')", "error"},
                  {"'a'.escape('xml')", ""}});
}

TEST(StringsTest, WantOneString) {
  expect_all("", {{"1.upper()", "error"},
                  {"('a' | 'b').upper()", "error"},
                  {"'a'.startsWith(1)", "error"},
                  {"'a'.substring('1')", "error"},
                  {"'a'.length(1)", "error"},
                  {"'a'.substring()", "error"}});
}

TEST(StringsTest, GrowthIsBounded) {
  EvaluateOptions options;
  options.limits.string_size = 1000;
  for (const std::string_view expression :
       {"(1|2|3|4|5|6|7|8|9).aggregate($total & $total, '0123456789')",
        "(1|2|3|4|5|6|7|8|9).aggregate($total + $total, '0123456789')",
        "(1|2|3|4|5|6|7|8|9).aggregate($total.replace('', '-'), '0123456789')",
        "(1|2|3|4|5|6|7|8|9).aggregate($total.replaceMatches('.', '$0$0$0'), '0123456789')",
        "(1|2|3|4|5|6|7|8|9).aggregate(($total.combine($total)).join('+'), '0123456789')"}) {
    const Evaluated got = evaluate(expression, "", options);
    EXPECT_EQ(got.code, base::ErrorCode::kLimit) << expression << ": " << got.text;
  }
}

}  // namespace
}  // namespace kiln::fhirpath
