#include "plan/output_names.h"

#include <gmock/gmock.h>

#include "plan/compilation.h"

namespace kiln::plan {
namespace {

using ::testing::ElementsAre;

std::vector<Subject> named(const std::vector<std::string>& names) {
  std::vector<Subject> subjects;
  for (const std::string& name : names) subjects.push_back({name, nullptr, "", ""});
  return subjects;
}

std::vector<std::string> stems(const std::vector<std::string>& names) {
  std::vector<Subject> subjects = named(names);
  name_files(subjects);
  std::vector<std::string> all;
  for (const Subject& subject : subjects) all.push_back(subject.stem);
  return all;
}

TEST(OutputNames, OutputsWithoutANameGetOneThatIsFree) {
  std::vector<Subject> subjects = named({"", "view1", ""});
  Problems problems;
  name_outputs(subjects, "view", problems);
  EXPECT_TRUE(problems.ok());
  EXPECT_EQ(subjects[0].name, "view1_");
  EXPECT_EQ(subjects[2].name, "view3");
}

TEST(OutputNames, ANameTwiceIsAProblemEachTime) {
  std::vector<Subject> subjects = named({"a", "b", "a", "a"});
  Problems problems;
  name_outputs(subjects, "subject", problems);
  ASSERT_EQ(problems.all().size(), 2U);
  EXPECT_EQ(problems.all()[0].code, ProblemCode::kSameName);
  EXPECT_EQ(problems.all()[0].place, "subject");
}

TEST(OutputNames, StemsAreSafeAndNoTwoAreAlikeWhateverTheCase) {
  EXPECT_THAT(stems({"a/b", "../x", "", "A", "a", "a"}),
              ElementsAre("a_b", "_._x", "output", "A", "a_2", "a_3"));
  EXPECT_EQ(stems({std::string(500, 'x')})[0].size(), 100U);
}

TEST(OutputNames, AColumnThatTheFormatCannotHoldIsAProblemOfItsView) {
  const auto lists = compile_text(
      R"({"resourceType":"ViewDefinition","resource":"Patient","status":"active","select":
          [{"column":[{"name":"given","path":"name.given","collection":true}]}]})",
      "view");
  ASSERT_TRUE(lists.ok());
  const std::vector<Subject> subjects = {{"a", nullptr, "", "view[0]"},
                                         {"b", *lists, "", "view[1]"}};
  Problems problems;
  check_format(table::Format::kNdjson, subjects, problems);
  EXPECT_TRUE(problems.ok());
  check_format(table::Format::kCsv, subjects, problems);
  ASSERT_EQ(problems.all().size(), 1U);
  EXPECT_EQ(problems.all()[0].code, ProblemCode::kUnsuitedFormat);
  EXPECT_EQ(problems.all()[0].place, "view[1]");
}

TEST(OutputNames, WhatCannotBeCompressedIsAProblem) {
  output::Layout layout;
  Problems problems;
  layout.format = table::Format::kParquet;
  check_compression(layout, "c", problems);
  layout.format = table::Format::kCsv;
  layout.compression = output::Compression::kZstd;
  check_compression(layout, "c", problems);
  EXPECT_TRUE(problems.ok());
  layout.format = table::Format::kParquet;
  check_compression(layout, "c", problems);
  ASSERT_EQ(problems.all().size(), 1U);
  EXPECT_EQ(problems.all()[0].code, ProblemCode::kUnsuitedLayout);
  EXPECT_EQ(problems.all()[0].place, "c");
}

TEST(OutputNames, NoMoreOutputsThanTheFormatCanHaveOpen) {
  for (const table::Format format : {table::Format::kNdjson, table::Format::kParquet}) {
    const size_t most = output::traits_of(format).most_together;
    Problems problems;
    check_count(format, most, "view", problems);
    EXPECT_TRUE(problems.ok());
    check_count(format, most + 1, "view", problems);
    ASSERT_EQ(problems.all().size(), 1U);
    EXPECT_EQ(problems.all()[0].code, ProblemCode::kTooManyOutputs);
  }
}

}  // namespace
}  // namespace kiln::plan
