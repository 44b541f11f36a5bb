#include "dataset/bundle.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace kiln::dataset {
namespace {

struct Reading {
  std::vector<std::string> resources;  ///< the text and its place
  std::optional<json::Problem> problem;
};

class BundleReaderTest : public testing::Test {
 protected:
  Reading read(const std::string& text, size_t most = SIZE_MAX) {
    line_ = text + "\n" + std::string(json::kPadding, '"');
    Reading reading;
    const json::LineResult frame = reader_.open(line_.data());
    EXPECT_EQ(frame.kind, json::LineResult::Kind::kResource) << text;
    reading.problem = reader_.each([&](std::string_view resource) {
      EXPECT_GE(resource.data(), line_.data());
      EXPECT_LE(resource.data() + resource.size(), line_.data() + text.size());
      reading.resources.push_back(std::string(resource) + reader_.place());
      return reading.resources.size() < most;
    });
    return reading;
  }

  BundleReader reader_;
  std::string line_;
};

std::string bundle_of(const std::string& resource) {
  return R"({"resourceType":"Bundle","entry":[{"resource":)" + resource + "}]}";
}

TEST_F(BundleReaderTest, EntriesInTheirOrder) {
  const Reading reading =
      read(R"({"resourceType":"Bundle","type":"batch-response","entry":[{"response":{}},)"
           R"({"fullUrl":"x","resource":{"id":"a b"} , "search":{}},{},{"resource":null},)"
           R"({"resource":{"id":"]}"}}],"total":3})");
  EXPECT_FALSE(reading.problem);
  EXPECT_EQ(reading.resources,
            (std::vector<std::string>{R"({"id":"a b"} entry 2)", R"({"id":"]}"} entry 5)"}));
}

TEST_F(BundleReaderTest, TheTypeMayComeLastAndEntriesMayBeMissing) {
  EXPECT_EQ(read(R"({"entry":[{"resource":{}}],"resourceType":"Bundle"})").resources.size(), 1U);
  for (const std::string text :
       {R"({"resourceType":"Bundle"})", R"({"resourceType":"Bundle","entry":[]})",
        R"({"resourceType":"Bundle","entry":null})"}) {
    const Reading reading = read(text);
    EXPECT_TRUE(reading.resources.empty());
    EXPECT_FALSE(reading.problem);
  }
}

TEST_F(BundleReaderTest, BundlesInBundlesAndWhatIsInThem) {
  const std::string inner = bundle_of(R"({"id":"x"})");
  const Reading reading = read(R"({"resourceType":"Bundle","entry":[{"resource":{"id":"a"}},)"
                               R"({"resource":)" +
                               inner + R"(},{"resource":{"id":"b"}}]})");
  EXPECT_EQ(reading.resources,
            (std::vector<std::string>{R"({"id":"a"} entry 1)", inner + " entry 2",
                                      R"({"id":"x"} entry 2 entry 1)", R"({"id":"b"} entry 3)"}));
}

TEST_F(BundleReaderTest, TheDepthIsBoundedAndSaysSo) {
  for (size_t depth = kMaxBundleDepth - 1; depth <= kMaxBundleDepth + 1; ++depth) {
    std::string text = R"({"id":"x"})";
    for (size_t i = 0; i < depth; ++i) text = bundle_of(text);
    const Reading reading = read(text);
    EXPECT_EQ(reading.problem.has_value(), depth > kMaxBundleDepth) << depth;
    const bool reached =
        !reading.resources.empty() && reading.resources.back().starts_with(R"({"id":"x"})");
    EXPECT_EQ(reached, depth <= kMaxBundleDepth) << depth;
  }
}

TEST_F(BundleReaderTest, WhatIsNoEntryOrNoResourceIsAProblemAtItsPlace) {
  for (const std::string bad :
       {R"({"resource":1})", R"({"resource":"x"})", R"({"resource":[{}]})", "7", R"("x")"}) {
    const std::string start = R"({"resourceType":"Bundle","entry":[{"resource":{"id":"a"}},)";
    const Reading outer = read(start + bad + "]}");
    EXPECT_EQ(outer.resources.size(), 1U);
    ASSERT_TRUE(outer.problem) << bad;
    EXPECT_GE(outer.problem->offset, start.size());
    EXPECT_LE(outer.problem->offset, start.size() + bad.size());
    const std::string before = R"({"resourceType":"Bundle","entry":[{"resource":)";
    const Reading inner = read(before + start + bad + "]}}]}");
    ASSERT_TRUE(inner.problem);
    EXPECT_EQ(inner.problem->offset, outer.problem->offset + before.size());
  }
  EXPECT_TRUE(read(R"({"resourceType":"Bundle","entry":{"resource":{}}})").problem);
}

TEST_F(BundleReaderTest, AVisitMayEndIt) {
  const std::string text = R"({"resourceType":"Bundle","entry":[{"resource":{"id":"a"}},)"
                           R"({"resource":{"id":"b"}}]})";
  const Reading reading = read(bundle_of(text), 2);
  EXPECT_FALSE(reading.problem);
  EXPECT_EQ(reading.resources.size(), 2U);
}

}  // namespace
}  // namespace kiln::dataset
