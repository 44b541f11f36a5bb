#include "app/serve/serve_options.h"

#include <algorithm>
#include <limits>

#include "app/data_options.h"
#include "base/near_name.h"
#include "base/number.h"
#include "base/text.h"
#include "net/origin.h"
#include "plan/view_source.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace kiln::app {
namespace {

using base::Error;
using base::ErrorCode;
using Kind = ServeOption::Kind;

/// More of it than anybody needs would only fail later.
constexpr uint64_t kMostThreads = 1024;
constexpr uint64_t kMostQueued = 1'000'000;

template <typename Number>
base::Status set_number(Number& to, const std::string& text, uint64_t least = 0,
                        uint64_t most = std::numeric_limits<Number>::max()) {
  const auto number = base::whole_number<uint64_t>(text);
  if (!number || *number < least || *number > most) {
    return Error(ErrorCode::kUsage, "not a number from " + std::to_string(least) + " to " +
                                        std::to_string(most) + ": " + text);
  }
  to = static_cast<Number>(*number);
  return {};
}

base::Status set_size(uint64_t& to, const std::string& text) {
  static constexpr uint64_t kMost = uint64_t{1} << 50;
  KILN_ASSIGN(to, parse_size(text));
  if (to > 0 && to <= kMost) return {};
  return Error(ErrorCode::kUsage, "not a size of 1 byte to 1 PiB: " + text);
}

template <typename Enum>
base::Status set_choice(Enum& to, const std::string& text,
                        std::initializer_list<std::pair<std::string_view, Enum>> choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (name == text) {
      to = value;
      return {};
    }
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return Error(ErrorCode::kUsage, "must be one of " + names + ", not " + text);
}

base::Status set_base_url(ServeOptions& options, const std::string& url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return Error(ErrorCode::kUsage, "must begin with http:// or https://: " + url);
  }
  if (url.find_first_of("?#@%\\ \t") != std::string::npos) {
    return Error(ErrorCode::kUsage, "needs a host and at most a plain path: " + url);
  }
  options.base_url = url.substr(0, url.find_last_not_of('/') + 1);
  return {};
}

base::Status set_sink(ServeOptions& options, const std::string& url) {
  const bool known = url.starts_with("file:") || url == "memory:" || url.starts_with("s3://");
  if (!known) {
    return Error(ErrorCode::kUsage, "must be file:PATH, memory: or s3://BUCKET/PREFIX: " + url);
  }
  options.export_sink = url;
  return {};
}

base::Status set_timeout(ServeOptions& options, const std::string& text) {
  uint32_t seconds = 0;
  KILN_TRY(set_number(seconds, text, 1));
  options.request_timeout = std::chrono::seconds(seconds);
  return {};
}

base::Status set_log_level(ServeOptions& options, const std::string& text) {
  return set_choice(options.log_level, text,
                    {{"debug", base::LogLevel::kDebug},
                     {"info", base::LogLevel::kInfo},
                     {"warning", base::LogLevel::kWarning},
                     {"error", base::LogLevel::kError},
                     {"off", base::LogLevel::kOff}});
}

base::Status add_allowed_host(ServeOptions& options, const std::string& host) {
  if (!net::parse_authority(host)) {
    return Error(ErrorCode::kUsage, "not a host, or a host and a port: " + host);
  }
  options.allowed_hosts.push_back(host);
  return {};
}

base::Status add_cors_origin(ServeOptions& options, const std::string& origin) {
  if (!net::parse_origin(origin)) {
    return Error(ErrorCode::kUsage, "not an origin as https://HOST:PORT: " + origin);
  }
  options.cors_origins.push_back(origin);
  return {};
}

/// Flags in the environment and the file are true or false.
base::Status set_flag(bool& to, const std::string& text) {
  return set_choice(to, text, {{"true", true}, {"false", false}, {"1", true}, {"0", false}});
}

