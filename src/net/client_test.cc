#include "net/client.h"

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/test_server.h"
#include "net/testing/wire_server.h"

namespace kiln::net {
namespace {

using base::Error;
using base::ErrorCode;
using base::Status;
using std::chrono::milliseconds;
using testing::Event;
using ::testing::HasSubstr;
using testing::pattern;
using testing::TestServer;
using testing::text;
using testing::wait_for_stop;
using testing::WireServer;

std::string url(uint16_t port, std::string_view path = "/") {
  return "http://127.0.0.1:" + std::to_string(port) + std::string(path);
}

ErrorCode code_of(const base::Result<ClientResponse>& result) {
  return result.ok() ? ErrorCode::kInternal : result.error().code();
}

/// What a server that speaks these bytes and then closes leads to.
base::Result<ClientResponse> perform_against(std::string answer) {
  WireServer server(std::move(answer));
  Client client;
  return client.perform({.url = url(server.port())});
}

TEST(Client, SendsAndReceives) {
  Request seen;
  TestServer server([&](const Request& request) {
    seen = request;
    Response response{201, {}, pattern(300'000)};
    response.headers.add("ETag", "\"x\"");
    response.headers.add("X-Twice", "1");
    response.headers.add("X-Twice", "2");
    return response;
  });
  Client client;
  ClientRequest request{.method = "PUT", .url = url(server.port(), "/a/../b%20c?d=e")};
  const std::string body = pattern(2'000'000);
  request.body = body;
  request.headers.add("X-Empty", "");
  request.headers.add("X-Field", "value");
  const auto response = client.perform(request);
  ASSERT_TRUE(response.ok()) << response.error().to_string();
  EXPECT_EQ(response->status, 201);
  EXPECT_TRUE(response->body == pattern(300'000));
  EXPECT_EQ(response->headers.get("etag"), "\"x\"");
  EXPECT_EQ(response->headers.get("x-twice"), "1, 2");
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, "/a/../b%20c?d=e");
  EXPECT_TRUE(seen.body == body);
  EXPECT_EQ(seen.headers.get("x-field"), "value");
  EXPECT_EQ(seen.headers.get("x-empty"), "");
  EXPECT_EQ(seen.headers.get("content-length"), "2000000");
  EXPECT_FALSE(seen.headers.has("Content-Type"));
  EXPECT_FALSE(seen.headers.has("Expect"));
}

TEST(Client, MethodsWithoutABody) {
  std::vector<std::string> seen;
  TestServer server([&](const Request& request) {
    seen.push_back(request.method + " " + request.headers.get("Content-Length").value_or("-"));
    return text("hello");
  });
  Client client;
  for (const char* method : {"GET", "HEAD", "DELETE", "POST", "PUT"}) {
    const auto response = client.perform({.method = method, .url = url(server.port())});
    ASSERT_TRUE(response.ok()) << method;
    EXPECT_EQ(response->body, method == std::string("HEAD") ? "" : "hello");
    EXPECT_EQ(response->headers.get("Content-Length"), "5");
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"GET -", "HEAD -", "DELETE -", "POST 0", "PUT 0"}));
}

TEST(Client, AnyStatusIsASuccessAndRedirectsAreNotFollowed) {
  TestServer server([&](const Request& request) {
    Response response{request.path == "/307" ? 307 : 503, {}, "no"};
    response.headers.add("Location", "/elsewhere");
    return response;
  });
  Client client;
  for (const int status : {307, 503}) {
    const auto response = client.perform({.url = url(server.port(), "/" + std::to_string(status))});
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, "no");
  }
}

TEST(Client, KeepsItsConnections) {
  WireServer server("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", WireServer::Then::kServeNext);
  Client client;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.perform({.url = url(server.port())}).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST(Client, TriesAgainWhenAKeptConnectionHasBeenClosed) {
  ServerOptions options;
  options.idle_timeout = milliseconds(1);
  TestServer server([](const Request&) { return text("a"); }, options);
  Client client;
  for (int i = 0; i < 50; ++i) {
    const auto response = client.perform({.url = url(server.port())});
    ASSERT_TRUE(response.ok()) << response.error().to_string();
  }
}

TEST(Client, ManyAtOnce) {
  TestServer server([](const Request& request) { return text(request.path); });
  Client client;
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
        const auto response = client.perform({.url = url(server.port(), path)});
        if (response.ok() && response->body == path) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 400);
}

TEST(Client, OnBodyGetsTheBodyOfASuccessOnly) {
  const std::string bytes = pattern(1'000'000);
  TestServer server([&](const Request& request) -> Response {
    return {request.path == "/404" ? 404 : 200, {}, bytes};
  });
  Client client;
  std::string seen;
  ClientRequest request{.url = url(server.port())};
  request.max_body_size = 10;
  request.on_body = [&](std::string_view piece) {
    seen += piece;
    return Status();
  };
  const auto response = client.perform(request);
  ASSERT_TRUE(response.ok());
  EXPECT_TRUE(seen == bytes);
  EXPECT_EQ(response->body, "");
  seen.clear();
  request.url = url(server.port(), "/404");
  EXPECT_EQ(code_of(client.perform(request)), ErrorCode::kLimit);
  EXPECT_EQ(seen, "");
}

TEST(Client, AnErrorOfOnBodyIsTheResult) {
  TestServer server([](const Request&) { return text(pattern(1'000'000)); });
  Client client;
  ClientRequest request{.url = url(server.port())};
  request.on_body = [](std::string_view) -> Status {
    return Error(ErrorCode::kConflict, "changed");
  };
  EXPECT_EQ(code_of(client.perform(request)), ErrorCode::kConflict);
  request.on_body = [](std::string_view) -> Status { throw 1; };
  const auto thrown = client.perform(request);
  ASSERT_FALSE(thrown.ok());
  EXPECT_EQ(thrown.error().code(), ErrorCode::kInternal);
  request.on_body = nullptr;
  EXPECT_TRUE(client.perform(request).ok());
}

TEST(Client, TheLimitOfTheBody) {
  TestServer server([](const Request&) { return text(pattern(1000)); });
  Client client;
  ClientRequest request{.url = url(server.port())};
  request.max_body_size = 1000;
  EXPECT_TRUE(client.perform(request).ok());
  request.max_body_size = 999;
  EXPECT_EQ(code_of(client.perform(request)), ErrorCode::kLimit);
}

TEST(Client, WhatIsBrokenIsUnavailable) {
  uint16_t free_port = 0;
  {
    const WireServer gone("");
    free_port = gone.port();
  }
  Client client;
  const auto refused = client.perform({.url = url(free_port)});
  EXPECT_EQ(code_of(refused), ErrorCode::kUnavailable);
  EXPECT_EQ(code_of(perform_against("")), ErrorCode::kUnavailable);
  EXPECT_EQ(code_of(perform_against("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")),
            ErrorCode::kUnavailable);
  EXPECT_EQ(code_of(perform_against("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "3\r\nabc\r\n")),
            ErrorCode::kUnavailable);
  EXPECT_EQ(code_of(perform_against("what?\r\n\r\n")), ErrorCode::kUnavailable);
  // Not TLS at all.
  TestServer server([](const Request&) { return text(""); });
  EXPECT_EQ(code_of(client.perform({.url = "https://127.0.0.1:" + std::to_string(server.port())})),
            ErrorCode::kUnavailable);
}

TEST(Client, InterimAnswersAndTrailersAreLeftOut) {
  const auto response = perform_against(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nA:  b \r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\nx\r\n0\r\nLate: y\r\n\r\n");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body, "x");
  EXPECT_EQ(response->headers.get("A"), "b");
  EXPECT_FALSE(response->headers.has("Link"));
  EXPECT_FALSE(response->headers.has("Late"));
}

TEST(Client, BadRequestsAreUsageErrors) {
  Client client;
  for (const char* bad :
       {"", "ftp://127.0.0.1/", "file:///etc/passwd", "http://a b/", "http://127.0.0.1/\r\nX: y"}) {
    EXPECT_EQ(code_of(client.perform({.url = bad})), ErrorCode::kUsage) << bad;
  }
  ClientRequest request{.url = "http://127.0.0.1:1/"};
  request.headers.add("X", "a\r\nY: b");
  EXPECT_EQ(code_of(client.perform(request)), ErrorCode::kUsage);
}

TEST(Client, AStallIsUnavailable) {
  for (const char* beginning : {"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"}) {
    WireServer server(beginning, WireServer::Then::kWait);
    Client client;
    ClientRequest request{.url = url(server.port())};
    request.stall_timeout = milliseconds(50);
    const auto result = client.perform(request);
    EXPECT_EQ(code_of(result), ErrorCode::kUnavailable);
    EXPECT_THAT(result.error().message(), HasSubstr("stalled"));
  }
}

TEST(Client, AStopEndsItInTheMiddle) {
  Event running;
  TestServer server([&](const Request& request) {
    running.set();
    wait_for_stop(request.stop);
    return text("");
  });
  Client client;
  std::stop_source stop;
  ClientRequest request{.url = url(server.port())};
  request.stop = stop.get_token();
  std::thread stopper([&] {
    running.wait();
    stop.request_stop();
  });
  EXPECT_EQ(code_of(client.perform(request)), ErrorCode::kCancelled);
  stopper.join();
  EXPECT_EQ(code_of(client.perform(request)), ErrorCode::kCancelled);
}

TEST(Client, ProxiesOfTheEnvironmentAreNotUsed) {
  TestServer server([](const Request&) { return text("direct"); });
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  Client client;
  const auto response = client.perform({.url = url(server.port())});
  ::unsetenv("http_proxy");
  ASSERT_TRUE(response.ok()) << response.error().to_string();
  EXPECT_EQ(response->body, "direct");
}

}  // namespace
}  // namespace kiln::net
