#include "sink/s3/s3_options.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "net/http.h"

namespace kiln::sink {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kScheme = "s3://";
constexpr uint64_t kSmallestPart = uint64_t{5} << 20;
constexpr uint64_t kLargestPart = uint64_t{1} << 30;

Error usage(std::string_view what, std::string_view value) {
  return Error(ErrorCode::kUsage, std::string(what) + ": " + std::string(value));
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || base::is_digit(c);
}

bool has_only(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
}

base::Status set_query_field(const std::string& name, const std::string& value,
                             S3Options& options) {
  if (name == "endpoint") {
    options.endpoint = value;
  } else if (name == "region") {
    options.region = value;
  } else if (name == "kms-key") {
    options.kms_key = value;
  } else if (name == "part-size") {
    KILN_ASSIGN(options.part_size, read_s3_part_size(value));
  } else if (name == "presign") {
    KILN_ASSIGN(options.presign, read_s3_flag(value));
  } else if (name == "path-style") {
    KILN_ASSIGN(options.addressing, read_s3_path_style(value));
  } else if (name == "sse") {
    KILN_ASSIGN(options.encryption, read_s3_sse(value));
  } else if (name == "checksum") {
    KILN_ASSIGN(options.checksum, read_s3_checksum(value));
  } else if (name == "timeout") {
    KILN_ASSIGN(options.timeout, read_s3_timeout(value));
  } else {
    return usage("unknown parameter of an s3: address", name);
  }
  return {};
}

/// Segments that a URL keeps as they are: "." and ".." would be taken away on the way.
base::Status check_prefix(std::string_view prefix) {
  static constexpr size_t kLongest = 300;  // of 1,024 that a key may have
  if (prefix.size() > kLongest || !has_only(prefix, "._-/=")) {
    return usage("not a prefix for keys (letters, digits, . _ - = and /)", prefix);
  }
  for (size_t at = 0; !prefix.empty() && at <= prefix.size();) {
    const size_t end = std::min(prefix.find('/', at), prefix.size());
    const std::string_view segment = prefix.substr(at, end - at);
    if (segment.empty() || segment == "." || segment == "..") {
      return usage("not a prefix for keys (empty or dotted segment)", prefix);
    }
    at = end + 1;
  }
  return {};
}

base::Status check_endpoint(std::string_view endpoint) {
  if (endpoint.empty()) return {};
  std::string_view rest = endpoint;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return usage("an S3 endpoint begins with http:// or https://", endpoint);
  }
  const std::string_view host = rest.substr(0, rest.find('/'));
  if (host.empty() || host.front() == ':' || !has_only(host, ".-_:[]")) {
    // Not named: there may be a password in it.
    return Error(ErrorCode::kUsage, "an S3 endpoint needs a host, and no user");
  }
  if (!has_only(rest.substr(host.size()), "/._-~")) {
    return usage("an S3 endpoint has no query and no escapes", endpoint);
  }
  return {};
}

}  // namespace

