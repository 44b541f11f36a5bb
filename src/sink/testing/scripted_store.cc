#include "sink/testing/scripted_store.h"

#include <utility>

namespace kiln::sink::testing {

base::WallTime ScriptedStore::Clock::now() {
  const std::lock_guard lock(mutex_);
  return base::WallTime(std::chrono::seconds(seconds_++));
}

S3Options ScriptedStore::options() {
  S3Options options;
  options.bucket = "bucket";
  options.endpoint = "http://store";
  options.credentials = {"id", "secret", ""};
  return options;
}

S3Seams ScriptedStore::seams() {
  return {[this](const net::ClientRequest& request) { return perform(request); }, clock_, random_,
          [this](std::chrono::milliseconds time, std::stop_token stop) {
            {
              const std::lock_guard lock(mutex_);
              waits_.push_back(time);
            }
            return on_wait ? on_wait(std::move(stop)) : true;
          }};
}

void ScriptedStore::answer(int status, std::string body, net::Headers headers) {
  const std::lock_guard lock(mutex_);
  answers_.emplace_back(net::ClientResponse{status, std::move(headers), std::move(body)});
}

void ScriptedStore::refuse(int status, const std::string& code) {
  answer(status, "<Error><Code>" + code + "</Code><Message>as told</Message></Error>");
}

void ScriptedStore::break_connection() {
  const std::lock_guard lock(mutex_);
  answers_.emplace_back(base::Error(base::ErrorCode::kUnavailable, "the connection broke"));
}

ScriptedStore::Answer ScriptedStore::perform(const net::ClientRequest& request) {
  if (request.stop.stop_requested()) {
    return base::Error(base::ErrorCode::kCancelled, "the request was stopped");
  }
  static constexpr std::string_view kBucket = "http://store/bucket";
  SeenRequest seen{request.method + " " + request.url, request.url, request.headers,
                   std::string(request.body)};
  if (request.url.starts_with(kBucket)) {
    seen.what = request.method + " " + request.url.substr(kBucket.size());
  }
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(seen);
    if (!answers_.empty()) {
      Answer answer = std::move(answers_.front());
      answers_.pop_front();
      return answer;
    }
  }
  return otherwise ? otherwise(seen) : net::ClientResponse{200, {}, ""};
}

std::vector<SeenRequest> ScriptedStore::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<std::string> ScriptedStore::seen() {
  std::vector<std::string> all;
  for (const SeenRequest& request : requests()) all.push_back(request.what);
  return all;
}

std::vector<std::chrono::milliseconds> ScriptedStore::waits() {
  const std::lock_guard lock(mutex_);
  return waits_;
}

}  // namespace kiln::sink::testing
