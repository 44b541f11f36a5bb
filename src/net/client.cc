#include "net/client.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <strings.h>

#include "base/mutex.h"

namespace kiln::net {
namespace {

using base::Error;
using base::ErrorCode;
using Clock = std::chrono::steady_clock;

/// Handles kept for later; each keeps its connections.
constexpr size_t kMaxFreeHandles = 64;
constexpr long kBuffer = 256 * 1024;  // 64 KiB cost a quarter more of the kernel's time
/// How often the stall of a transfer is looked at, at least; a stop wakes the wait at once.
constexpr std::chrono::milliseconds kMaxWait{1'000};

/// A handle of libcurl with a connection cache of its own; one transfer at a time. (libcurl's own
/// sharing of connections between threads is not safe.)
class Handle {
 public:
  Handle() : easy(curl_easy_init()), multi(curl_multi_init()) {}
  ~Handle() {
    if (easy) curl_easy_cleanup(easy);
    if (multi) curl_multi_cleanup(multi);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  CURL* const easy;
  CURLM* const multi;
};

class FieldList {
 public:
  FieldList() = default;
  ~FieldList() { curl_slist_free_all(list); }
  FieldList(const FieldList&) = delete;
  FieldList& operator=(const FieldList&) = delete;
  void add(const std::string& line) {
    if (curl_slist* longer = curl_slist_append(list, line.c_str())) list = longer;
  }

  curl_slist* list = nullptr;
};

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  });
}

/// One request on a handle.
class Transfer {
 public:
  Transfer(Handle& handle, const ClientRequest& request) : handle_(handle), request_(request) {}

  base::Result<ClientResponse> run() {
    KILN_TRY(set_up());
    curl_multi_add_handle(handle_.multi, handle_.easy);
    const std::stop_callback wake(request_.stop, [this] { curl_multi_wakeup(handle_.multi); });
    base::Status status = drive();
    curl_multi_remove_handle(handle_.multi, handle_.easy);
    if (!status.ok()) return std::move(status).error();
    return std::move(response_);
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    if (curl_easy_setopt(handle_.easy, option, value) != CURLE_OK) refused_ = true;
  }

  bool has_scheme(std::string_view scheme) const {
    return strncasecmp(request_.url.c_str(), scheme.data(), scheme.size()) == 0;
  }

