#include "api/preconditions.h"

#include <gtest/gtest.h>

namespace kiln::api {
namespace {

constexpr int64_t kTime = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
const std::string kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";

Validators validators() {
  return {"\"abc\"", base::WallTime(std::chrono::milliseconds(kTime * 1000 + 500))};
}

int status(std::initializer_list<std::pair<const char*, std::string>> fields) {
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
  EXPECT_EQ(status({}), 200);
  EXPECT_EQ(status({{"If-Match", "\"abc\""}}), 200);
  EXPECT_EQ(status({{"If-Match", "\"x\", \"abc\""}}), 200);
  EXPECT_EQ(status({{"If-Match", "\"x\""}, {"If-Match", "\"abc\""}}), 200);
  EXPECT_EQ(status({{"If-Match", "*"}}), 200);
  for (const char* other : {"\"x\"", "W/\"abc\"", "abc", ""}) {
    EXPECT_EQ(status({{"If-Match", other}}), 412) << other;
  }
}

TEST(Preconditions, IfNoneMatchIs304IfATagIsEqual) {
  EXPECT_EQ(status({{"If-None-Match", "W/\"abc\""}}), 304);
  EXPECT_EQ(status({{"If-None-Match", "\"x\",\"abc\""}}), 304);
  EXPECT_EQ(status({{"If-None-Match", "*"}}), 304);
  EXPECT_EQ(status({{"If-None-Match", "\"x\""}}), 200);
}

TEST(Preconditions, DatesCountWithoutTags) {
  EXPECT_EQ(status({{"If-Unmodified-Since", kDate}}), 200);
  EXPECT_EQ(status({{"If-Unmodified-Since", kEarlier}}), 412);
  EXPECT_EQ(status({{"If-Unmodified-Since", "soon"}}), 200);
  EXPECT_EQ(status({{"If-Unmodified-Since", kEarlier}, {"If-Match", "\"abc\""}}), 200);
  EXPECT_EQ(status({{"If-Modified-Since", kDate}}), 304);
  EXPECT_EQ(status({{"If-Modified-Since", kEarlier}}), 200);
  EXPECT_EQ(status({{"If-Modified-Since", kDate}, {"If-None-Match", "\"x\""}}), 200);
  EXPECT_EQ(status({{"If-Match", "\"x\""}, {"If-None-Match", "\"abc\""}}), 412) << "first";
  net::Headers headers;
  headers.add("If-Unmodified-Since", kEarlier);
  EXPECT_EQ(evaluate_preconditions(headers, {"\"abc\"", std::nullopt}), 200);
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
