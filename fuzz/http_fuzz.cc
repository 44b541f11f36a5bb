// Bytes of a client: read in one piece and in pieces of any size they are the same request or the
// same failure.
#include "fuzz/fuzz.h"
#include "net/request_parser.h"

namespace {

using namespace kiln;
using State = net::RequestParser::State;

std::string read(std::string_view bytes, size_t piece) {
  net::RequestParser parser({4096, 4096});
  std::string waiting;
  size_t used = 0;
  const auto over = [&] {
    return parser.state() == State::kDone || parser.state() == State::kFailed;
  };
  while (!over() && !bytes.empty()) {
    const std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    waiting += next;
    for (;;) {
      const size_t taken = parser.feed(waiting);
      fuzz::check(taken <= waiting.size(), "more was used than there was");
      used += taken;
      waiting.erase(0, taken);
      (void)parser.take_expectation();
      if (taken == 0 || waiting.empty() || over()) break;
    }
  }
  if (parser.state() == State::kFailed) {
    fuzz::check(parser.failure_status() >= 400 && parser.failure_status() < 600, "no status");
    // Of a head that is both too large and no HTTP, either may be seen first.
    return parser.failure_status() == 431 ? "failed 400"
                                          : "failed " + std::to_string(parser.failure_status());
  }
  if (parser.state() != State::kDone) return "unfinished";
  const net::Request& request = parser.request();
  fuzz::check(request.body.size() <= 4096, "a body beyond the limit");
  std::string text = std::to_string(used) + " " + request.method + " " + request.path + "\n";
  for (const auto& [name, value] : request.query) text += name + "=" + value + "\n";
  for (const auto& [name, value] : request.headers.fields()) text += name + ": " + value + "\n";
  return text + request.body + (parser.keep_alive() ? " keep" : " close");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  const size_t piece = 1 + fuzz::take_choice(input, 64);
  const std::string whole = read(input, input.size() + 1);
  const std::string pieces = read(input, piece);
  // Beast looks at the start of a head once, and again when its end is there.
  if (pieces == "unfinished" && whole.starts_with("failed")) return 0;
  fuzz::check(whole == pieces, "pieces make a difference", whole + "\n---\n" + pieces);
  return 0;
}