base::Result<uint64_t> read_s3_part_size(std::string_view text) {
  static constexpr std::pair<std::string_view, unsigned> kUnits[] = {
      {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  std::string_view digits = text;
  unsigned shift = 0;
  for (const auto& [unit, its_shift] : kUnits) {
    if (!digits.ends_with(unit)) continue;
    digits.remove_suffix(unit.size());
    while (digits.ends_with(' ')) digits.remove_suffix(1);
    shift = its_shift;
    break;
  }
  const auto number = base::whole_number<uint64_t>(digits);
  if (!number || *number > UINT64_MAX >> shift) {
    return usage("not a size (bytes, or with KiB, MiB, GiB)", text);
  }
  return *number << shift;
}

base::Result<bool> read_s3_flag(std::string_view text) {
  if (text == "on" || text == "true") return true;
  if (text == "off" || text == "false") return false;
  return usage("neither on nor off", text);
}

base::Result<S3Addressing> read_s3_path_style(std::string_view text) {
  if (text == "auto") return S3Addressing::kAuto;
  const auto flag = read_s3_flag(text);
  if (!flag.ok()) return usage("a path style is auto, on or off, not", text);
  return *flag ? S3Addressing::kPath : S3Addressing::kVirtualHost;
}

base::Result<S3Encryption> read_s3_sse(std::string_view text) {
  if (text == "none") return S3Encryption::kNone;
  if (text == "AES256") return S3Encryption::kAes256;
  if (text == "aws:kms") return S3Encryption::kKms;
  return usage("server-side encryption is none, AES256 or aws:kms, not", text);
}

base::Result<S3Checksum> read_s3_checksum(std::string_view text) {
  if (text == "none") return S3Checksum::kNone;
  if (text == "crc32c") return S3Checksum::kCrc32c;
  return usage("a checksum is none or crc32c, not", text);
}

base::Result<std::chrono::seconds> read_s3_timeout(std::string_view text) {
  static constexpr uint32_t kLongest = 3600;
  const auto number = base::whole_number<uint32_t>(text);
  if (!number || *number < 1 || *number > kLongest) {
    return usage("a time-out has 1 to 3600 seconds, not", text);
  }
  return std::chrono::seconds(*number);
}

base::Result<S3Options> read_s3_url(std::string_view url, S3Options defaults) {
  if (!url.starts_with(kScheme)) return usage("not an s3: address", url);
  std::string_view rest = url.substr(kScheme.size());
  const size_t mark = rest.find('?');
  if (mark != std::string_view::npos) {
    const auto query = net::parse_query(rest.substr(mark + 1));
    if (!query) return usage("a bad escape in the query of", url);
    for (const auto& [name, value] : *query) KILN_TRY(set_query_field(name, value, defaults));
    rest = rest.substr(0, mark);
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  defaults.bucket = rest.substr(0, slash);
  defaults.prefix = rest.substr(std::min(slash + 1, rest.size()));
  if (defaults.prefix.ends_with('/')) defaults.prefix.pop_back();
  return defaults;
}

base::Status check_s3_options(const S3Options& options) {
  const std::string& bucket = options.bucket;
  if (bucket.size() < 3 || bucket.size() > 63 || !has_only(bucket, ".-_") ||
      !is_letter_or_digit(bucket.front())) {
    return usage("not the name of a bucket", bucket);
  }
  KILN_TRY(check_prefix(options.prefix));
  KILN_TRY(check_endpoint(options.endpoint));
  if (!has_only(options.region, "-_")) return usage("not a region", options.region);
  if (options.part_size < kSmallestPart || options.part_size > kLargestPart) {
    return usage("an S3 part has 5 MiB to 1 GiB, not", std::to_string(options.part_size));
  }
  if (options.parallel_parts < 1 || options.parallel_parts > 64) {
    return usage("1 to 64 parts at once, not", std::to_string(options.parallel_parts));
  }
  if (!options.kms_key.empty() && options.encryption != S3Encryption::kKms) {
    return Error(ErrorCode::kUsage, "a KMS key needs the encryption aws:kms");
  }
  const S3Credentials& credentials = options.credentials;
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return Error(ErrorCode::kUsage,
                 "the S3 sink needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  }
  return {};
}

S3Address address_of(const S3Options& options) {
  std::string scheme = "https://";
  std::string host;
  std::string path;
  if (options.endpoint.empty()) {
    const std::string region = options.region.empty() ? "us-east-1" : options.region;
    host = "s3." + region + ".amazonaws.com" + (region.starts_with("cn-") ? ".cn" : "");
  } else {
    const size_t begin = options.endpoint.find("://") + 3;
    const size_t slash = std::min(options.endpoint.find('/', begin), options.endpoint.size());
    scheme = options.endpoint.substr(0, begin);
    host = options.endpoint.substr(begin, slash - begin);
    path = options.endpoint.substr(slash);
    while (path.ends_with('/')) path.pop_back();
    // The Host header leaves them out, and the signature covers it.
    const std::string_view usual = scheme == "https://" ? ":443" : ":80";
    if (host.ends_with(usual)) host.resize(host.size() - usual.size());
  }
  // A certificate for *.host does not hold for a bucket with a dot.
  const bool automatic = options.endpoint.empty() && options.bucket.find('.') == std::string::npos;
  const bool virtual_host = options.addressing == S3Addressing::kVirtualHost ||
                            (options.addressing == S3Addressing::kAuto && automatic);
  if (virtual_host) {
    host = options.bucket + "." + host;
  } else {
    path += "/" + options.bucket;
  }
  return {scheme + host, host, path};
}

}  // namespace kiln::sink
