#include "api/export/preconditions.h"

#include <gtest/gtest.h>

namespace kiln::api {
namespace {

constexpr int64_t kTime = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
const std::string kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";

Validators validators() {
  return {"\"abc\"", base::WallTime(std::chrono::milliseconds(kTime * 1000 + 500))};
}

Precondition outcome(std::initializer_list<std::pair<const char*, std::string>> fields) {
  net::Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return evaluate_preconditions(headers, validators());
}

TEST(Preconditions, Dates) {
  ASSERT_TRUE(parse_http_date(kDate));
  EXPECT_EQ(parse_http_date(kDate)->time_since_epoch(), std::chrono::seconds(kTime));
  EXPECT_EQ(base::to_http_date(*parse_http_date(kDate)), kDate);
  for (const char* bad :
       {"", "yesterday", "1994-11-06", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov"}) {
    EXPECT_FALSE(parse_http_date(bad)) << bad;
  }
}

TEST(Preconditions, IfMatchIs412UnlessATagIsEqual) {
  EXPECT_EQ(outcome({}), Precondition::kHolds);
  EXPECT_EQ(outcome({{"If-Match", "\"abc\""}}), Precondition::kHolds);
  EXPECT_EQ(outcome({{"If-Match", "\"x\", \"abc\""}}), Precondition::kHolds);
  EXPECT_EQ(outcome({{"If-Match", "\"x\""}, {"If-Match", "\"abc\""}}), Precondition::kHolds);
  EXPECT_EQ(outcome({{"If-Match", "*"}}), Precondition::kHolds);
  for (const char* other : {"\"x\"", "W/\"abc\"", "abc", ""}) {
    EXPECT_EQ(outcome({{"If-Match", other}}), Precondition::kFailed) << other;
  }
}

TEST(Preconditions, IfNoneMatchIs304IfATagIsEqual) {
  EXPECT_EQ(outcome({{"If-None-Match", "W/\"abc\""}}), Precondition::kNotModified);
  EXPECT_EQ(outcome({{"If-None-Match", "\"x\",\"abc\""}}), Precondition::kNotModified);
  EXPECT_EQ(outcome({{"If-None-Match", "*"}}), Precondition::kNotModified);
  EXPECT_EQ(outcome({{"If-None-Match", "\"x\""}}), Precondition::kHolds);
}

TEST(Preconditions, DatesCountWithoutTags) {
  EXPECT_EQ(outcome({{"If-Unmodified-Since", kDate}}), Precondition::kHolds);
  EXPECT_EQ(outcome({{"If-Unmodified-Since", kEarlier}}), Precondition::kFailed);
  EXPECT_EQ(outcome({{"If-Unmodified-Since", "soon"}}), Precondition::kHolds);
  EXPECT_EQ(outcome({{"If-Unmodified-Since", kEarlier}, {"If-Match", "\"abc\""}}),
            Precondition::kHolds);
  EXPECT_EQ(outcome({{"If-Modified-Since", kDate}}), Precondition::kNotModified);
  EXPECT_EQ(outcome({{"If-Modified-Since", kEarlier}}), Precondition::kHolds);
  EXPECT_EQ(outcome({{"If-Modified-Since", kDate}, {"If-None-Match", "\"x\""}}),
            Precondition::kHolds);
  EXPECT_EQ(outcome({{"If-Match", "\"x\""}, {"If-None-Match", "\"abc\""}}), Precondition::kFailed)
      << "first";
  net::Headers headers;
  headers.add("If-Unmodified-Since", kEarlier);
  EXPECT_EQ(evaluate_preconditions(headers, {"\"abc\"", std::nullopt}), Precondition::kHolds);
}

TEST(Preconditions, IfRange) {
  const auto applies = [](const std::string& value) {
    net::Headers headers;
    headers.add("If-Range", value);
    return range_applies(headers, validators());
  };
  EXPECT_TRUE(range_applies({}, validators()));
  EXPECT_TRUE(applies("\"abc\""));
  EXPECT_FALSE(applies("W/\"abc\""));
  EXPECT_FALSE(applies(kDate));
}

}  // namespace
}  // namespace kiln::api
