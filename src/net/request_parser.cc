#include "net/request_parser.h"

#include <algorithm>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>

#include "base/text.h"

namespace kiln::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;
using boost::system::error_code;
using BeastView = boost::beast::string_view;

/// More fields than this are an attack: each costs far more memory than bytes on the wire.
constexpr size_t kMaxFields = 256;

std::string_view view(BeastView text) { return {text.data(), text.size()}; }

/// RFC 9110 §7.2, RFC 3986 §3.2: a name or an address in brackets, and a port.
bool is_valid_host(std::string_view host) {
  const auto is_host_char = [](char c) {
    const char folded = static_cast<char>(c | 0x20);
    return (folded >= 'a' && folded <= 'z') || base::is_digit(c) ||
           std::string_view("-._~!$&'()*+,;=%").find(c) != std::string_view::npos;
  };
  size_t end = 0;
  if (host.starts_with('[')) {
    end = host.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    const std::string_view address = host.substr(1, end - 1);
    const bool valid = std::all_of(address.begin(), address.end(),
                                   [&](char c) { return c == ':' || is_host_char(c); });
    if (!valid) return false;
    ++end;
  } else {
    while (end < host.size() && is_host_char(host[end])) ++end;
  }
  if (end == host.size()) return true;
  if (host[end] != ':') return false;
  const std::string_view port = host.substr(end + 1);
  return port.size() <= 5 &&
         std::all_of(port.begin(), port.end(), [](char c) { return base::is_digit(c); });
}

/// What a target consists of.
struct Target {
  std::string_view host;  ///< of an absolute one
  std::string_view path_and_query;
};

/// Of any form of target (RFC 9112 §3.2); nothing if it is none.
std::optional<Target> read_target(std::string_view target) {
  if (target.find('#') != std::string_view::npos) return std::nullopt;
  if (target.starts_with('/') || target == "*") return Target{{}, target};
  const size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const std::string_view name = target.substr(0, scheme);
  if (!iequals(BeastView(name.data(), name.size()), "http") &&
      !iequals(BeastView(name.data(), name.size()), "https")) {
    return std::nullopt;
  }
  target.remove_prefix(scheme + 3);
  const size_t path = std::min(target.find_first_of("/?"), target.size());
  const std::string_view host = target.substr(0, path);
  if (host.empty() || !is_valid_host(host)) return std::nullopt;
  return Target{host, path == target.size() ? std::string_view("/") : target.substr(path)};
}

bool split_target(Request& request) {
  const auto found = read_target(request.target);
  if (!found) return false;
  const std::string_view rest = found->path_and_query;
  const size_t question = std::min(rest.find('?'), rest.size());
  auto path = normalize_path(rest.substr(0, question));
  auto query = parse_query(rest.substr(std::min(question + 1, rest.size())));
  if (!path || !query || query->size() > kMaxFields) return false;
  request.path = path->empty() ? "/" : std::move(*path);
  request.query = std::move(*query);
  // Where both are given, the target counts (RFC 9112 §3.2.2).
  request.host = found->host.empty() ? request.headers.get("Host").value_or("") : found->host;
  return true;
}

/// Obsolete line folding, which those in front of us may have read otherwise (RFC 9112 §5.2).
bool has_folded_line(std::string_view lines) {
  for (size_t end = lines.find('\n'); end != std::string_view::npos;
       end = lines.find('\n', end + 1)) {
    if (end + 1 < lines.size() && (lines[end + 1] == ' ' || lines[end + 1] == '\t')) return true;
  }
  return false;
}

/// A last chunk has five bytes at least ("0\r\n\r\n"), and Beast asserts so when it is asked again.
bool may_be_part_of_last_chunk(std::string_view bytes) {
  return bytes.size() < 5 && bytes[0] == '0';
}

}  // namespace

class RequestParser::Impl final : public http::basic_parser<true> {
 public:
  explicit Impl(Limits limits) : limits_(limits) {
    eager(false);
    header_limit(static_cast<uint32_t>(std::min<size_t>(limits.head, 1U << 30)));
    body_limit(static_cast<uint64_t>(limits.body));
  }

  size_t feed(std::string_view bytes) {
    size_t used = 0;
    bool needs_more = false;
    while (!needs_more && used < bytes.size() && (state == State::kHead || state == State::kBody)) {
      if (state == State::kBody && has_transfer_encoding_ &&
          may_be_part_of_last_chunk(bytes.substr(used)))
        break;
      error_code error;
      const size_t step = put({bytes.data() + used, bytes.size() - used}, error);
      used += step;
      needs_more = error == http::error::need_more;
      const size_t unused = needs_more ? bytes.size() - used : 0;
      if (error && !needs_more) {
        fail(error);
      } else if (state == State::kHead) {
        head_size_ += step;
        // Beast takes whole fields only, folded lines and all.
        check_head(head_size_ + unused, has_folded_line(bytes.substr(used - step, step)));
      } else if (unused > limits_.head) {
        fail(400, "A chunk's head or the trailer is too large");
      } else if (is_done()) {
        state = State::kDone;
      }
    }
    return used;
  }

