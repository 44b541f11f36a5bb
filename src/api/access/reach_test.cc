#include "api/access/reach.h"

#include <gtest/gtest.h>

namespace kiln::api {
namespace {

class ReachTest : public ::testing::Test {
 protected:
  ReachTest() {
    options_.base_url = "https://kiln.example/fhir";
    options_.allowed_hosts = {"kiln.internal", "exact.internal:8080", "10.0.0.1"};
    options_.cors_origins = {"https://pages.example", "http://localhost:3000"};
  }
  static net::Request request(const std::string& host, std::string_view field = "",
                              const std::string& value = "") {
    net::Request request;
    request.method = "GET";
    request.path = "/";
    request.host = host;
    request.headers.add("Host", host);
    if (!field.empty()) request.headers.add(std::string(field), value);
    return request;
  }
  int status(const net::Request& request) const {
    const auto issue = Reach(options_).refusal_of(request);
    return issue ? status_of(issue->code) : 200;
  }
  int from(const std::string& origin, const std::string& host = "kiln.internal:8080") const {
    return status(request(host, "Origin", origin));
  }
  ServiceOptions options_;
};

TEST_F(ReachTest, Ops_7_421_OnlyItsOwnNames) {
  for (const char* own : {"localhost", "LocalHost.:1", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080",
                          "[0:0::1]", "kiln.example", "KILN.example:443", "kiln.internal:1",
                          "exact.internal:8080", "10.0.0.1:8080"}) {
    EXPECT_EQ(status(request(own)), 200) << own;
  }
  for (const char* foreign :
       {"evil.example", "127.0.0.1.evil.example", "127.evil.example", "localhost.evil.example",
        "kiln.example.evil.example", "exact.internal", "exact.internal:80", "10.0.0.2", "0.0.0.0",
        "[::2]", "", "kiln.internal:99999", "2130706433"}) {
    EXPECT_EQ(status(request(foreign)), 421) << foreign;
  }
  EXPECT_EQ(status(net::Request()), 200) << "HTTP/1.0 need not say";
}

TEST_F(ReachTest, Ops_7_403_PagesOfOthers) {
  EXPECT_EQ(from("http://kiln.internal:8080"), 200) << "its own, as it was called";
  EXPECT_EQ(from("HTTP://Kiln.Internal:8080"), 200);
  EXPECT_EQ(from("http://localhost", "localhost:80"), 200);
  EXPECT_EQ(from("https://kiln.example"), 200) << "its own, as it says";
  EXPECT_EQ(from("https://kiln.example:443"), 200);
  EXPECT_EQ(from("https://pages.example:443"), 200) << "listed";
  for (const char* foreign :
       {"null", "", "https://evil.example", "http://kiln.internal", "https://kiln.internal:8080",
        "http://kiln.example", "https://pages.example.evil.example", "https://pages.example:8443",
        "http://localhost:8080", "https://pages.example, https://evil.example", "file://"}) {
    EXPECT_EQ(from(foreign), 403) << foreign;
  }
  net::Request twice = request("localhost", "Origin", "https://pages.example");
  twice.headers.add("Origin", "https://pages.example");
  EXPECT_EQ(status(twice), 403);
}

TEST_F(ReachTest, Ops_7_403_CrossSite) {
  EXPECT_EQ(status(request("localhost", "Sec-Fetch-Site", "cross-site")), 403);
  EXPECT_EQ(status(request("localhost", "Sec-Fetch-Site", "same-origin")), 200);
  EXPECT_EQ(status(request("localhost", "Sec-Fetch-Site", "none")), 200);
  net::Request listed = request("localhost", "Sec-Fetch-Site", "cross-site");
  listed.headers.add("Origin", "https://pages.example");
  EXPECT_EQ(status(listed), 200) << "that is what a listed page is";
  listed.headers.set("Origin", "http://localhost");
  EXPECT_EQ(status(listed), 403);
  EXPECT_EQ(status(request("evil.example", "Sec-Fetch-Site", "same-origin")), 421);
}

TEST_F(ReachTest, Ops_7_ListedPagesMayRead) {
  const auto fields = [&](const net::Request& request) {
    net::Headers headers;
    Reach(options_).complete_head(request, headers);
    return headers;
  };
  const auto listed = fields(request("localhost", "Origin", "https://pages.example"));
  EXPECT_EQ(listed.get("Access-Control-Allow-Origin"), "https://pages.example");
  EXPECT_NE(listed.get("Access-Control-Expose-Headers")->find("Content-Location"),
            std::string::npos);
  EXPECT_EQ(listed.get("Vary"), "Origin");
  for (const net::Request& other :
       {request("localhost", "Origin", "https://evil.example"),
        request("localhost", "Origin", "null"),
        request("evil.example", "Origin", "https://pages.example"), request("localhost")}) {
    EXPECT_FALSE(fields(other).has("Access-Control-Allow-Origin"));
    EXPECT_EQ(fields(other).get("Vary"), "Origin");
  }
}

}  // namespace
}  // namespace kiln::api