  base::Status set_up() {
    if (has_control_character(request_.url) || has_control_character(request_.method)) {
      return Error(ErrorCode::kUsage, "control character in a method or URL");
    }
    // libcurl has one code for a scheme it may not use and an answer that is not HTTP.
    if (!has_scheme("http://") && !has_scheme("https://")) {
      return Error(ErrorCode::kUsage, "not an http or https URL: " + request_.url);
    }
    curl_easy_reset(handle_.easy);
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    // Keys of objects may hold "/../".
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    // A stop does not wait for a name that is being resolved.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_BUFFERSIZE, kBuffer);
    set(CURLOPT_UPLOAD_BUFFERSIZE, kBuffer);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));
    if (!request_.ca_file.empty()) set(CURLOPT_CAINFO, request_.ca_file.c_str());
    set(CURLOPT_ERRORBUFFER, message_);
    set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(CURLOPT_HEADERDATA, this);
    set_method();
    KILN_TRY(set_headers());
    if (refused_) return Error(ErrorCode::kInternal, "libcurl refused an option");
    return {};
  }

  void set_method() {
    if (request_.method == "HEAD") return set(CURLOPT_NOBODY, 1L);
    const bool sends_length = request_.method == "PUT" || request_.method == "POST" ||
                              request_.method == "PATCH" || !request_.body.empty();
    if (sends_length) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, request_.body.empty() ? "" : request_.body.data());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    }
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }

  base::Status set_headers() {
    for (const auto& [name, value] : request_.headers.fields()) {
      if (has_control_character(name) || has_control_character(value)) {
        return Error(ErrorCode::kUsage, "control character in a header field");
      }
      // An empty value is written with ';': with ':' it would take the field away.
      fields_.add(value.empty() ? name + ";" : name + ": " + value);
    }
    // Fields that libcurl would add of its own accord.
    if (!request_.headers.has("Content-Type")) fields_.add("Content-Type:");
    if (!request_.headers.has("Expect")) fields_.add("Expect:");
    set(CURLOPT_HTTPHEADER, fields_.list);
    return {};
  }

  base::Status drive() {
    window_began_ = Clock::now();
    for (;;) {
      int running = 0;
      const CURLMcode code = curl_multi_perform(handle_.multi, &running);
      if (code != CURLM_OK) return Error(ErrorCode::kInternal, curl_multi_strerror(code));
      if (request_.stop.stop_requested()) {
        return Error(ErrorCode::kCancelled, "the request was stopped");
      }
      if (running == 0) return outcome();
      const auto left = time_to_stall();
      if (left.count() <= 0) {
        return Error(ErrorCode::kUnavailable, "the transfer stalled: " + request_.url);
      }
      const auto wait = std::min(left, kMaxWait);
      curl_multi_poll(handle_.multi, nullptr, 0, static_cast<int>(wait.count()), nullptr);
    }
  }

  /// Until nothing has moved for the stall time. (Stores send blanks to say that they are at work.)
  /// Connecting has its own limit.
  std::chrono::milliseconds time_to_stall() {
    const auto now = Clock::now();
    curl_off_t connected = 0;
    curl_off_t sent = 0;
    curl_off_t received = 0;
    curl_easy_getinfo(handle_.easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    curl_easy_getinfo(handle_.easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    curl_easy_getinfo(handle_.easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    const curl_off_t moved = sent + received + header_bytes_;
    if (connected == 0 || moved != window_moved_) {
      window_began_ = now;
      window_moved_ = moved;
    }
    const auto left = window_began_ + request_.stall_timeout - now;
    // Rounded up: a wait of 0 ms would spin.
    return std::chrono::ceil<std::chrono::milliseconds>(left);
  }

  base::Status outcome() {
    int left = 0;
    CURLcode code = CURLE_FAILED_INIT;
    while (const CURLMsg* message = curl_multi_info_read(handle_.multi, &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    if (failure_) return std::move(*failure_);
    const std::string text = message_[0] != '\0' ? message_ : curl_easy_strerror(code);
    switch (code) {
      case CURLE_OK:
        response_.status = status();
        return {};
      case CURLE_URL_MALFORMAT:
        return Error(ErrorCode::kUsage, text + ": " + request_.url);
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
        return Error(ErrorCode::kIo, text + ": " + request_.url);
      case CURLE_OUT_OF_MEMORY:
      case CURLE_FAILED_INIT:
      case CURLE_BAD_FUNCTION_ARGUMENT:
        return Error(ErrorCode::kInternal, text + ": " + request_.url);
      default:
        return Error(ErrorCode::kUnavailable, text + ": " + request_.url);
    }
  }

  int status() const {
    long code = 0;
    curl_easy_getinfo(handle_.easy, CURLINFO_RESPONSE_CODE, &code);
    return static_cast<int>(code);
  }

  base::Status take(std::string_view bytes) {
    const int code = status();
    if (request_.on_body && code >= 200 && code < 300) return request_.on_body(bytes);
    if (bytes.size() > request_.max_body_size - response_.body.size()) {
      return Error(ErrorCode::kLimit, "the answer is larger than " +
                                          std::to_string(request_.max_body_size) +
                                          " bytes: " + request_.url);
    }
    response_.body.append(bytes);
    return {};
  }

  static size_t on_body(char* data, size_t, size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.body_began_ = true;
    try {
      base::Status status = transfer.take({data, size});
      if (status.ok()) return size;
      transfer.failure_ = std::move(status).error();
    } catch (...) {  // It must not pass through libcurl's frames.
      transfer.failure_ = Error(ErrorCode::kInternal, "an exception while an answer was read");
    }
    return CURL_WRITEFUNC_ERROR;
  }

  static size_t on_header(char* data, size_t, size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.header_bytes_ += static_cast<curl_off_t>(size);
    try {
      transfer.take_header({data, size});
      return size;
    } catch (...) {
      transfer.failure_ = Error(ErrorCode::kInternal, "an exception while an answer was read");
      return 0;
    }
  }

  void take_header(std::string_view line) {
    if (body_began_) return;  // A trailer.
    if (line.starts_with("HTTP/")) {
      response_.headers = {};  // An interim answer came before.
      return;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const size_t begin = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
    const size_t end = line.find_last_not_of(" \t\r\n") + 1;
    response_.headers.add(std::string(line.substr(0, colon)),
                          std::string(line.substr(begin, std::max(begin, end) - begin)));
  }

  Handle& handle_;
  const ClientRequest& request_;
  FieldList fields_;
  bool refused_ = false;
  char message_[CURL_ERROR_SIZE] = {};
  ClientResponse response_;
  std::optional<Error> failure_;
  bool body_began_ = false;
  curl_off_t header_bytes_ = 0;
  curl_off_t window_moved_ = 0;
  Clock::time_point window_began_;
};

}  // namespace

struct Client::Impl {
  base::Mutex mutex;
  /// The one used last goes out first: its connection is the least likely to have been closed.
  std::vector<std::unique_ptr<Handle>> free KILN_GUARDED_BY(mutex);

  std::unique_ptr<Handle> take() {
    {
      const base::MutexLock lock(mutex);
      if (!free.empty()) {
        auto handle = std::move(free.back());
        free.pop_back();
        return handle;
      }
    }
    return std::make_unique<Handle>();
  }

  void give_back(std::unique_ptr<Handle> handle) {
    // It points into the request, which is about to end.
    curl_easy_reset(handle->easy);
    const base::MutexLock lock(mutex);
    if (free.size() < kMaxFreeHandles) free.push_back(std::move(handle));
  }
};

Client::Client() : impl_(std::make_unique<Impl>()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}
Client::~Client() = default;

base::Result<ClientResponse> Client::perform(const ClientRequest& request) {
  if (request.stop.stop_requested()) {
    return Error(ErrorCode::kCancelled, "the request was stopped");
  }
  auto handle = impl_->take();
  if (!handle->easy || !handle->multi) return Error(ErrorCode::kInternal, "libcurl has no memory");
  auto result = Transfer(*handle, request).run();
  // libcurl does not bring every handle back to its beginning after a failure.
  if (result.ok()) impl_->give_back(std::move(handle));
  return result;
}

}  // namespace kiln::net
