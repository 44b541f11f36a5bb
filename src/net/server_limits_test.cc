#include <atomic>
#include <ctime>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/server.h"
#include "net/testing/raw_client.h"
#include "net/testing/test_server.h"

namespace kiln::net {
namespace {

using std::chrono::milliseconds;
using testing::Event;
using testing::get;
using testing::head;
using testing::Logged;
using testing::pattern;
using testing::RawClient;
using testing::RawReply;
using testing::TestServer;
using testing::text;
using testing::wait_for_stop;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

Response echo(const Request& request) { return text(request.path); }

/// What a fresh connection gets for `bytes`, and that it is closed in order afterwards.
int status_for(const TestServer& server, std::string_view bytes) {
  RawClient client(server.port());
  const RawReply reply = client.exchange(bytes);
  EXPECT_EQ(reply.field("Connection"), "close");
  EXPECT_EQ(reply.body, "error " + std::to_string(reply.status));
  client.end_sending();
  EXPECT_EQ(client.rest(), "");
  EXPECT_FALSE(client.was_reset());
  return reply.status;
}

TEST(ServerLimits, WhatIsNotHttpIsA400) {
  TestServer server(echo);
  EXPECT_EQ(status_for(server, "hello\r\n\r\n"), 400);
  EXPECT_EQ(status_for(server, std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 29)), 400);
  EXPECT_EQ(status_for(server, "GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_for(server, get("/", "Host: b\r\n")), 400);
  EXPECT_EQ(status_for(server, get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")),
            400);
  EXPECT_EQ(status_for(server, get("/", "Transfer-Encoding: chunked\r\n") + "zz\r\n"), 400);
  EXPECT_EQ(status_for(server, get("/", "Transfer-Encoding: gzip\r\n")), 501);
  const Logged first = server.logged(1)[0];
  EXPECT_EQ(first.target, "-");
  EXPECT_EQ(first.status, 400);
  EXPECT_TRUE(first.complete);
}

TEST(ServerLimits, NothingAfterABadRequestIsTaken) {
  std::atomic<int> handled = 0;
  TestServer server([&](const Request&) { return ++handled, text(""); });
  RawClient client(server.port());
  EXPECT_EQ(client.exchange("bad\r\n\r\n" + get("/")).status, 400);
  client.end_sending();
  EXPECT_EQ(client.rest(), "");
  EXPECT_EQ(handled, 0);
}

TEST(ServerLimits, AFloodOfHeadersIsA431) {
  ServerOptions options;
  options.max_header_size = 4096;
  TestServer server(echo, options);
  EXPECT_EQ(status_for(server, get("/", "A: " + std::string(5000, 'a') + "\r\n")), 431);
  EXPECT_EQ(status_for(server, "GET /" + std::string(1U << 20, 'a')), 431);
  std::string fields;
  for (int i = 0; i < 500; ++i) fields += "a:b\r\n";
  EXPECT_EQ(status_for(server, get("/", fields)), 431);
}

TEST(ServerLimits, ABodyThatIsTooLargeIsA413AndSeen) {
  ServerOptions options;
  options.max_body_size = 1000;
  TestServer server(echo, options);
  EXPECT_EQ(status_for(server, get("/", "Content-Length: 1001\r\n")), 413);
  EXPECT_EQ(status_for(server, get("/", "Transfer-Encoding: chunked\r\n") + "3e9\r\n"), 413);
  // A client that sends it all before it reads has to get the answer, not a reset.
  EXPECT_EQ(status_for(server, get("/", "Content-Length: 8388608\r\n") + pattern(8U << 20)), 413);
}

TEST(ServerLimits, ALateRequestIsA408) {
  ServerOptions options;
  options.request_timeout = milliseconds(50);
  TestServer server(echo, options);
  EXPECT_EQ(status_for(server, "GET / HT"), 408);
  EXPECT_EQ(status_for(server, get("/", "Content-Length: 10\r\n") + "hello"), 408);
  const auto lines = server.logged(2);
  EXPECT_EQ(lines[0].target, "-");
  EXPECT_EQ(lines[1].target, "/");
  EXPECT_EQ(lines[1].status, 408);
}

TEST(ServerLimits, ASlowDripDoesNotMoveTheDeadline) {
  ServerOptions options;
  options.request_timeout = milliseconds(100);
  TestServer server(echo, options);
  RawClient client(server.port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a\r\nX: "));
  while (!client.is_readable(5)) ASSERT_TRUE(client.send("a"));
  EXPECT_EQ(client.reply().status, 408);
}

/// Whoever asks how the server is gets an answer, whatever else it does.
TEST(ServerLimits, ProbesAreAnsweredWhenEveryThreadIsBusy) {
  Event go, held;
  ServerOptions options;
  options.quick_threads = options.long_threads = options.max_streams = 2;
  options.max_streams_per_client = 2;
  options.max_held = 300'000;
  TestServer server(
      [&](const Request& request) -> Response {
        if (request.path == "/at-once" || request.path == "/probe") return text(request.path);
        if (request.path == "/quick" || request.path == "/long") return go.wait(), text("");
        if (!request.body.empty()) held.set();
        return {200,
                {},
                StreamBody{
                    [&](StreamWriter&, std::stop_token) { return go.wait(), base::Status(); }, {}}};
      },
      options,
      [](const Request& request) {
        if (request.path == "/at-once") return Lane::kAtOnce;
        if (request.path == "/probe") return Lane::kProbe;
        return request.path == "/long" ? Lane::kLong : Lane::kQuick;
      });
  // Streams first: they pass through the handlers' threads.
  std::vector<std::unique_ptr<RawClient>> clients;
  const std::string much = "Content-Length: 140000\r\n";
  for (const std::string path :
       {"/stream", "/stream", "/long", "/long", "/long", "/quick", "/quick", "/quick"}) {
    clients.push_back(std::make_unique<RawClient>(server.port()));
    const bool first = clients.size() == 1;  // which also takes most of what may be held
    clients.back()->send(get(path, first ? much : "") + (first ? pattern(140'000) : ""));
    if (first) held.wait();
  }
  RawClient probe(server.port());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(probe.exchange(get("/at-once")).body, "/at-once");
    EXPECT_EQ(probe.exchange(get("/probe")).body, "/probe");
  }
  RawClient large(server.port());
  EXPECT_EQ(large.exchange(get("/probe", "Content-Length: 200000\r\n") + pattern(200'000)).status,
            503);
  RawClient small(server.port());
  EXPECT_EQ(small.exchange(get("/probe", "Content-Length: 10\r\n") + pattern(10)).status, 200);
  go.set();
  for (const auto& client : clients) EXPECT_EQ(client->reply().status, 200);
}

/// What a client can make long runs on threads of its own, and only as many at once.
TEST(ServerLimits, ALongHandlerHoldsUpNoQuickOne) {
  Event running, go, begun, stopped;
  ServerOptions options;
  options.quick_threads = options.long_threads = 1;
  TestServer server(
      [&](const Request& request) -> Response {
        if (request.path == "/quick") return text("quick");
        if (request.path == "/throws") throw std::runtime_error("x");
        if (request.path == "/gone") {
          begun.set();
          if (wait_for_stop(request.stop)) stopped.set();
          return text("nobody");
        }
        running.set();
        go.wait();
        return {201, {}, "long " + request.path};
      },
      options,
      [](const Request& request) { return request.path == "/quick" ? Lane::kQuick : Lane::kLong; });
  RawClient first(server.port()), second(server.port()), other(server.port());
  first.send(get("/1"));
  ASSERT_TRUE(running.wait());  // on the only thread
  second.send(get("/2"));
  EXPECT_EQ(other.exchange(get("/quick")).body, "quick");
  go.set();
  EXPECT_EQ(second.reply().body, "long /2");
  const RawReply reply = first.reply();
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "long /1");
  EXPECT_EQ(first.exchange(get("/throws")).status, 500);
  EXPECT_EQ(first.exchange(head("/3")).field("Content-Length"), "7");
  first.send(get("/gone"));
  EXPECT_EQ(other.exchange(get("/quick")).body, "quick");
  ASSERT_TRUE(begun.wait());
  first.reset();
  EXPECT_TRUE(stopped.wait());
}

/// Nobody waits for it: not even begun.
TEST(ServerLimits, AHandlerWhoseClientHasGoneIsNotRun) {
  for (const Lane lane : {Lane::kQuick, Lane::kLong}) {
    Event running, go;
    std::atomic<bool> ran = false;
    ServerOptions options;
    options.quick_threads = options.long_threads = 1;
    TestServer server(
        [&](const Request& request) -> Response {
          if (request.path == "/gone") ran = true;
          if (request.path == "/first") running.set(), go.wait();
          return text("");
        },
        options, [lane](const Request&) { return lane; });
    RawClient first(server.port()), last(server.port());
    first.send(get("/first"));
    ASSERT_TRUE(running.wait());
    {
      RawClient gone(server.port());
      gone.send(get("/gone"));
      gone.reset();
    }
    (void)server.logged(1);  // of the one that has gone
    last.send(get("/last"));
    go.set();
    EXPECT_EQ(last.reply().status, 200);
    EXPECT_FALSE(ran);
  }
}

TEST(ServerLimits, EveryHeadIsCompleted) {
  ServerOptions options;
  options.request_timeout = milliseconds(200);
  TestServer server(
      [](const Request& request) -> Response {
        if (request.path == "/late") wait_for_stop(request.stop);
        if (request.path == "/bad") throw std::runtime_error("bad");
        return text("");
      },
      options, {},
      [](const Request& request, Headers& headers) { headers.add("X-Asked", request.path); });
  for (const std::string path : {"/", "/late", "/bad"}) {
    RawClient client(server.port());
    EXPECT_EQ(client.exchange(get(path)).field("X-Asked"), path);
  }
}

TEST(ServerLimits, IdleConnectionsAreClosedInSilence) {
  ServerOptions options;
  options.idle_timeout = milliseconds(200);
  TestServer server(echo, options);
  RawClient fresh(server.port());
  RawClient used(server.port());
  EXPECT_EQ(used.exchange(get("/a")).status, 200);
  for (RawClient* client : {&fresh, &used}) {
    EXPECT_EQ(client->rest(), "");
    EXPECT_FALSE(client->was_reset());
  }
}

TEST(ServerLimits, AHandlerThatTakesTooLongIsA504) {
  ServerOptions options;
  options.request_timeout = milliseconds(50);
  Event stopped;
  Event done;
  TestServer server(
      [&](const Request& request) {
        if (wait_for_stop(request.stop)) stopped.set();
        done.wait();
        return text("too late");
      },
      options);
  RawClient client(server.port());
  const RawReply reply = client.exchange(get("/slow"));
  EXPECT_EQ(reply.status, 504);
  EXPECT_EQ(reply.body, "error 504");
  EXPECT_EQ(reply.field("Connection"), "close");
  EXPECT_TRUE(stopped.wait());
  done.set();
  EXPECT_EQ(client.rest(), "");
  EXPECT_EQ(server.logged(1)[0].status, 504);
}

TEST(ServerLimits, AClientThatGoesStopsItsHandler) {
  Event running;
  Event stopped;
  TestServer server([&](const Request& request) {
    running.set();
    if (wait_for_stop(request.stop)) stopped.set();
    return text("nobody");
  });
  {
    RawClient client(server.port());
    client.send(get("/"));
    ASSERT_TRUE(running.wait());
  }
  EXPECT_TRUE(stopped.wait());
}

TEST(ServerLimits, AQueuedRequestOfAClientThatWasResetIsNotRun) {
  Event running;
  Event go;
  std::atomic<int> handled = 0;
  ServerOptions options;
  options.quick_threads = 1;
  TestServer server(
      [&](const Request& request) {
        ++handled;
        if (request.path == "/first") {
          running.set();
          go.wait();
        }
        return text("");
      },
      options);
  RawClient first(server.port());
  first.send(get("/first"));
  ASSERT_TRUE(running.wait());
  RawClient second(server.port());
  second.send(get("/second"));
  // Answered by the I/O thread, which has read the request before it then.
  EXPECT_EQ(RawClient(server.port()).exchange("bad\r\n\r\n").status, 400);
  second.reset();
  const Logged cut = server.logged(2)[1];
  EXPECT_EQ(cut.target, "/second");
  EXPECT_EQ(cut.status, 0);
  EXPECT_FALSE(cut.complete);
  go.set();
  EXPECT_EQ(first.reply().status, 200);
  EXPECT_EQ(first.exchange(get("/third")).status, 200);
  EXPECT_EQ(handled, 2);
}

TEST(ServerLimits, AQueuedRequestThatWasAnsweredWith504IsNotRun) {
  Event go;
  std::atomic<int> handled = 0;
  ServerOptions options;
  options.quick_threads = 1;
  options.request_timeout = milliseconds(50);
  TestServer server(
      [&](const Request&) {
        if (++handled == 1) go.wait();
        return text("");
      },
      options);
  RawClient first(server.port());
  RawClient second(server.port());
  EXPECT_EQ(first.exchange(get("/first")).status, 504);
  EXPECT_EQ(second.exchange(get("/second")).status, 504);
  go.set();
  EXPECT_EQ(RawClient(server.port()).exchange(get("/third")).status, 200);
  EXPECT_EQ(handled, 2);
}

TEST(ServerLimits, FurtherConnectionsWaitWhileAllAreAtWork) {
  Event running;
  Event go;
  ServerOptions options;
  options.max_connections = 1;
  TestServer server(
      [&](const Request& request) {
        if (request.path == "/1") {
          running.set();
          go.wait();
        }
        return text(request.path);
      },
      options);
  RawClient first(server.port());
  first.send(get("/1"));
  ASSERT_TRUE(running.wait());
  RawClient second(server.port());
  second.send(get("/2"));
  EXPECT_FALSE(second.is_readable(200));
  go.set();
  EXPECT_EQ(first.reply().body, "/1");
  EXPECT_EQ(second.reply().body, "/2");
  EXPECT_EQ(first.rest(), "") << "it was idle";
}

/// Many large bodies are bounded together, not only each for itself.
TEST(ServerLimits, RequestsThatArriveAreBoundedTogether) {
  ServerOptions options;
  options.max_held = 200'000;
  TestServer server(echo, options);
  const std::string body(120'000, 'x');
  const std::string post = "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 120000\r\n\r\n";
  RawClient first(server.port()), second(server.port()), other(server.port());
  first.send(post + body.substr(1));
  // The I/O thread has read all of that when it has served these.
  for (int i = 0; i < 10; ++i) EXPECT_EQ(other.exchange(get("/1")).body, "/1");
  EXPECT_EQ(second.exchange(post + body).status, 503);
  EXPECT_EQ(other.exchange(get("/2")).status, 200) << "a small one";
  EXPECT_EQ(first.exchange(body.substr(0, 1)).status, 200);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(RawClient(server.port()).exchange(post + body).status, 200) << "there is room again";
  }
}

/// Neither silent ones nor those that drip keep others out.
TEST(ServerLimits, WhoHasWaitedLongestMakesWay) {
  ServerOptions options;
  options.max_connections = 3;
  TestServer server(echo, options);
  RawClient silent(server.port()), dripping(server.port()), used(server.port());
  dripping.send("GET / HTT");
  EXPECT_EQ(used.exchange(get("/1")).body, "/1");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(RawClient(server.port()).exchange(get("/2")).body, "/2");
  }
  RawClient fourth(server.port()), fifth(server.port());
  EXPECT_EQ(fourth.exchange(get("/4")).body, "/4");
  EXPECT_EQ(fifth.exchange(get("/5")).body, "/5");
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(dripping.rest(), "");
  EXPECT_EQ(fourth.exchange(get("/6")).body, "/6");
}

/// Lowers the limit of descriptors so that the process has none left.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

milliseconds cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return milliseconds(time.tv_sec * 1000 + time.tv_nsec / 1'000'000);
}

TEST(ServerLimits, RecoversFromALackOfDescriptors) {
  Event running;
  Event go;
  TestServer server([&](const Request& request) {
    if (request.path == "/busy") {
      running.set();
      go.wait();
    }
    return text(request.path);
  });
  RawClient busy(server.port());
  busy.send(get("/busy"));
  ASSERT_TRUE(running.wait());
  RawClient late;
  {
    const NoDescriptors none;
    ASSERT_EQ(::dup(0), -1);
    late.connect(server.port());
    ASSERT_TRUE(late.send(get("/late")));
    const milliseconds used = cpu_time();
    EXPECT_FALSE(late.is_readable(300));
    EXPECT_LT(cpu_time() - used, milliseconds(150)) << "it spins";
    go.set();
    EXPECT_EQ(busy.reply().body, "/busy");
    EXPECT_EQ(late.reply().body, "/late") << "an idle one has made way";
    EXPECT_EQ(busy.rest(), "");
  }
}

TEST(ServerLimits, AnIdleConnectionCostsLittle) {
  if (kSanitized) GTEST_SKIP() << "mallinfo2 does not see a sanitizer's heap";
  TestServer server(echo);
  constexpr size_t kCount = 300;
  std::vector<std::unique_ptr<RawClient>> clients;
  RawClient other(server.port());
  const std::string request = get("/", "X: " + std::string(20'000, 'a') + "\r\n");
  const auto open_and_use = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      clients.push_back(std::make_unique<RawClient>(server.port()));
      clients.back()->send(request.substr(0, 10'000));
      // The I/O thread has read, and has to keep, the first half when it serves this.
      ASSERT_EQ(other.exchange(get("/")).status, 200);
      ASSERT_EQ(clients.back()->exchange(request.substr(10'000)).status, 200);
    }
  };
  open_and_use(50);
  server.logged(2 * clients.size());
  const size_t before = ::mallinfo2().uordblks;
  open_and_use(kCount);
  server.logged(2 * clients.size());
  const size_t used = ::mallinfo2().uordblks - before;
  // The test's own side of a connection is in it, too.
  EXPECT_LT(used / kCount, 4096U);
}

}  // namespace
}  // namespace kiln::net
