// What `kiln serve` can be told, and by which way: command line, environment, TOML file.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "fhir/model.h"
#include "sink/s3/s3_options.h"

namespace kiln::app {

struct ServeOptions {
  std::vector<std::string> data;
  std::vector<std::string> views;
  std::string host = "127.0.0.1";
  uint16_t port = 8080;
  std::string base_url;  ///< "": from host and port
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> cors_origins;
  std::string state_dir = "./kiln-state";
  std::string export_sink = "file:";
  uint32_t output_ttl = 86'400;     ///< seconds
  uint32_t cleanup_interval = 300;  ///< seconds
  unsigned max_running = 2;
  uint64_t max_queued = 100;
  uint64_t max_queued_per_client = 0;  ///< 0: a quarter of them
  uint64_t part_rows = 0;
  unsigned threads = 0;       ///< 0: all cores
  uint64_t memory_limit = 0;  ///< of the process; 0: default_memory_limit()
  uint64_t export_memory_limit = uint64_t{256} << 20;
  sink::S3Options s3;  ///< what an s3: sink's URL and the environment are laid over
  unsigned poll_limit = 10;
  uint64_t max_body_size = 16U << 20;
  std::chrono::seconds request_timeout{60};
  uint64_t max_line_size = uint64_t{256} << 20;
  uint32_t sql_max_depth = 16;                    ///< dependencies one after the other
  uint32_t sql_max_dependencies = 64;             ///< of a query
  uint64_t sql_memory_limit = uint64_t{2} << 30;  ///< of a query
  uint64_t sql_temp_limit = uint64_t{20} << 30;
  std::chrono::seconds sql_timeout{0};  ///< 0: the request timeout for runs, none for exports
  std::optional<fhir::Version> fhir_version;
  bool allow_unauthenticated = false;
  base::LogFormat log_format = base::LogFormat::kText;
  base::LogLevel log_level = base::LogLevel::kInfo;
};

/// One option, however it is given.
struct ServeOption {
  enum class Kind : uint8_t {
    kValue,
    kFlag,
    kPaths,  ///< repeatable; in a variable separated by ':'
    kWords,  ///< repeatable; in a variable separated by spaces
  };
  std::string_view name;  ///< "state-dir": --state-dir, KILN_STATE_DIR, state-dir under [serve]
  Kind kind;
  std::string_view value_name;  ///< for the help
  std::string_view help;
  std::string_view other_variable;  ///< a second environment variable; ours wins
  base::Status (*set)(ServeOptions& options, const std::string& value);
};

const std::vector<ServeOption>& serve_option_table();

/// Values by option name; what is not there was not given.
using GivenOptions = std::map<std::string, std::vector<std::string>, std::less<>>;

/// From the environment; `get` is getenv.
GivenOptions options_of_environment(const std::function<const char*(const char*)>& get);
/// From a TOML file's [serve] table; an unknown key is an error with its place.
base::Result<GivenOptions> options_of_file(const std::string& path);

/// The bucket of an s3: sink: credentials, region and endpoint as other S3 tools take them
/// (AWS_ACCESS_KEY_ID, AWS_REGION, …; `get` is getenv), the options, and over them the URL.
base::Result<sink::S3Options> s3_options_of(const ServeOptions& options,
                                            const std::function<const char*(const char*)>& get);

/// Merges, the first one winning option by option, and checks what belongs together. Errors are
/// kUsage and name the option.
base::Result<ServeOptions> merge_options(const std::vector<GivenOptions>& by_rank);

}  // namespace kiln::app
