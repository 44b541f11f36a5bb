#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "net/server.h"
#include "net/testing/raw_client.h"
#include "net/testing/test_server.h"

namespace kiln::net {
namespace {

using base::Status;
using std::chrono::milliseconds;
using testing::Event;
using testing::get;
using testing::RawClient;
using testing::RawReply;
using testing::TestServer;
using testing::text;
using testing::wait_for_stop;

TEST(ServerStop, RunningRequestsAreFinished) {
  Event running;
  Event go;
  TestServer server([&](const Request&) {
    running.set();
    go.wait();
    return text("finished");
  });
  RawClient idle(server.port());
  RawClient fresh(server.port());
  RawClient partial(server.port());
  ASSERT_TRUE(partial.send("GET / HTTP/1.1\r\nHo"));
  RawClient client(server.port());
  client.send(get("/"));
  ASSERT_TRUE(running.wait());
  std::thread stopping([&] { server.stop(); });
  // Who waits without a request is closed at once, who is in the middle of one is told.
  EXPECT_EQ(idle.rest(), "");
  EXPECT_EQ(fresh.rest(), "");
  EXPECT_EQ(partial.reply().status, 503);
  // No new ones. (The listening socket is closed before any connection is.)
  EXPECT_TRUE(RawClient(server.port()).has_ended());
  go.set();
  const RawReply reply = client.reply();
  EXPECT_EQ(reply.body, "finished");
  EXPECT_EQ(reply.field("Connection"), "close");
  EXPECT_EQ(client.rest(), "");
  EXPECT_FALSE(client.was_reset());
  stopping.join();
  server.stop();
}

TEST(ServerStop, RunningStreamsAreFinished) {
  Event running;
  Event go;
  TestServer server([&](const Request&) -> Response {
    return {200,
            {},
            StreamBody{[&](StreamWriter& writer, std::stop_token) -> Status {
                         KILN_TRY(writer.write("a"));
                         running.set();
                         go.wait();
                         return writer.write("b");
                       },
                       {}}};
  });
  RawClient client(server.port());
  RawClient idle(server.port());
  client.send(get("/"));
  ASSERT_TRUE(running.wait());
  std::thread stopping([&] { server.stop(); });
  EXPECT_EQ(idle.rest(), "");
  go.set();
  const RawReply reply = client.reply();
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.body, "ab");
  EXPECT_EQ(client.rest(), "");
  EXPECT_FALSE(client.was_reset());
  stopping.join();
}

TEST(ServerStop, WhatTakesTooLongIsReset) {
  ServerOptions options;
  options.stop_timeout = milliseconds(50);
  options.quick_threads = 1;
  Event running;
  Event streaming;
  std::atomic<int> stopped = 0;
  TestServer server(
      [&](const Request& request) -> Response {
        if (request.path == "/stream") {
          return {200,
                  {},
                  StreamBody{[&](StreamWriter& writer, const std::stop_token& stop) -> Status {
                               Status status = writer.write("a");
                               streaming.set();
                               if (wait_for_stop(stop)) ++stopped;
                               return status;
                             },
                             {}}};
        }
        running.set();
        if (wait_for_stop(request.stop)) ++stopped;
        return text("too late");
      },
      options);
  RawClient stream(server.port());
  stream.send(get("/stream"));
  ASSERT_TRUE(streaming.wait());
  RawClient client(server.port());
  client.send(get("/"));
  ASSERT_TRUE(running.wait());
  RawClient queued(server.port());
  queued.send(get("/"));
  server.stop();
  EXPECT_EQ(stopped, 2);
  EXPECT_EQ(client.rest(), "");
  EXPECT_TRUE(client.was_reset());
  EXPECT_FALSE(stream.reply().complete);
  EXPECT_TRUE(stream.was_reset());
  EXPECT_EQ(queued.rest(), "");
}

TEST(ServerStop, DestructionIsAHardStop) {
  Event running;
  std::atomic<bool> stopped = false;
  std::unique_ptr<RawClient> client;
  {
    ServerOptions options;
    options.stop_timeout = std::chrono::hours(1);
    TestServer server(
        [&](const Request& request) {
          running.set();
          stopped = wait_for_stop(request.stop);
          return text("");
        },
        options);
    client = std::make_unique<RawClient>(server.port());
    client->send(get("/"));
    ASSERT_TRUE(running.wait());
  }
  EXPECT_TRUE(stopped);
  EXPECT_EQ(client->rest(), "");
  EXPECT_TRUE(client->was_reset());
}

TEST(ServerStop, WithoutAnyConnection) {
  TestServer server([](const Request&) { return text(""); });
  server.stop();
  server.stop();
}

}  // namespace
}  // namespace kiln::net
