#include "net/services.h"

#include <utility>

namespace kiln::net {
namespace {

constexpr size_t kScratchSize = 64 * 1024;

}  // namespace

Services::Services(const ServerOptions& server_options, Handler the_handler,
                   ErrorResponder the_responder, RequestLogger the_logger)
    : options(server_options),
      handler(std::move(the_handler)),
      responder(std::move(the_responder)),
      logger(std::move(the_logger)),
      handlers(options.handler_threads),
      readers(options.handler_threads),
      streams(options.max_streams),
      scratch(kScratchSize) {}

Response Services::error_response(int status, std::string_view text) const {
  try {
    Response response = responder(status, text);
    if (std::holds_alternative<std::string>(response.body)) return response;
  } catch (...) {  // The bare status is still an answer.
  }
  return {status, {}, std::string()};
}

}  // namespace kiln::net
