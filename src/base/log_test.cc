#include "base/log.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

/// What the logger writes, without the time at the front of a text line.
std::string logged(LogLevel level, LogFormat format, const std::function<void(Logger&)>& use) {
  testing::internal::CaptureStderr();
  {
    Logger logger(level, format);
    use(logger);
  }
  return testing::internal::GetCapturedStderr();
}

TEST(LogTest, ALineNamesLevelMessageAndFields) {
  const std::string line = logged(LogLevel::kInfo, LogFormat::kText, [](Logger& log) {
    log.info("export completed", {{"job", "a1"}, {"rows", 12}, {"ok", true}});
  });
  EXPECT_NE(line.find("info"), std::string::npos);
  EXPECT_NE(line.find("export completed job=a1 rows=12 ok=true\n"), std::string::npos) << line;
}

TEST(LogTest, LevelsBelowTheOwnAreDropped) {
  const std::string lines = logged(LogLevel::kWarning, LogFormat::kText, [](Logger& log) {
    log.debug("d");
    log.info("i");
    log.warning("w");
    log.error("e");
  });
  EXPECT_EQ(lines.find(" i\n"), std::string::npos);
  EXPECT_NE(lines.find(" w\n"), std::string::npos);
  EXPECT_NE(lines.find(" e\n"), std::string::npos);
  testing::internal::CaptureStderr();
  Logger off;
  off.error("nobody hears");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(LogTest, ValuesCannotBreakOutOfTheirLine) {
  const auto hostile = [](Logger& log) { log.info("a {} b", {{"key", "x\"y\\z\nlevel=error"}}); };
  const std::string text = logged(LogLevel::kInfo, LogFormat::kText, hostile);
  EXPECT_NE(text.find(R"(a {} b key="x\"y\\z\u000alevel=error")"), std::string::npos) << text;
  const std::string json = logged(LogLevel::kInfo, LogFormat::kJson, hostile);
  EXPECT_NE(json.find(R"("message":"a {} b","key":"x\"y\\z\u000alevel=error"})"), std::string::npos)
      << json;
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 1);
}

TEST(LogTest, JsonNumbersAndBooleansHaveNoQuotes) {
  const std::string line = logged(LogLevel::kInfo, LogFormat::kJson, [](Logger& log) {
    log.info("m", {{"n", -3}, {"b", false}, {"s", "3"}});
  });
  EXPECT_NE(line.find(R"(,"n":-3,"b":false,"s":"3"})"), std::string::npos) << line;
  EXPECT_EQ(line.rfind(R"({"time":")", 0), 0U) << line;
}

}  // namespace
}  // namespace kiln::base