std::string variable_of(std::string_view name) {
  std::string variable = "KILN_";
  for (const char c : name) {
    variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  base::for_each_piece(text, separator, [&](std::string_view piece) {
    if (!piece.empty()) pieces.emplace_back(piece);
  });
  return pieces;
}

std::vector<std::string> values_of_variable(Kind kind, const std::string& text) {
  if (kind == Kind::kPaths) return split(text, ':');
  if (kind == Kind::kWords) return split(text, ' ');
  return {text};
}

bool is_repeatable(Kind kind) { return kind == Kind::kPaths || kind == Kind::kWords; }

/// One TOML value as the texts that the command line would have had.
base::Result<std::vector<std::string>> texts_of(const toml::node& node, const std::string& where) {
  std::vector<std::string> texts;
  if (const toml::array* const array = node.as_array()) {
    for (const toml::node& item : *array) {
      KILN_ASSIGN(auto inner, texts_of(item, where));
      texts.insert(texts.end(), inner.begin(), inner.end());
    }
  } else if (const auto* const text = node.as_string()) {
    texts.push_back(text->get());
  } else if (const auto* const number = node.as_integer()) {
    texts.push_back(std::to_string(number->get()));
  } else if (const auto* const flag = node.as_boolean()) {
    texts.emplace_back(flag->get() ? "true" : "false");
  } else {
    return Error(ErrorCode::kUsage, where + ": a text, a whole number or true or false is needed");
  }
  return texts;
}

}  // namespace

