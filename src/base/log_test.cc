#include "base/log.h"

#include <array>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

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

TEST(LogTest, LinesAreUtf8WhateverTheyTell) {
  const auto bad = [](Logger& log) {
    log.info("a\xff", {{"key\xc3", std::string("\xc3\xa9 \xed\xa0\x80 \xc0\xaf \x7f")}});
  };
  const std::string json = logged(LogLevel::kInfo, LogFormat::kJson, bad);
  EXPECT_NE(
      json.find(R"("message":"a\u00ff","key\u00c3":"é \u00ed\u00a0\u0080 \u00c0\u00af \u007f")"),
      std::string::npos)
      << json;
}

TEST(LogTest, WhatATerminalWouldObeyIsShown) {
  const auto evil = [](Logger& log) { log.info("\x1b[31m\u202e", {{"key", "\u009b\u2066 ü"}}); };
  const std::string json = logged(LogLevel::kInfo, LogFormat::kJson, evil);
  EXPECT_NE(json.find(R"("message":"\u001b[31m\u202e","key":"\u009b\u2066 ü")"), std::string::npos)
      << json;
  const std::string text = logged(LogLevel::kInfo, LogFormat::kText, evil);
  EXPECT_NE(text.find(R"(\u001b[31m\u202e key="\u009b\u2066 ü")"), std::string::npos) << text;
}

TEST(LogTest, NothingInALineIsObeyedByATerminal) {
  const auto hostile = [](Logger& log) { log.info("a", {{"k", "\xc2\x9b\xe2\x80\xae\x1b"}}); };
  EXPECT_NE(logged(LogLevel::kInfo, LogFormat::kText, hostile).find(R"(k=\u009b\u202e\u001b)"),
            std::string::npos);
  EXPECT_NE(logged(LogLevel::kInfo, LogFormat::kJson, hostile).find(R"("k":"\u009b\u202e\u001b")"),
            std::string::npos);
}

TEST(LogTest, ALineIsRedactedAsAWhole) {
  testing::internal::CaptureStderr();
  {
    Logger log(LogLevel::kInfo, LogFormat::kText, [](std::string& line) {
      for (size_t at; (at = line.find("secret")) != std::string::npos;) line.replace(at, 6, "-");
    });
    log.error("secret", {{"key", "a secret"}});
  }
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_EQ(line.find("secret"), std::string::npos) << line;
  EXPECT_NE(line.find("- key=\"a -\""), std::string::npos) << line;
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

/// stderr is another descriptor as long as this lives.
class OtherStderr {
 public:
  explicit OtherStderr(int other) : saved_(::dup(STDERR_FILENO)) { ::dup2(other, STDERR_FILENO); }
  ~OtherStderr() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
  }

 private:
  const int saved_;
};

void log_lines(size_t count) {
  Logger log(LogLevel::kInfo, LogFormat::kText);
  for (size_t i = 0; i < count; ++i) log.info("a line", {{"number", i}});
}

TEST(LogTest, EndsAlsoIfNobodyReadsATerminal) {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) GTEST_SKIP() << "there are no pseudo terminals here";
  ASSERT_EQ(::grantpt(terminal), 0);
  ASSERT_EQ(::unlockpt(terminal), 0);
  const int other = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
  if (other < 0) GTEST_SKIP() << "there are no pseudo terminals here";
  {
    const OtherStderr set(other);
    log_lines(5000);
  }
  ::close(other);
  ::close(terminal);
}

TEST(LogTest, EndsAlsoIfNobodyReadsASocket) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  {
    const OtherStderr set(ends[1]);
    log_lines(5000);
  }
  for (const int end : ends) ::close(end);
}

/// Also of what is lost everybody knows.
TEST(LogTest, TellsHowManyLinesAreLost) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  static constexpr size_t kLines = 20'000;
  size_t written = 0, lost = 0;
  {
    const OtherStderr set(ends[1]);
    Logger log(LogLevel::kInfo, LogFormat::kText);
    for (size_t i = 0; i < kLines; ++i) log.info("a line", {{"number", i}});
    ::close(ends[1]);
    // Nobody has read until here, and the pipe is smaller than what there is.
    std::string text;
    std::array<char, 65536> buffer{};
    while (text.find("number=" + std::to_string(kLines - 1) + "\n") == std::string::npos ||
           text.find("lost lines=") == std::string::npos) {
      const ssize_t got = ::read(ends[0], buffer.data(), buffer.size());
      ASSERT_GT(got, 0);
      text.append(buffer.data(), static_cast<size_t>(got));
    }
    for (size_t at = 0; (at = text.find("a line", at)) != std::string::npos; ++at) ++written;
    static constexpr std::string_view kLost = "are lost lines=";
    for (size_t at = 0; (at = text.find(kLost, at)) != std::string::npos; ++at) {
      lost += std::stoul(text.substr(at + kLost.size()));
    }
  }
  ::close(ends[0]);
  EXPECT_EQ(written + lost, kLines);
  EXPECT_GT(lost, kLines / 4);
}

}  // namespace
}  // namespace kiln::base
