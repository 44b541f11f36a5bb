#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

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

}  // namespace

struct Logger::Sink {
  explicit Sink(LogFormat format)
      : logger("kiln", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::trace);
    logger.set_pattern(format == LogFormat::kJson
                           ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                           : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v",
                       spdlog::pattern_time_type::utc);
  }
  spdlog::logger logger;
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
  sink_->logger.log(to_spdlog(level), "{}", line);
}

}  // namespace kiln::base
