// An object store that answers what the test has written down.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/client.h"
#include "sink/s3/s3_client.h"
#include "sink/s3/s3_options.h"

namespace kiln::sink::testing {

/// What came. `what` is the method, the path below the bucket and the query: "PUT
/// /key?partNumber=1".
struct SeenRequest {
  std::string what;
  std::string url;
  net::Headers headers;
  std::string body;
};

/// Thread-safe. Without an answer left, `otherwise` makes it: 200 without a body.
class ScriptedStore {
 public:
  using Answer = base::Result<net::ClientResponse>;

  /// Path style at http://store, bucket "bucket".
  static S3Options options();
  S3Seams seams();

  void answer(int status, std::string body = "", net::Headers headers = {});
  /// <Error> with the code.
  void refuse(int status, const std::string& code);
  void break_connection();
  std::function<Answer(const SeenRequest&)> otherwise;

  std::vector<SeenRequest> requests();
  /// The `what` of all requests.
  std::vector<std::string> seen();
  std::vector<std::chrono::milliseconds> waits();
  /// Called in place of a wait; what it returns is the wait's result.
  std::function<bool(std::stop_token)> on_wait;

 private:
  /// Each look is a second later.
  class Clock final : public base::Clock {
   public:
    base::WallTime now() override;
    std::chrono::steady_clock::time_point steady_now() override { return {}; }

   private:
    std::mutex mutex_;
    int64_t seconds_ = 1'800'000'000;
  };

  Answer perform(const net::ClientRequest& request);

  Clock clock_;
  base::SystemRandom random_;
  std::mutex mutex_;
  std::deque<Answer> answers_;
  std::vector<SeenRequest> requests_;
  std::vector<std::chrono::milliseconds> waits_;
};

}  // namespace kiln::sink::testing
