#include "net/services.h"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace kiln::net {
namespace {

constexpr size_t kScratchSize = 64 * 1024;

/// Short, and another one every second.
std::string id_of_now() {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), now.count(), 16).ptr;
  return std::string(digits.data(), end);
}

}  // namespace

Services::Services(const ServerOptions& server_options, Handler the_handler,
                   ErrorResponder the_responder, RequestLogger the_logger)
    : options(server_options),
      handler(std::move(the_handler)),
      responder(std::move(the_responder)),
      logger(std::move(the_logger)),
      handlers(options.handler_threads),
      readers(options.handler_threads),
      makers(options.handler_threads),
      streams(options.max_streams),
      scratch(kScratchSize),
      request_id_prefix(id_of_now() + "-") {
  if (options.memory == nullptr) return;
  share.emplace(*options.memory);
  memory = base::MemoryReservation(&*share);
}

Response Services::error_response(int status, std::string_view text) const {
  try {
    Response response = responder(status, text);
    if (std::holds_alternative<std::string>(response.body)) return response;
  } catch (...) {  // The bare status is still an answer.
  }
  return {status, {}, std::string()};
}

Response Services::failure_response(const base::Error& error) const {
  if (error.code() == base::ErrorCode::kNoMemory) return error_response(503, error.message());
  return error_response(500, "The answer could not be made");
}

}  // namespace kiln::net