const std::vector<ServeOption>& serve_option_table() {
  using O = ServeOptions;
  using S = const std::string;
  static const std::vector<ServeOption> kTable = {
      {"data", Kind::kPaths, "PATH", "NDJSON data to serve: a file, folder or glob; repeatable", "",
       [](O& o, S& v) { return o.data.push_back(v), base::Status(); }},
      {"views", Kind::kPaths, "PATH",
       "Folder or file of ViewDefinitions and Libraries to publish; repeatable", "",
       [](O& o, S& v) { return o.views.push_back(v), base::Status(); }},
      {"host", Kind::kValue, "ADDRESS", "Address to listen on (127.0.0.1)", "",
       [](O& o, S& v) { return o.host = v, base::Status(); }},
      {"port", Kind::kValue, "PORT", "Port to listen on (8080); 0 takes a free one", "",
       [](O& o, S& v) { return set_number(o.port, v); }},
      {"base-url", Kind::kValue, "URL", "Public base of every URL handed out (from host and port)",
       "", set_base_url},
      {"allowed-host", Kind::kWords, "HOST",
       "A further name that the server may be called by, beside loopback names and the host of "
       "--base-url; repeatable",
       "", add_allowed_host},
      {"cors-origin", Kind::kWords, "ORIGIN",
       "Web pages that may send requests: https://HOST:PORT; repeatable", "", add_cors_origin},
      {"state-dir", Kind::kValue, "DIR", "Job database and what must last (./kiln-state)", "",
       [](O& o, S& v) { return o.state_dir = v, base::Status(); }},
      {"export-sink", Kind::kValue, "URL",
       "Where exported files go: file:PATH, memory:, s3://BUCKET/PREFIX (file: in the state "
       "directory)",
       "", set_sink},
      {"export-output-ttl", Kind::kValue, "SECONDS", "How long finished output is kept (86400)",
       "HFS_EXPORT_OUTPUT_TTL", [](O& o, S& v) { return set_number(o.output_ttl, v); }},
      {"export-cleanup-interval", Kind::kValue, "SECONDS", "Between clean-up passes (300)",
       "HFS_EXPORT_CLEANUP_INTERVAL", [](O& o, S& v) { return set_number(o.cleanup_interval, v); }},
      {"export-max-running", Kind::kValue, "N", "Jobs that run at once (2)", "",
       [](O& o, S& v) { return set_number(o.max_running, v, 1, kMostThreads); }},
      {"export-max-queued", Kind::kValue, "N", "Jobs that may wait (100); over it: 429", "",
       [](O& o, S& v) { return set_number(o.max_queued, v, 0, kMostQueued); }},
      {"export-max-queued-per-client", Kind::kValue, "N",
       "Jobs of one client that may wait (a quarter of them); over it: 429", "",
       [](O& o, S& v) { return set_number(o.max_queued_per_client, v, 1, kMostQueued); }},
      {"export-part-rows", Kind::kValue, "N", "Rows per exported file; 0: one file (0)", "",
       [](O& o, S& v) { return set_number(o.part_rows, v); }},
      {"threads", Kind::kValue, "N", "Threads of an evaluation (all cores)", "",
       [](O& o, S& v) { return set_number(o.threads, v, 1, kMostThreads); }},
      {"export-memory-limit", Kind::kValue, "SIZE", "Bound of the memory: sink (256MiB)", "",
       [](O& o, S& v) { return set_size(o.export_memory_limit, v); }},
      {"s3-part-size", Kind::kValue, "SIZE", "S3: larger files go up in parts of this size (16MiB)",
       "",
       [](O& o, S& v) -> base::Status {
         KILN_ASSIGN(o.s3.part_size, sink::read_s3_part_size(v));
         return {};
       }},
      {"s3-presign", Kind::kFlag, "", "S3: downloads are sent to the store, with a signed address",
       "",
       [](O& o, S& v) -> base::Status {
         KILN_ASSIGN(o.s3.presign, sink::read_s3_flag(v));
         return {};
       }},
      {"s3-path-style", Kind::kValue, "CHOICE",
       "S3: the bucket's name in the path: auto, on or off (auto)", "",
       [](O& o, S& v) -> base::Status {
         KILN_ASSIGN(o.s3.addressing, sink::read_s3_path_style(v));
         return {};
       }},
      {"s3-sse", Kind::kValue, "CHOICE", "S3: encryption at rest: none, AES256 or aws:kms (none)",
       "",
       [](O& o, S& v) -> base::Status {
         KILN_ASSIGN(o.s3.encryption, sink::read_s3_sse(v));
         return {};
       }},
      {"s3-checksum", Kind::kValue, "CHOICE",
       "S3: what the store holds the bytes against: none or crc32c (none)", "",
       [](O& o, S& v) -> base::Status {
         KILN_ASSIGN(o.s3.checksum, sink::read_s3_checksum(v));
         return {};
       }},
      {"s3-timeout", Kind::kValue, "SECONDS",
       "S3: a request that moves nothing for so long is tried again (30)", "",
       [](O& o, S& v) -> base::Status {
         KILN_ASSIGN(o.s3.timeout, sink::read_s3_timeout(v));
         return {};
       }},
      {"poll-limit", Kind::kValue, "N", "Polls of one job in a second (10); over it: 429", "",
       [](O& o, S& v) { return set_number(o.poll_limit, v, 1); }},
      {"max-body-size", Kind::kValue, "SIZE", "Largest request body (16MiB)", "",
       [](O& o, S& v) { return set_size(o.max_body_size, v); }},
      {"request-timeout", Kind::kValue, "SECONDS",
       "For a request to arrive and to be answered (60)", "", set_timeout},
      {"memory-limit", Kind::kValue, "SIZE",
       "Most memory to use (three quarters of what there is); beyond it jobs wait, requests are "
       "503",
       "", [](O& o, S& v) { return set_size(o.memory_limit, v); }},
      {"max-line-size", Kind::kValue, "SIZE", "Longest line of the data (256MiB)", "",
       [](O& o, S& v) { return set_size(o.max_line_size, v); }},
      {"sql-max-depth", Kind::kValue, "N", "Dependencies of a query one after the other (16)", "",
       [](O& o, S& v) { return set_number(o.sql_max_depth, v, 1); }},
      {"sql-max-dependencies", Kind::kValue, "N", "Dependencies of a query (64)", "",
       [](O& o, S& v) { return set_number(o.sql_max_dependencies, v, 1); }},
      {"sql-memory-limit", Kind::kValue, "SIZE", "Most memory of an SQL query (2GiB)", "",
       [](O& o, S& v) { return set_size(o.sql_memory_limit, v); }},
      {"sql-temp-limit", Kind::kValue, "SIZE",
       "Most disk space of an SQL query, in the state directory (20GiB)", "",
       [](O& o, S& v) { return set_size(o.sql_temp_limit, v); }},
      {"sql-timeout", Kind::kValue, "SECONDS",
       "Longest time of an SQL query (none for exports, --request-timeout for runs)", "",
       [](O& o, S& v) -> base::Status {
         uint32_t seconds = 0;
         KILN_TRY(set_number(seconds, v, 1));
         o.sql_timeout = std::chrono::seconds(seconds);
         return {};
       }},
      {"fhir-version", Kind::kValue, "VERSION", "R4, R4B, R5 or R6 (from each view, else R4)", "",
       [](O& o, S& v) -> base::Status {
         KILN_ASSIGN(o.fhir_version, requested_version(v));
         return {};
       }},
      {"allow-unauthenticated", Kind::kFlag, "",
       "Needed to listen on an address that is not loopback, together with --base-url", "",
       [](O& o, S& v) { return set_flag(o.allow_unauthenticated, v); }},
      {"log-format", Kind::kValue, "FORMAT", "text or json, on stderr (text)", "",
       [](O& o, S& v) {
         return set_choice(o.log_format, v,
                           {{"text", base::LogFormat::kText}, {"json", base::LogFormat::kJson}});
       }},
      {"log-level", Kind::kValue, "LEVEL", "debug, info, warning, error or off (info)", "",
       set_log_level},
  };
  return kTable;
}

