#include "net/server.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/raw_client.h"
#include "net/testing/test_server.h"

namespace kiln::net {
namespace {

using testing::Event;
using testing::get;
using ::testing::HasSubstr;
using testing::head;
using testing::pattern;
using testing::RawClient;
using testing::RawReply;
using testing::TestServer;
using testing::text;

TEST(Server, AnswersAndKeepsTheConnection) {
  TestServer server([](const Request& request) { return text("at " + request.path); });
  RawClient client(server.port());
  for (const char* path : {"/a", "/b"}) {
    const RawReply reply = client.exchange(get(path));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, std::string("at ") + path);
    EXPECT_EQ(reply.field("Content-Length"), "5");
    EXPECT_EQ(reply.field("Connection"), "keep-alive");
    EXPECT_THAT(reply.field("Date"), HasSubstr(" GMT"));
  }
  const auto lines = server.logged(2);
  EXPECT_EQ(lines[1].target, "/b");
  EXPECT_EQ(lines[1].status, 200);
  EXPECT_EQ(lines[1].bytes, 5U);
  EXPECT_TRUE(lines[1].complete);
}

TEST(Server, HandsOverTheWholeRequest) {
  base::Mutex mutex;
  std::vector<Request> requests;
  TestServer server([&](const Request& request) {
    const base::MutexLock lock(mutex);
    requests.push_back(request);
    return text("");
  });
  RawClient client(server.port());
  const std::string body = pattern(200'000);
  const RawReply reply = client.exchange(
      "POST /x%20y?q=1 HTTP/1.1\r\nHost: a\r\nPrefer: b\r\n"
      "Content-Length: 200000\r\n\r\n" +
      body);
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(client
                .exchange("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "5\r\nhello\r\n0\r\n\r\n")
                .status,
            200);
  const base::MutexLock lock(mutex);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/x%20y?q=1");
  EXPECT_EQ(requests[0].path, "/x%20y");
  EXPECT_EQ(requests[0].query.at(0).second, "1");
  EXPECT_EQ(requests[0].headers.get("prefer"), "b");
  EXPECT_EQ(requests[0].body, body);
  EXPECT_EQ(requests[0].peer, "127.0.0.1");
  EXPECT_EQ(requests[1].body, "hello");
  EXPECT_NE(requests[0].id, requests[1].id);
}

TEST(Server, PipelinedRequestsAreAnsweredInOrder) {
  TestServer server([](const Request& request) { return text(request.path); });
  RawClient client(server.port());
  constexpr int kCount = 3000;
  std::string bytes;
  for (int i = 0; i < kCount; ++i) bytes += get("/" + std::to_string(i));
  ASSERT_TRUE(client.send(bytes));
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(client.reply().body, "/" + std::to_string(i));
}

TEST(Server, RequestsThatComeWhileOthersAreAnswered) {
  TestServer server([](const Request& request) { return text(request.path); });
  RawClient client(server.port());
  constexpr int kCount = 5000;
  std::thread sender([&] {
    for (int i = 0; i < kCount; ++i) client.send(get("/" + std::to_string(i)));
  });
  int right = 0;
  for (int i = 0; i < kCount; ++i) right += client.reply().body == "/" + std::to_string(i);
  sender.join();
  EXPECT_EQ(right, kCount);
}

TEST(Server, ReadsOnlySoFarAhead) {
  Event running;
  Event go;
  TestServer server([&](const Request& request) {
    if (request.path == "/slow") {
      running.set();
      go.wait();
    }
    return text("");
  });
  RawClient client(server.port());
  RawClient other(server.port());
  client.send(get("/slow"));
  ASSERT_TRUE(running.wait());
  const std::string bytes = pattern(64 * 1024);
  size_t sent = 0;
  // Each turn of the other connection is one for this, too: it would take what the kernel holds.
  for (int stuck = 0; stuck < 200 && sent < (64U << 20);) {
    const size_t size = client.send_some(bytes);
    sent += size;
    stuck = size == 0 ? stuck + 1 : 0;
    if (size == 0) {
      ASSERT_EQ(other.exchange(get("/")).status, 200);
    }
  }
  EXPECT_LT(sent, 32U << 20);
  go.set();
}

TEST(Server, PipelinedRequestsWaitForARunningOne) {
  Event go;
  TestServer server([&](const Request& request) {
    if (request.path == "/slow") go.wait();
    return text(request.body.empty() ? request.path : std::to_string(request.body.size()));
  });
  RawClient client(server.port());
  // More than the server reads ahead.
  const std::string body = pattern(1U << 20);
  ASSERT_TRUE(client.send(get("/slow") + get("/fast")));
  RawClient other(server.port());
  EXPECT_EQ(other.exchange(get("/other")).body, "/other");
  go.set();
  ASSERT_TRUE(
      client.send("PUT /big HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + body));
  EXPECT_EQ(client.reply().body, "/slow");
  EXPECT_EQ(client.reply().body, "/fast");
  EXPECT_EQ(client.reply().body, "1048576");
}

TEST(Server, EmptyLinesBeforeARequestAreSkipped) {
  TestServer server([](const Request&) { return text("a"); });
  RawClient client(server.port());
  EXPECT_EQ(client.exchange("\r\n\r\n" + get("/")).status, 200);
}

TEST(Server, HeadLeavesOutTheBody) {
  std::atomic<bool> produced = false;
  TestServer server([&](const Request& request) -> Response {
    if (request.path == "/stream") {
      return {200,
              {},
              StreamBody{[&](StreamWriter&, std::stop_token) {
                           produced = true;
                           return base::Status();
                         },
                         {}}};
    }
    return text("hello");
  });
  RawClient client(server.port());
  const RawReply reply = client.exchange(head("/"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("Content-Length"), "5");
  const RawReply streamed = client.exchange(head("/stream"));
  EXPECT_EQ(streamed.status, 200);
  EXPECT_EQ(streamed.field("Content-Length"), "");
  EXPECT_EQ(client.exchange(get("/")).body, "hello");
  EXPECT_FALSE(produced);
}

TEST(Server, SomeStatusesHaveNoBody) {
  TestServer server([](const Request& request) -> Response {
    return {request.path == "/204" ? 204 : 304, {}, "ignored"};
  });
  RawClient client(server.port());
  for (const char* path : {"/204", "/304", "/204"}) {
    const RawReply reply = client.exchange(get(path));
    EXPECT_EQ(reply.status, path == std::string("/304") ? 304 : 204);
    EXPECT_EQ(reply.field("Content-Length"), "");
  }
}

TEST(Server, Http10) {
  TestServer server([](const Request&) { return text("hello"); });
  RawClient once(server.port());
  const RawReply reply = once.exchange("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.field("Connection"), "close");
  EXPECT_EQ(once.rest(), "");
  EXPECT_FALSE(once.was_reset());

  RawClient kept(server.port());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(kept.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").field("Connection"),
              "keep-alive");
  }
}

TEST(Server, ClosesWhenEitherSideAsks) {
  TestServer server([](const Request& request) {
    Response response = text("a");
    if (request.path == "/close") response.headers.add("connection", "Close");
    return response;
  });
  for (const std::string& request : {get("/", "Connection: close\r\n"), get("/close")}) {
    RawClient client(server.port());
    const RawReply reply = client.exchange(request);
    EXPECT_EQ(reply.field("Connection"), "close");
    EXPECT_EQ(client.rest(), "");
    EXPECT_FALSE(client.was_reset());
  }
}

TEST(Server, AClientThatEndsItsSideStillGetsAShortAnswer) {
  TestServer server([](const Request&) { return text("hello"); });
  RawClient client(server.port());
  client.send(get("/"));
  client.end_sending();
  EXPECT_EQ(client.reply().body, "hello");
  EXPECT_EQ(client.rest(), "");
  EXPECT_FALSE(client.was_reset());
}

TEST(Server, ExpectContinue) {
  TestServer server([](const Request& request) { return text(request.body); });
  RawClient client(server.port());
  const std::string head_with_expectation =
      "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ";
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(client.exchange(head_with_expectation + "5\r\n\r\n").status, 100);
    const RawReply reply = client.exchange("hello");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "hello");
  }
  // Without a body to wait for, there is nothing to continue with.
  EXPECT_EQ(client.exchange(head_with_expectation + "0\r\n\r\n").status, 200);
  EXPECT_EQ(client.exchange(head_with_expectation + "99999999\r\n\r\n").status, 413);
}

TEST(Server, AnExceptionIsA500) {
  TestServer server([](const Request& request) -> Response {
    if (request.path == "/throw") throw 1;
    return text("fine");
  });
  RawClient client(server.port());
  const RawReply reply = client.exchange(get("/throw"));
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body, "error 500");
  EXPECT_EQ(reply.field("Content-Type"), "text/test-error");
  EXPECT_EQ(client.exchange(get("/")).body, "fine");
}

TEST(Server, WantOfMemoryIsA503WhereverItComes) {
  TestServer server([](const Request& request) -> Response {
    if (request.path == "/handler") throw std::bad_alloc();
    if (request.path == "/stream") {
      StreamBody body;
      body.producer = [](StreamWriter&, std::stop_token) -> base::Status {
        throw std::bad_alloc();
      };
      return {200, {}, std::move(body)};
    }
    return text("fine");
  });
  RawClient client(server.port());
  for (const char* const path : {"/handler", "/stream"}) {
    EXPECT_EQ(client.exchange(get(path)).status, 503) << path;
  }
  EXPECT_EQ(client.exchange(get("/")).body, "fine");
}

TEST(Server, ImpossibleStatusesAre500) {
  TestServer server([](const Request&) -> Response { return {100, {}, ""}; });
  RawClient client(server.port());
  EXPECT_EQ(client.exchange(get("/")).status, 500);
}

TEST(Server, RequestsRunAtTheSameTime) {
  constexpr size_t kThreads = 4;
  std::atomic<size_t> arrived = 0;
  Event all;
  ServerOptions options;
  options.quick_threads = kThreads;
  TestServer server(
      [&](const Request&) {
        if (++arrived == kThreads) all.set();
        return text(all.wait() ? "together" : "alone");
      },
      options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (size_t i = 0; i < kThreads; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port()));
    clients.back()->send(get("/"));
  }
  for (const auto& client : clients) EXPECT_EQ(client->reply().body, "together");
}

/// What answers may depend on the port.
TEST(Server, ClientsThatComeBeforeItServesWait) {
  ServerOptions options;
  options.port = 0;
  auto server = Server::listen(options);
  ASSERT_TRUE(server.ok());
  RawClient client((*server)->port());
  client.send(get("/"));
  Callbacks callbacks;
  callbacks.handler = [](const Request&) { return text("served"); };
  ASSERT_TRUE((*server)->serve(std::move(callbacks)).ok());
  EXPECT_EQ(client.reply().body, "served");
  ASSERT_TRUE(Server::listen(options).ok()) << "one that never serves ends as well";
}

TEST(Server, ABusyAddressIsNamed) {
  TestServer server([](const Request&) { return text(""); });
  ServerOptions options;
  options.port = server.port();
  const auto second = Server::listen(options);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), base::ErrorCode::kIo);
  EXPECT_THAT(second.error().message(), HasSubstr("127.0.0.1:" + std::to_string(server.port())));
  options.addresses = {"192.0.2.1"};
  options.port = 0;
  const auto foreign = Server::listen(options);
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().code(), base::ErrorCode::kIo);
  EXPECT_THAT(foreign.error().message(), HasSubstr("192.0.2.1"));
}

}  // namespace
}  // namespace kiln::net