  size_t held() const { return head_size_ + request.body.capacity(); }

  State state = State::kHead;
  int status = 0;
  std::string_view text;
  bool expects_continue = false;
  bool http_1_0 = false;
  Request request;

 private:
  void check_head(size_t size, bool has_folded_line) {
    if (size > limits_.head) return fail(431, "The head of the request is too large");
    if (has_folded_line) return fail(400, "A folded line is not allowed");
    if (is_header_done()) check_fields();
  }

  void check_fields() {
    if (hosts_ > 1 || (hosts_ == 0 && !http_1_0)) {
      fail(400, "The request needs one Host field");
    } else if (has_bad_host_) {
      fail(400, "The Host field is not valid");
    } else if (has_transfer_encoding_ && (content_lengths_ > 0 || http_1_0)) {
      fail(400, "Transfer-Encoding is not allowed here");
    } else if (content_lengths_ > 1) {
      fail(400, "The request has more than one Content-Length");
    } else if (has_unknown_encoding_) {
      fail(501, "The Transfer-Encoding is not known");
    } else if (has_unknown_expectation_) {
      fail(417, "The expectation is not known");
    } else if (!split_target(request)) {
      fail(400, "The target of the request is not valid");
    } else {
      state = is_done() ? State::kDone : State::kBody;
    }
  }

  void fail(int code, std::string_view why) {
    if (state == State::kFailed) return;
    state = State::kFailed;
    status = code;
    text = why;
  }

  void fail(const error_code& error) {
    if (error == http::error::header_limit) {
      fail(431, "The head of the request is too large");
    } else if (error == http::error::body_limit) {
      fail(413, "The body of the request is too large");
    } else {
      fail(400, "The request is not valid HTTP");
    }
  }

  void on_request_impl(http::verb, BeastView method, BeastView target, int version,
                       error_code&) override {
    request.method = view(method);
    request.target = view(target);
    http_1_0 = version == 10;
  }

  void on_field_impl(http::field field, BeastView name, BeastView value,
                     error_code& error) override {
    // Fields of a trailer could pass for fields that somebody in front of us has checked.
    if (state != State::kHead) return;
    if (request.headers.fields().size() == kMaxFields) {
      error = http::error::header_limit;
      return;
    }
    switch (field) {
      case http::field::host:
        ++hosts_;
        has_bad_host_ = has_bad_host_ || !is_valid_host(view(value));
        break;
      case http::field::content_length:
        ++content_lengths_;
        break;
      case http::field::transfer_encoding:
        has_transfer_encoding_ = true;
        has_unknown_encoding_ = has_unknown_encoding_ || !iequals(value, "chunked");
        break;
      case http::field::expect:
        expects_continue = iequals(value, "100-continue") && !http_1_0;
        has_unknown_expectation_ = !iequals(value, "100-continue");
        break;
      default:
        break;
    }
    request.headers.add(std::string(view(name)), std::string(view(value)));
  }

  size_t on_body_impl(BeastView body, error_code&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }
  size_t on_chunk_body_impl(uint64_t, BeastView body, error_code& error) override {
    return on_body_impl(body, error);
  }

  void on_response_impl(int, BeastView, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(uint64_t, BeastView, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  const Limits limits_;
  size_t head_size_ = 0;
  int hosts_ = 0;
  bool has_bad_host_ = false;
  int content_lengths_ = 0;
  bool has_transfer_encoding_ = false;
  bool has_unknown_encoding_ = false;
  bool has_unknown_expectation_ = false;
};

RequestParser::RequestParser(Limits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

size_t RequestParser::feed(std::string_view bytes) { return impl_->feed(bytes); }
RequestParser::State RequestParser::state() const { return impl_->state; }
size_t RequestParser::held() const { return impl_->held(); }
int RequestParser::failure_status() const { return impl_->status; }
std::string_view RequestParser::failure_text() const { return impl_->text; }
bool RequestParser::take_expectation() { return std::exchange(impl_->expects_continue, false); }
bool RequestParser::keep_alive() const { return impl_->keep_alive(); }
bool RequestParser::is_http_1_0() const { return impl_->http_1_0; }
Request& RequestParser::request() { return impl_->request; }

}  // namespace kiln::net
