#include "net/server_state.h"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace kiln::net {
namespace {

constexpr size_t kScratchSize = 64 * 1024;
constexpr size_t kProbeThreads = 2;

/// Short, and another one every second.
std::string id_of_now() {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), now.count(), 16).ptr;
  return std::string(digits.data(), end);
}

}  // namespace

ServerState::ServerState(const ServerOptions& server_options)
    : options(server_options),
      probes(kProbeThreads),
      quick(options.quick_threads),
      lengthy(options.long_threads),
      readers(options.quick_threads),
      streams(options.max_streams),
      stream_shares(options.max_streams, options.max_streams_per_client),
      scratch(kScratchSize),
      request_id_prefix(id_of_now() + "-") {
  if (options.memory == nullptr) return;
  share.emplace(*options.memory);
  memory = base::MemoryReservation(&*share);
}

Response ServerState::error_response(int status, std::string_view text) const {
  try {
    Response response = callbacks.responder(status, text);
    if (std::holds_alternative<std::string>(response.body)) return response;
  } catch (...) {  // The bare status is still an answer.
  }
  return {status, {}, std::string()};
}

WorkerPool& ServerState::pool_of(Lane lane) {
  if (lane == Lane::kProbe) return probes;
  return lane == Lane::kLong ? lengthy : quick;
}

Response ServerState::failure_response(const base::Error& error) const {
  if (error.code() == base::ErrorCode::kNoMemory) return error_response(503, error.message());
  return error_response(500, "The answer could not be made");
}

}  // namespace kiln::net
