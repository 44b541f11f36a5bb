#include "base/log.h"

#include <algorithm>
#include <cerrno>
#include <mutex>

#include <poll.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace kiln::base {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      static constexpr char kDigits[] = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
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

/// stderr, whose reader may have stopped: then lines are lost, as the end of the process must not
/// wait for it.
class Stderr final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    if (cut_) line.push_back('\n');
    formatter_->format(message, line);
    write({line.data(), line.size()});
  }
  void flush_() override {}

 private:
  static constexpr size_t kPiece = 4096;  // a pipe that is ready takes as much without blocking
  static constexpr int kPatience = 1000;  // ms

  void write(std::string_view bytes) {
    const size_t size = bytes.size();
    while (!bytes.empty()) {
      pollfd entry{STDERR_FILENO, POLLOUT, 0};
      if (::poll(&entry, 1, blocked_ ? 0 : kPatience) == 0) {
        blocked_ = true;
        cut_ = cut_ || bytes.size() < size;
        return;
      }
      const ssize_t written = ::write(STDERR_FILENO, bytes.data(), std::min(bytes.size(), kPiece));
      if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (written < 0) return;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    blocked_ = cut_ = false;
  }

  bool blocked_ = false;
  bool cut_ = false;  ///< half a line has been written
};

}  // namespace

struct Logger::Sink {
  /// Nobody who logs may wait for whoever reads: what is too much for the queue is lost, oldest
  /// first.
  static constexpr size_t kQueue = 8192;

  explicit Sink(LogFormat format)
      : writer(std::make_shared<spdlog::details::thread_pool>(kQueue, 1)),
        logger(
            std::make_shared<spdlog::async_logger>("kiln", std::make_shared<Stderr>(), writer,
                                                   spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_level(spdlog::level::trace);
    logger->set_pattern(format == LogFormat::kJson
                            ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                            : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v",
                        spdlog::pattern_time_type::utc);
  }
  std::shared_ptr<spdlog::details::thread_pool> writer;
  std::shared_ptr<spdlog::async_logger> logger;
};

Logger::Logger() : level_(LogLevel::kOff), format_(LogFormat::kText) {}
Logger::Logger(LogLevel level, LogFormat format)
    : level_(level), format_(format), sink_(std::make_unique<Sink>(format)) {}
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
  // The text is passed as an argument, so that braces in it are not a format.
  sink_->logger->log(to_spdlog(level), "{}", line);
}

}  // namespace kiln::base
