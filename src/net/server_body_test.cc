#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/server.h"
#include "net/testing/raw_client.h"
#include "net/testing/test_server.h"

namespace kiln::net {
namespace {

using base::Error;
using base::ErrorCode;
using base::Status;
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

/// A text in pieces of at most `step`, and then the end or an error.
class TextSource final : public BodySource {
 public:
  TextSource(std::string bytes, size_t step, bool fails = false)
      : bytes_(std::move(bytes)), step_(step), fails_(fails) {}

  base::Result<size_t> read(char* to, size_t size) override {
    const size_t count = std::min({size, step_, bytes_.size() - at_});
    if (count == 0 && fails_) return Error(ErrorCode::kIo, "the disk is gone");
    std::memcpy(to, bytes_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  const std::string bytes_;
  const size_t step_;
  const bool fails_;
  size_t at_ = 0;
};

Response source(std::string bytes, size_t step, uint64_t size, bool fails = false) {
  return {200, {}, SourceBody{std::make_unique<TextSource>(std::move(bytes), step, fails), size}};
}

Response stream(Producer producer) { return {200, {}, StreamBody{std::move(producer), {}}}; }

TEST(ServerSource, SendsExactlyTheLength) {
  const std::string bytes = pattern(700'001);
  TestServer server([&](const Request& request) {
    if (request.path == "/empty") return source("", 1, 0);
    if (request.path == "/part") return source(bytes, 1 << 20, 10);
    return source(bytes, 99'999, bytes.size());
  });
  RawClient client(server.port());
  const RawReply reply = client.exchange(get("/"));
  EXPECT_EQ(reply.field("Content-Length"), "700001");
  EXPECT_EQ(reply.field("Transfer-Encoding"), "");
  EXPECT_TRUE(reply.body == bytes);
  EXPECT_EQ(client.exchange(get("/part")).body, bytes.substr(0, 10));
  EXPECT_EQ(client.exchange(get("/empty")).field("Content-Length"), "0");
  EXPECT_EQ(client.exchange(head("/")).field("Content-Length"), "700001");
  EXPECT_EQ(server.logged(1)[0].bytes, bytes.size());
}

TEST(ServerSource, AnErrorOrAShortBodyResets) {
  const std::string bytes = pattern(300'000);
  TestServer server([&](const Request& request) {
    return source(bytes, 100'000, bytes.size() + 1, request.path == "/error");
  });
  for (const char* path : {"/error", "/short"}) {
    RawClient client(server.port());
    const RawReply reply = client.exchange(get(path));
    EXPECT_FALSE(reply.complete);
    EXPECT_TRUE(client.was_reset()) << path;
  }
  for (const Logged& line : server.logged(2)) EXPECT_FALSE(line.complete);
}

TEST(ServerSource, ASlowOneHoldsUpNoHandler) {
  class Slow final : public BodySource {
   public:
    explicit Slow(Event& go) : go_(go) {}
    base::Result<size_t> read(char* to, size_t) override {
      go_.wait();
      *to = 'x';
      return size_t{1};
    }

   private:
    Event& go_;
  };
  Event go;
  ServerOptions options;
  options.quick_threads = 1;
  TestServer server(
      [&](const Request& request) -> Response {
        if (request.path == "/slow") return {200, {}, SourceBody{std::make_unique<Slow>(go), 1}};
        return text("fast");
      },
      options);
  RawClient slow(server.port());
  slow.send(get("/slow"));
  EXPECT_EQ(RawClient(server.port()).exchange(get("/")).body, "fast");
  go.set();
  EXPECT_EQ(slow.reply().body, "x");
}

TEST(ServerSource, AnErrorOfTheFirstReadMakesAnotherAnswer) {
  TestServer server([&](const Request& request) {
    Response response = source("", 1, 5, true);
    response.headers.add("ETag", "\"x\"");
    auto& body = std::get<SourceBody>(response.body);
    if (request.path == "/told") {
      body.on_early_error = [](const Error& error) { return Response{503, {}, error.message()}; };
    } else if (request.path == "/again") {
      body.on_early_error = [](const Error&) { return source("", 1, 5, true); };
    }
    return response;
  });
  RawClient client(server.port());
  const RawReply reply = client.exchange(get("/told"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, "the disk is gone");
  EXPECT_EQ(reply.field("ETag"), "");
  EXPECT_EQ(client.exchange(get("/untold")).status, 500);
  EXPECT_EQ(client.exchange(get("/again")).status, 500);
  EXPECT_EQ(client.exchange(head("/told")).status, 200) << "nothing is read";
}

/// A read that waits until it is told that nobody wants it.
class WaitingSource final : public BodySource {
 public:
  WaitingSource(Event& reads, Event& cancelled) : reads_(reads), cancelled_(cancelled) {}
  base::Result<size_t> read(char*, size_t) override {
    reads_.set();
    if (!cancelled_.wait()) ADD_FAILURE() << "never cancelled";
    return Error(ErrorCode::kCancelled, "nobody waits");
  }
  void cancel() override { cancelled_.set(); }

 private:
  Event& reads_;
  Event& cancelled_;
};

TEST(ServerSource, IsCancelledWhenItsClientHasGoneAndAtTheEndOfAStop) {
  for (const bool stops : {false, true}) {
    Event reads, cancelled;
    ServerOptions options;
    options.stop_timeout = milliseconds(1);
    TestServer server(
        [&](const Request&) -> Response {
          return {200, {}, SourceBody{std::make_unique<WaitingSource>(reads, cancelled), 1}};
        },
        options);
    RawClient client(server.port());
    client.send(get("/"));
    ASSERT_TRUE(reads.wait());
    if (stops) {
      server.stop();
    } else {
      client.reset();
    }
    EXPECT_TRUE(cancelled.wait());
  }
}

TEST(ServerStream, ArrivesWholeInChunks) {
  const std::string bytes = pattern(3'000'000);
  TestServer server([&](const Request& request) {
    return stream(
        [&, empty = request.path == "/empty"](StreamWriter& writer, std::stop_token) -> Status {
          for (size_t at = 0; !empty && at < bytes.size(); at += 70'000) {
            KILN_TRY(writer.write(std::string_view(bytes).substr(at, 70'000)));
          }
          return Status();
        });
  });
  RawClient client(server.port());
  const RawReply reply = client.exchange(get("/"));
  EXPECT_EQ(reply.field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(reply.field("Content-Length"), "");
  EXPECT_TRUE(reply.complete);
  EXPECT_TRUE(reply.body == bytes);
  const RawReply empty = client.exchange(get("/empty"));
  EXPECT_TRUE(empty.complete);
  EXPECT_EQ(empty.body, "");
  EXPECT_EQ(client.exchange(head("/")).field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(server.logged(1)[0].bytes, bytes.size());
}

TEST(ServerStream, SendsWhatIsThereAtOnce) {
  Event go;
  TestServer server([&](const Request&) {
    return stream([&](StreamWriter& writer, std::stop_token) -> Status {
      KILN_TRY(writer.write("first"));
      go.wait();
      return writer.write("second");
    });
  });
  RawClient client(server.port());
  client.send(get("/"));
  const std::string expected_end = "5\r\nfirst\r\n";
  std::string seen;
  while (!seen.ends_with(expected_end)) seen += client.read(1);
  go.set();
  EXPECT_EQ(client.read(std::string_view("6\r\nsecond\r\n0\r\n\r\n").size()),
            "6\r\nsecond\r\n0\r\n\r\n");
}

TEST(ServerStream, Http10EndsWithTheConnection) {
  const std::string bytes = pattern(600'000);
  TestServer server([&](const Request& request) {
    return stream(
        [&, fails = request.path == "/fail"](StreamWriter& writer, std::stop_token) -> Status {
          KILN_TRY(writer.write(bytes));
          return fails ? Status(Error(ErrorCode::kIo, "late")) : Status();
        });
  });
  RawClient client(server.port());
  const RawReply reply = client.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(reply.field("Transfer-Encoding"), "");
  EXPECT_EQ(reply.field("Connection"), "close");
  EXPECT_TRUE(reply.complete);
  EXPECT_TRUE(reply.body == bytes);
  RawClient cut(server.port());
  EXPECT_FALSE(cut.exchange("GET /fail HTTP/1.0\r\n\r\n").complete);
  EXPECT_TRUE(cut.was_reset());
}

TEST(ServerStream, AnEarlyErrorBecomesTheAnswer) {
  TestServer server([](const Request& request) -> Response {
    if (request.path == "/throw") {
      return stream([](StreamWriter&, std::stop_token) -> Status { throw 1; });
    }
    if (request.path == "/bare") {
      return stream([](StreamWriter&, std::stop_token) -> Status {
        return Error(ErrorCode::kInvalid, "bad");
      });
    }
    return {200,
            {},
            StreamBody{[](StreamWriter& writer, std::stop_token) -> Status {
                         KILN_TRY(writer.write(""));
                         return Error(ErrorCode::kInvalid, "bad view");
                       },
                       [](const Error& error) -> Response {
                         return {422, {}, error.message()};
                       }}};
  });
  RawClient client(server.port());
  const RawReply reply = client.exchange(get("/"));
  EXPECT_EQ(reply.status, 422);
  EXPECT_EQ(reply.body, "bad view");
  EXPECT_EQ(client.exchange(get("/throw")).body, "error 500");
  EXPECT_EQ(client.exchange(get("/bare")).body, "error 500");
  EXPECT_EQ(client.exchange(get("/")).status, 422);
}

TEST(ServerStream, ALateFailureResets) {
  TestServer server([](const Request& request) {
    return stream([path = request.path](StreamWriter& writer, std::stop_token) -> Status {
      KILN_TRY(writer.write(path == "/early" ? "a" : pattern(600'000)));
      if (path == "/throw") throw 1;
      return Status(Error(ErrorCode::kIo, "late"));
    });
  });
  // "/early": it has written, though nothing of it may have been sent yet.
  for (const char* path : {"/", "/throw", "/early"}) {
    RawClient client(server.port());
    EXPECT_FALSE(client.exchange(get(path)).complete);
    EXPECT_TRUE(client.was_reset());
  }
  EXPECT_FALSE(server.logged(1)[0].complete);
}

TEST(ServerStream, NoFirstByteIsA504) {
  ServerOptions options;
  options.request_timeout = milliseconds(50);
  Event stopped;
  TestServer server(
      [&](const Request&) {
        return stream([&](StreamWriter& writer, const std::stop_token& stop) -> Status {
          if (wait_for_stop(stop)) stopped.set();
          const Status status = writer.write("too late");
          EXPECT_FALSE(status.ok());
          return Status(Error(ErrorCode::kCancelled, "stopped"));
        });
      },
      options);
  RawClient client(server.port());
  const RawReply reply = client.exchange(get("/"));
  EXPECT_EQ(reply.status, 504);
  EXPECT_EQ(reply.body, "error 504");
  EXPECT_EQ(client.rest(), "");
  EXPECT_TRUE(stopped.wait());
}

TEST(ServerStream, AfterTheFirstByteAStreamMayTakeItsTime) {
  ServerOptions options;
  options.request_timeout = milliseconds(200);
  TestServer* running = nullptr;
  TestServer server(
      [&](const Request& request) -> Response {
        if (request.path == "/late") {
          wait_for_stop(request.stop);
          return text("");
        }
        return stream([&](StreamWriter& writer, std::stop_token) -> Status {
          KILN_TRY(writer.write("a"));
          // Two time-outs that begin later than the first byte pass first.
          for (int i = 0; i < 2; ++i) {
            EXPECT_EQ(RawClient(running->port()).exchange(get("/late")).status, 504);
          }
          return writer.write("b");
        });
      },
      options);
  running = &server;
  RawClient client(server.port());
  const RawReply reply = client.exchange(get("/"));
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.body, "ab");
}

TEST(ServerStream, AClientThatTakesNothingIsCutOff) {
  ServerOptions options;
  options.request_timeout = milliseconds(300);
  std::string large = pattern(16U << 20);
  std::atomic<int> code = -1;
  TestServer server(
      [&](const Request& request) -> Response {
        // Moved, since a copy might take longer than the time-out on a busy machine.
        if (request.path == "/text") return text(std::move(large));
        return stream([&](StreamWriter& writer, const std::stop_token& stop) -> Status {
          Status status;
          while (status.ok()) status = writer.write(large);
          code = static_cast<int>(status.error().code());
          EXPECT_TRUE(wait_for_stop(stop));
          return status;
        });
      },
      options);
  for (const char* path : {"/", "/text"}) {
    RawClient client(16 * 1024);
    client.connect(server.port());
    client.send(get(path));
    server.logged(path == std::string("/") ? 1 : 2);
    EXPECT_FALSE(client.reply().complete);
    EXPECT_TRUE(client.was_reset());
  }
  server.stop();
  EXPECT_EQ(code, static_cast<int>(ErrorCode::kCancelled));
  for (const Logged& line : server.logged(2)) EXPECT_FALSE(line.complete);
}

TEST(ServerStream, ASlowClientIsNotCutOff) {
  ServerOptions pace;
  pace.idle_timeout = milliseconds(20);
  TestServer pacer([](const Request&) { return text(""); }, pace);
  ServerOptions options;
  options.request_timeout = milliseconds(400);
  std::string bytes = pattern(16U << 20);
  const std::string end = bytes.substr(bytes.size() - 1000);
  TestServer server([&](const Request&) { return text(std::move(bytes)); }, options);
  RawClient client(16 * 1024);
  client.connect(server.port());
  client.send(get("/", "Connection: close\r\n"));
  // It takes far less than the part of the kernel's buffer that has to be free for the next write.
  std::string seen;
  for (int i = 0; i < 60; ++i) {
    seen += client.read(2048);
    RawClient(pacer.port()).rest();
  }
  seen += client.rest();
  EXPECT_FALSE(client.was_reset());
  EXPECT_TRUE(seen.ends_with(end));
}

TEST(ServerStream, AClientThatGoesStopsItsProducer) {
  Event running;
  std::atomic<bool> stopped = false;
  std::atomic<int> code = -1;
  TestServer server([&](const Request& request) {
    return stream([&, quiet = request.path == "/quiet"](StreamWriter& writer,
                                                        const std::stop_token& stop) -> Status {
      if (!quiet) KILN_TRY(writer.write("a"));
      running.set();
      stopped = wait_for_stop(stop);
      const Status status = writer.write("b");
      if (!status.ok()) code = static_cast<int>(status.error().code());
      return Status();
    });
  });
  for (const char* path : {"/", "/quiet"}) {
    {
      RawClient client(server.port());
      client.send(get(path));
      ASSERT_TRUE(running.wait());
    }
    server.logged(path == std::string("/") ? 1 : 2);
  }
  server.stop();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(code, static_cast<int>(ErrorCode::kCancelled));
  for (const Logged& line : server.logged(2)) EXPECT_FALSE(line.complete);
}

/// From one address, which is all that a test has.
TEST(ServerStream, Issue_1_12_TooManyOfOneClientAreA429) {
  ServerOptions options;
  options.max_streams = 8;
  Event running[2];
  Event go;
  std::atomic<size_t> count{0};
  TestServer server(
      [&](const Request&) {
        return stream([&](StreamWriter& writer, std::stop_token) -> Status {
          const size_t number = count++;
          if (number < 2) {
            running[number].set();
            go.wait();
          }
          return writer.write("done");
        });
      },
      options);
  RawClient first(server.port()), second(server.port()), third(server.port());
  first.send(get("/"));
  ASSERT_TRUE(running[0].wait());
  second.send(get("/"));
  ASSERT_TRUE(running[1].wait());
  const RawReply refused = third.exchange(get("/"));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.body, "error 429");
  go.set();
  EXPECT_EQ(first.reply().body, "done");
  EXPECT_EQ(second.reply().body, "done");
  for (int i = 0; i < 100; ++i) ASSERT_EQ(third.exchange(get("/")).body, "done");
}

TEST(ServerStream, TooManyAtOnceAreA503) {
  ServerOptions options;
  options.max_streams = 1;
  options.max_streams_per_client = 2;
  Event running;
  Event go;
  TestServer server(
      [&](const Request& request) {
        return stream(
            [&, waits = request.path == "/wait"](StreamWriter& writer, std::stop_token) -> Status {
              running.set();
              if (waits) go.wait();
              return writer.write("done");
            });
      },
      options);
  RawClient first(server.port());
  first.send(get("/wait"));
  ASSERT_TRUE(running.wait());
  RawClient second(server.port());
  const RawReply refused = second.exchange(get("/"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.body, "error 503");
  go.set();
  EXPECT_EQ(first.reply().body, "done");
  // The place is free as soon as the end was seen.
  for (int i = 0; i < 100; ++i) ASSERT_EQ(second.exchange(get("/")).body, "done");
}

}  // namespace
}  // namespace kiln::net
