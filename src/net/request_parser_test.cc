#include "net/request_parser.h"

#include <gtest/gtest.h>

namespace kiln::net {
namespace {

using State = RequestParser::State;

constexpr RequestParser::Limits kLimits{1000, 100};

/// Feeds `bytes` up to `cut`, then the rest as a connection does: what was not used comes again.
size_t feed_cut(RequestParser& parser, std::string_view bytes, size_t cut) {
  size_t used = parser.feed(bytes.substr(0, cut));
  if (cut < bytes.size()) used += parser.feed(bytes.substr(used));
  return used;
}

int failure_of(std::string_view bytes) {
  RequestParser parser(kLimits);
  parser.feed(bytes);
  if (parser.state() == State::kFailed) return parser.failure_status();
  return parser.state() == State::kDone ? 200 : 0;
}

std::string with(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

TEST(RequestParser, ReadsARequestCutAnywhere) {
  const std::string_view bytes =
      "POST /a%20b/c?x=1&y=%2B HTTP/1.1\r\nHost: a:80\r\nX: 1\r\ncontent-length: 5\r\n\r\nhelloGET";
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    RequestParser parser(kLimits);
    ASSERT_EQ(feed_cut(parser, bytes, cut), bytes.size() - 3) << cut;
    ASSERT_EQ(parser.state(), State::kDone) << cut;
    const Request& request = parser.request();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/a%20b/c?x=1&y=%2B");
    EXPECT_EQ(request.path, "/a%20b/c");
    EXPECT_EQ(request.host, "a:80");
    ASSERT_EQ(request.query.size(), 2U);
    EXPECT_EQ(request.query[1], (std::pair<std::string, std::string>("y", "+")));
    EXPECT_EQ(request.headers.get("x"), "1");
    EXPECT_EQ(request.body, "hello");
    EXPECT_TRUE(parser.keep_alive());
  }
}

TEST(RequestParser, ReadsChunksCutAnywhere) {
  const std::string_view bytes =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5;x=y\r\nhello\r\n1\r\n \r\n0a\r\n0123456789\r\n0\r\nHost: evil\r\nX: 1\r\n\r\nGET";
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    RequestParser parser(kLimits);
    ASSERT_EQ(feed_cut(parser, bytes, cut), bytes.size() - 3) << cut;
    ASSERT_EQ(parser.state(), State::kDone) << cut;
    EXPECT_EQ(parser.request().body, "hello 0123456789");
    // Fields of a trailer are no fields of the request.
    EXPECT_EQ(parser.request().headers.get("Host"), "a");
    EXPECT_FALSE(parser.request().headers.has("X"));
  }
}

TEST(RequestParser, ReadsByteByByte) {
  const std::string bytes = with("A: b\r\n");
  RequestParser parser(kLimits);
  size_t begin = 0;
  for (size_t end = 1; end <= bytes.size(); ++end) {
    begin += parser.feed(std::string_view(bytes).substr(begin, end - begin));
  }
  EXPECT_EQ(parser.state(), State::kDone);
  EXPECT_EQ(begin, bytes.size());
}

TEST(RequestParser, FormsOfTheTarget) {
  const auto path = [](const std::string& target) -> std::string {
    RequestParser parser(kLimits);
    parser.feed("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return parser.state() == State::kDone ? parser.request().path
                                          : std::to_string(parser.failure_status());
  };
  EXPECT_EQ(path("/"), "/");
  EXPECT_EQ(path("*"), "*");
  EXPECT_EQ(path("http://a:80/b?c"), "/b");
  EXPECT_EQ(path("HTTPS://a"), "/");
  EXPECT_EQ(path("http://a?b=/c"), "/");
  EXPECT_EQ(path("/%41%2fb/%2e%2E?%2F"), "/A%2fb/..");  // what is part of a segment stays so
  for (const char* bad : {"a", "a:80", "ftp://a/b", "/a#b", "/%", "/%00", "/a%0Ab", "/a%2",
                          "/?a=%x", "http:///a", "http://b@a/", "http://a b/", "http://[a/"}) {
    EXPECT_EQ(path(bad), "400") << bad;
  }
  EXPECT_EQ(path(std::string("/a\0b", 4)), "400");
}

TEST(RequestParser, RefusesWhatIsNotHttp) {
  EXPECT_EQ(failure_of("hello\r\n\r\n"), 400);
  EXPECT_EQ(failure_of("GET / HTTP/2.0\r\n\r\n"), 400);
  EXPECT_EQ(failure_of("GET /\r\n\r\n"), 400);
  EXPECT_EQ(failure_of("G\x01T / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(failure_of(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", 11)), 400);
  EXPECT_EQ(failure_of(with("Bad Name: x\r\n")), 400);
  EXPECT_EQ(failure_of(with("Name : x\r\n")), 400);
  EXPECT_EQ(failure_of(with(std::string("Name: x\0y\r\n", 11))), 400);
}

TEST(RequestParser, TheHost) {
  EXPECT_EQ(failure_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(failure_of("GET / HTTP/1.0\r\n\r\n"), 200);
  EXPECT_EQ(failure_of(with("Host: a\r\n")), 400);
  for (const char* good : {"a", "a.b:80", "[::1]", "[::1]:8080", "127.0.0.1", "a:", ""}) {
    EXPECT_EQ(failure_of("GET / HTTP/1.1\r\nHost: " + std::string(good) + "\r\n\r\n"), 200) << good;
  }
  for (const char* bad : {"a b", "a/b", "a@b", "a:b", "[::1", "[]", "a:123456", "a,b c", "[a]b"}) {
    EXPECT_EQ(failure_of("GET / HTTP/1.1\r\nHost: " + std::string(bad) + "\r\n\r\n"), 400) << bad;
  }
}

/// RFC 9112 §3.2.2: what stands in front of us may have looked at either.
TEST(RequestParser, AnAbsoluteTargetSaysWhoIsMeant) {
  const auto host = [](const std::string& head) {
    RequestParser parser(kLimits);
    parser.feed(head + "\r\n\r\n");
    return parser.state() == State::kDone ? parser.request().host : "failed";
  };
  EXPECT_EQ(host("GET http://evil.example:8080/ HTTP/1.1\r\nHost: localhost"), "evil.example:8080");
  EXPECT_EQ(host("GET http://evil.example HTTP/1.0"), "evil.example");
  EXPECT_EQ(host("GET / HTTP/1.1\r\nHost: Localhost:1"), "Localhost:1");
  EXPECT_EQ(host("GET / HTTP/1.1\r\nHost:"), "");
  EXPECT_EQ(host("GET / HTTP/1.0"), "");
}

/// RFC 9112 §2.2, §5.2: lines end in CR LF, and a field in its line.
TEST(RequestParser, LinesOfTheHead) {
  EXPECT_EQ(failure_of(with("A: b\r\nC: d\r\n")), 200);
  for (const char* bad :
       {"A: b\r\n c\r\n", "A: b\r\n\tc\r\n", "A:\r\n b\r\n", "A: b\r\n \r\n", "A: b\nC: d\r\n",
        "A: b\rC: d\r\n", "A: b\n", "A: b\r\r\n", "A\t: b\r\n", ": b\r\n", "A\r\n", " A: b\r\n"}) {
    EXPECT_EQ(failure_of(with(bad)), 400) << bad;
  }
  EXPECT_EQ(failure_of("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400);
  EXPECT_EQ(failure_of("GET / HTTP/1.1\nHost: a\n\n"), 400);
  const std::string folded = with("A: b\r\n c\r\n");
  for (size_t cut = 0; cut <= folded.size(); ++cut) {
    RequestParser parser(kLimits);
    (void)feed_cut(parser, folded, cut);
    EXPECT_EQ(parser.failure_status(), 400) << cut;
  }
}

TEST(RequestParser, OneWayToFrameABody) {
  EXPECT_EQ(failure_of(with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(failure_of(with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")), 400);
  EXPECT_EQ(failure_of(with("Transfer-Encoding: gzip\r\nContent-Length: 1\r\n")), 400);
  EXPECT_EQ(failure_of(with("Content-Length: 1\r\nContent-Length: 2\r\n")), 400);
  EXPECT_EQ(failure_of(with("Content-Length: 1\r\nContent-Length: 1\r\n")), 400);
  EXPECT_EQ(failure_of(with("Content-Length : 1\r\n")), 400);
  for (const char* bad : {"-1", "+1", "1x", "0x1", "", "1,2", "99999999999999999999"}) {
    EXPECT_EQ(failure_of(with("Content-Length: " + std::string(bad) + "\r\n")), 400) << bad;
  }
  EXPECT_EQ(failure_of("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(RequestParser, UnknownEncodingsAndExpectations) {
  EXPECT_EQ(failure_of(with("Transfer-Encoding: gzip\r\n")), 501);
  EXPECT_EQ(failure_of(with("Transfer-Encoding: gzip, chunked\r\n")), 501);
  EXPECT_EQ(failure_of(with("Transfer-Encoding: xchunked\r\n")), 501);
  EXPECT_EQ(failure_of(with("Expect: 200-ok\r\n")), 417);
}

TEST(RequestParser, ReadsALastChunkByteByByte) {
  const std::string bytes = with("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n";
  RequestParser parser(kLimits);
  size_t used = 0;
  for (size_t end = 1; end <= bytes.size(); ++end) {
    EXPECT_NE(parser.state(), State::kDone);
    used += parser.feed(std::string_view(bytes).substr(used, end - used));
  }
  EXPECT_EQ(parser.state(), State::kDone);
  EXPECT_EQ(used, bytes.size());
}

TEST(RequestParser, BadChunks) {
  const std::string head = with("Transfer-Encoding: chunked\r\n");
  for (const char* bad : {"x\r\n", "\r\n", "5\r\nhelloXX5\r\n", "-1\r\n", "5 \r\nhello\r\n",
                          "11111111111111111\r\n", "1\nx\r\n"}) {
    const int status = failure_of(head + bad);
    EXPECT_TRUE(status == 400 || status == 413) << bad << status;
  }
}

TEST(RequestParser, LimitsOfTheHead) {
  const auto of_size = [](size_t size) {
    const std::string rest = with("X: \r\n");
    return with("X: " + std::string(size - rest.size(), 'a') + "\r\n");
  };
  EXPECT_EQ(failure_of(of_size(1000)), 200);
  EXPECT_EQ(failure_of(of_size(1001)), 431);
  EXPECT_EQ(failure_of("GET /" + std::string(1000, 'a')), 431);
  EXPECT_EQ(failure_of("GET /" + std::string(900, 'a')), 0);

  RequestParser wide({1U << 20, 100});
  std::string fields;
  for (int i = 0; i < 300; ++i) fields += "a:\r\n";
  wide.feed(with(fields));
  EXPECT_EQ(wide.failure_status(), 431);
}

TEST(RequestParser, LimitsOfTheBody) {
  EXPECT_EQ(failure_of(with("Content-Length: 100\r\n")), 0);
  EXPECT_EQ(failure_of(with("Content-Length: 101\r\n")), 413);
  const std::string chunked = with("Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(failure_of(chunked + "65\r\n"), 413);
  EXPECT_EQ(failure_of(chunked + "64\r\n" + std::string(100, 'a') + "\r\n0\r\n\r\n"), 200);
  EXPECT_EQ(failure_of(chunked + "64\r\n" + std::string(100, 'a') + "\r\n1\r\n"), 413);
  EXPECT_EQ(failure_of(chunked + "1;" + std::string(2000, 'a')), 400);
  EXPECT_EQ(failure_of(chunked + "0\r\n" + "X: " + std::string(2000, 'a')), 400);
}

TEST(RequestParser, ExpectationIsTakenOnce) {
  RequestParser parser(kLimits);
  parser.feed(with("Expect: 100-Continue\r\nContent-Length: 1\r\n"));
  ASSERT_EQ(parser.state(), State::kBody);
  EXPECT_TRUE(parser.take_expectation());
  EXPECT_FALSE(parser.take_expectation());
  RequestParser old(kLimits);
  old.feed("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_FALSE(old.take_expectation());
}

TEST(RequestParser, KeepAlive) {
  const auto keeps = [](const std::string& bytes) {
    RequestParser parser(kLimits);
    parser.feed(bytes);
    return parser.state() == State::kDone && parser.keep_alive();
  };
  EXPECT_TRUE(keeps(with("")));
  EXPECT_FALSE(keeps(with("Connection: close\r\n")));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

/// Each costs far more memory than bytes on the wire.
TEST(RequestParser, FieldsOfTheQueryAreBounded) {
  const auto state_of = [](int fields) {
    std::string target = "/?a";
    for (int i = 1; i < fields; ++i) target += "&a";
    RequestParser parser({64 << 10, 1});
    parser.feed("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return parser.state();
  };
  EXPECT_EQ(state_of(255), RequestParser::State::kDone);
  EXPECT_EQ(state_of(256), RequestParser::State::kDone);
  EXPECT_EQ(state_of(257), RequestParser::State::kFailed);
}

TEST(RequestParser, FieldsOfTheHeadAreBounded) {
  const auto state_of = [](int fields) {
    std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int i = 1; i < fields; ++i) head += "A" + std::to_string(i) + ": b\r\n";
    RequestParser parser({64 << 10, 1});
    parser.feed(head + "\r\n");
    return parser.state();
  };
  EXPECT_EQ(state_of(255), RequestParser::State::kDone);
  EXPECT_EQ(state_of(256), RequestParser::State::kDone);
  EXPECT_EQ(state_of(257), RequestParser::State::kFailed);
}

}  // namespace
}  // namespace kiln::net
