// Structured log lines. Narrow on purpose: spdlog's headers stay inside log.cc.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace kiln::base {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat : uint8_t { kText, kJson };

/// One key and value of a log line; left out if the value is empty. Values are names, ids, counts
/// and durations, never data.
struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v), quoted(true) {}
  LogField(std::string_view k, const char* v) : key(k), value(v), quoted(true) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v), quoted(true) {}
  LogField(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), quoted(false) {}
  template <typename Number>
  requires std::is_arithmetic_v<Number> LogField(std::string_view k, Number v)
      : key(k), value(std::to_string(v)), quoted(false) {}

  std::string_view key;
  std::string value;
  bool quoted;
};

/// Writes lines to stderr, whatever the values hold one line each of valid UTF-8, on a thread of
/// its own: whoever logs does not wait, and if nobody takes the lines the oldest are lost, which a
/// line tells. When it is destroyed all are written, as far as somebody takes them within a second.
/// Thread-safe. A default-made Logger is off.
///
///   log.info("export completed", {{"job", id}, {"rows", rows}});
class Logger {
 public:
  Logger();
  /// What changes each line before it is written, such as what not every reader may know.
  using Redact = void (*)(std::string& line);
  Logger(LogLevel level, LogFormat format, Redact redact = nullptr);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  using Fields = std::initializer_list<LogField>;
  void debug(std::string_view message, Fields fields = {}) {
    write(LogLevel::kDebug, message, fields);
  }
  void info(std::string_view message, Fields fields = {}) {
    write(LogLevel::kInfo, message, fields);
  }
  void warning(std::string_view message, Fields fields = {}) {
    write(LogLevel::kWarning, message, fields);
  }
  void error(std::string_view message, Fields fields = {}) {
    write(LogLevel::kError, message, fields);
  }

 private:
  void write(LogLevel level, std::string_view message, Fields fields);

  struct Sink;
  LogLevel level_;
  LogFormat format_;
  Redact redact_ = nullptr;
  std::unique_ptr<Sink> sink_;
};

}  // namespace kiln::base