GivenOptions options_of_environment(const std::function<const char*(const char*)>& get) {
  GivenOptions given;
  for (const ServeOption& option : serve_option_table()) {
    const auto text = [&](const std::string& name) {  // one that is empty is as good as none
      const char* const value = get(name.c_str());
      return std::string(value == nullptr ? "" : value);
    };
    std::string value = text(variable_of(option.name));
    if (value.empty() && !option.other_variable.empty()) {
      value = text(std::string(option.other_variable));
    }
    if (value.empty()) continue;
    given[std::string(option.name)] = values_of_variable(option.kind, value);
  }
  return given;
}

namespace {

/// In one line, as a file of options has no excerpt to show.
Error file_error(const std::string& path, const toml::source_region& at, std::string_view text) {
  return Error(ErrorCode::kUsage,
               path + ":" + std::to_string(at.begin.line) + ": " + std::string(text));
}

base::Result<const ServeOption*> option_of(const std::string& name) {
  std::vector<std::string_view> names;
  for (const ServeOption& option : serve_option_table()) {
    if (option.name == name) return &option;
    names.push_back(option.name);
  }
  const std::string near = base::nearest_name(name, names);
  return Error(ErrorCode::kUsage,
               "unknown option: " + name + (near.empty() ? "" : " (did you mean " + near + "?)"));
}

/// The texts of one key, tried out, so that a wrong one is told with its place.
base::Result<std::vector<std::string>> read_key(const std::string& name, const toml::node& node) {
  KILN_ASSIGN(const ServeOption* const option, option_of(name));
  if (node.is_array() && !is_repeatable(option->kind)) {
    return Error(ErrorCode::kUsage, name + ": one value is needed, not a list");
  }
  KILN_ASSIGN(auto texts, texts_of(node, name));
  ServeOptions scratch;
  for (const std::string& text : texts) {
    base::Status set = option->set(scratch, text);
    if (!set.ok()) return std::move(set).error().in(name);
  }
  return texts;
}

}  // namespace

base::Result<GivenOptions> options_of_file(const std::string& path) {
  KILN_ASSIGN(const std::string text, plan::read_text(path));
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    return file_error(path, parsed.error().source(), parsed.error().description());
  }
  GivenOptions given;
  for (const auto& [key, node] : parsed.table()) {
    if (key.str() != "serve") {
      return file_error(path, node.source(), "unknown table: " + std::string(key.str()));
    }
    if (!node.is_table()) {
      return file_error(path, node.source(), "serve: the options are a table, [serve]");
    }
  }
  const toml::table* const serve = parsed.table()["serve"].as_table();
  if (serve == nullptr) return given;
  for (const auto& [key, node] : *serve) {
    const std::string name(key.str());
    auto texts = read_key(name, node);
    if (!texts.ok()) return file_error(path, node.source(), texts.error().message());
    given[name] = std::move(texts).value();
  }
  return given;
}

base::Result<sink::S3Options> s3_options_of(const ServeOptions& options,
                                            const std::function<const char*(const char*)>& get) {
  const auto text = [&](const char* name) {
    const char* const value = get(name);
    return std::string(value == nullptr ? "" : value);
  };
  sink::S3Options s3 = options.s3;
  s3.credentials = {text("AWS_ACCESS_KEY_ID"), text("AWS_SECRET_ACCESS_KEY"),
                    text("AWS_SESSION_TOKEN")};
  s3.region = text("AWS_REGION");
  s3.endpoint = text("AWS_ENDPOINT_URL_S3");
  s3.ca_file = text("AWS_CA_BUNDLE");
  KILN_ASSIGN(s3, sink::read_s3_url(options.export_sink, std::move(s3)));
  KILN_TRY(sink::check_s3_options(s3));
  return s3;
}

base::Result<ServeOptions> merge_options(const std::vector<GivenOptions>& by_rank) {
  ServeOptions options;
  for (const ServeOption& option : serve_option_table()) {
    for (const GivenOptions& given : by_rank) {
      const auto found = given.find(option.name);
      if (found == given.end()) continue;
      for (const std::string& value : found->second) {
        base::Status set = option.set(options, value);
        if (!set.ok()) return std::move(set).error().in("--" + std::string(option.name));
      }
      break;
    }
  }
  options.cleanup_interval = std::max(options.cleanup_interval, 1U);
  if (options.threads == 0) options.threads = base::available_threads();
  return options;
}

}  // namespace kiln::app
