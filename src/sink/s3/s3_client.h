// Signed requests to one bucket, sent again while that may help.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "net/client.h"
#include "sink/s3/s3_options.h"

namespace kiln::sink {

struct S3Request {
  std::string method = "GET";
  std::string key;  ///< of the object; empty: the bucket itself
  QueryFields query{};
  net::Headers headers{};
  std::string_view body{};  ///< must live until send() returns
  size_t max_answer = 8U << 20;
  /// One try, and that not for long: for a question whose answer is not needed.
  bool once = false;
  std::stop_token stop{};
};

/// What a client stands on; tests bring their own.
struct S3Seams {
  /// net::Client::perform or a stand-in. Called from several threads at once.
  std::function<base::Result<net::ClientResponse>(const net::ClientRequest&)> perform;
  base::Clock& clock;
  base::RandomSource& random;
  /// Waits; false if the stop came first.
  std::function<bool(std::chrono::milliseconds, std::stop_token)> wait;
};

/// Thread-safe.
class S3Client {
 public:
  static constexpr int kTries = 6;

  /// Options that check_s3_options() passed.
  S3Client(S3Options options, S3Seams seams);

  const S3Options& options() const { return options_; }

  /// A 2xx answer. Sent up to kTries times where the connection broke, the store asked for it
  /// (SlowDown) or failed by itself (5xx), with growing, jittered waits; so every request must be
  /// one that may be carried out twice. Errors: kUnavailable if all that was in vain; kNotFound for
  /// an object or upload that is not there (a bucket: kIo); kConflict for a range or a condition
  /// that does not hold; kIo for the rest, with the store's code in the message.
  base::Result<net::ClientResponse> send(const S3Request& request) const;

  /// Between requests of which there may be many; false if the stop came first.
  bool pause(std::chrono::milliseconds time, std::stop_token stop) const {
    return seams_.wait(time, std::move(stop));
  }

  /// The address of an object with a signature in it.
  std::string presigned_url(const std::string& key, const QueryFields& query,
                            uint32_t seconds) const;

 private:
  base::Result<net::ClientResponse> send_once(const S3Request& request,
                                              const std::string& payload_hash) const;
  net::ClientRequest signed_request(const S3Request& request,
                                    const std::string& payload_hash) const;
  std::string payload_hash_of(std::string_view body) const;
  std::string path_of(const std::string& key) const;
  std::chrono::milliseconds delay_after(int tries) const;

  const S3Options options_;
  const S3Address address_;
  const bool is_private_;  ///< nobody between here and the store can change what is sent
  const S3Seams seams_;
};

/// Waits on a condition of its own.
bool wait_or_stop(std::chrono::milliseconds time, std::stop_token stop);

}  // namespace kiln::sink
