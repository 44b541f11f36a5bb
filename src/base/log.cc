#include "base/log.h"

#include <algorithm>
#include <functional>
#include <mutex>

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include "base/standard_error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/visible_text.h"

namespace kiln::base {
namespace {

void append_code(std::string& out, char32_t code) {
  out += "\\u";
  append_hex(out, code, 4);
}

/// So that the line stays one line of valid UTF-8, and valid JSON: bytes that are no character, and
/// what a terminal would obey, are shown by their numbers.
void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const size_t size = utf8_character(text);
    const char c = text.front();
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (size == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      append_code(out, static_cast<unsigned char>(c));
    } else if (const char32_t point = hidden_code_point(text, size); point != 0) {
      append_code(out, point);
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

/// Writes lines to stderr, and how many were lost because nobody took them.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(LogFormat format) : format_(format) {}
  /// `lost` tells how many lines have been lost so far.
  void count_lost(std::function<size_t()> lost) { lost_ = std::move(lost); }
  void hurry() { stderr_.hurry(); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (!write(message)) return;
    const size_t lost = lost_ ? lost_() : 0;
    if (lost == told_) return;
    const std::string number = std::to_string(lost - told_);
    const std::string text = format_ == LogFormat::kJson
                                 ? R"("message":"lines of the log are lost","lines":)" + number
                                 : "lines of the log are lost lines=" + number;
    if (write({message.logger_name, spdlog::level::warn, text})) told_ = lost;
  }
  void flush_() override {}

 private:
  bool write(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    return stderr_.write({line.data(), line.size()});
  }

  const LogFormat format_;
  StandardError stderr_;
  std::function<size_t()> lost_;
  size_t told_ = 0;
};

}  // namespace

struct Logger::Sink {
  /// Nobody who logs may wait for whoever reads: what is too much for the queue is lost, oldest
  /// first.
  static constexpr size_t kQueue = 8192;

  explicit Sink(LogFormat format)
      : lines(std::make_shared<LineSink>(format)),
        writer(std::make_shared<spdlog::details::thread_pool>(kQueue, 1)),
        logger(std::make_shared<spdlog::async_logger>(
            "kiln", lines, writer, spdlog::async_overflow_policy::overrun_oldest)) {
    lines->count_lost([pool = writer.get()] { return pool->overrun_counter(); });
    logger->set_level(spdlog::level::trace);
    logger->set_pattern(format == LogFormat::kJson
                            ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                            : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v",
                        spdlog::pattern_time_type::utc);
  }
  ~Sink() { lines->hurry(); }

  std::shared_ptr<LineSink> lines;
  std::shared_ptr<spdlog::details::thread_pool> writer;
  std::shared_ptr<spdlog::async_logger> logger;
};

Logger::Logger() : level_(LogLevel::kOff), format_(LogFormat::kText) {}
Logger::Logger(LogLevel level, LogFormat format, Redact redact)
    : level_(level), format_(format), redact_(redact), sink_(std::make_unique<Sink>(format)) {}
Logger::~Logger() = default;

void Logger::write(LogLevel level, std::string_view message, Fields fields) {
  if (level < level_ || !sink_) return;
  std::string line;
  if (format_ == LogFormat::kJson) {
    line = "\"message\":\"";
    append_escaped(line, message);
    line += '"';
    for (const LogField& field : fields) {
      if (field.value.empty()) continue;
      line += ",\"";
      append_escaped(line, field.key);
      line += field.quoted ? "\":\"" : "\":";
      append_escaped(line, field.value);
      if (field.quoted) line += '"';
    }
  } else {
    append_escaped(line, message);
    for (const LogField& field : fields) {
      if (field.value.empty()) continue;
      line += ' ';
      line += field.key;
      line += '=';
      const bool bare = field.value.find_first_of(" \"=") == std::string::npos;
      if (!bare) line += '"';
      append_escaped(line, field.value);
      if (!bare) line += '"';
    }
  }
  if (redact_ != nullptr) redact_(line);
  // The text is passed as an argument, so that braces in it are not a format.
  sink_->logger->log(to_spdlog(level), "{}", line);
}

}  // namespace kiln::base
