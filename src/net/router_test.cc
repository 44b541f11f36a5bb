#include "net/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::net {
namespace {

using ::testing::ElementsAre;
using Kind = Router::Match::Kind;

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    for (const char* route :
         {"GET /metadata", "GET /", "GET /ViewDefinition/{id}", "GET /ViewDefinition/$run",
          "POST /ViewDefinition/$run", "POST /ViewDefinition/{id}/$run", "GET /export/{id}",
          "DELETE /export/{id}", "GET /export/{id}/file/{name}", "GET /{type}/$run"}) {
      const std::string_view text = route;
      const size_t space = text.find(' ');
      router_.add(std::string(text.substr(0, space)), std::string(text.substr(space + 1)),
                  lane_of(text), [](const RoutedRequest&) { return Response{}; });
    }
  }
  static Lane lane_of(std::string_view route) {
    return route.ends_with("$run") ? Lane::kLong : Lane::kQuick;
  }
  std::string route(std::string_view method, std::string_view path) {
    const Router::Match match = router_.match(method, path);
    return match.kind == Kind::kFound ? match.route : "";
  }
  Router router_;
};

TEST_F(RouterTest, AnEncodedSlashIsPartOfItsSegment) {
  EXPECT_EQ(route("GET", "/ViewDefinition%2Fa"), "");
  EXPECT_EQ(route("GET", "/%6detadata"), "/metadata");
  EXPECT_EQ(route("GET", "/ViewDefinition/%24run"), "/ViewDefinition/$run");
  EXPECT_EQ(router_.match("GET", "/ViewDefinition/a%2Fb%20c").parameters.at("id"), "a/b c");
  EXPECT_EQ(router_.match("GET", "/export/j/file/..%2F..").parameters.at("name"), "../..");
  EXPECT_EQ(route("GET", "/export/j/file/../../x"), "");
}

TEST_F(RouterTest, FindsLiteralsAndPlaceholders) {
  EXPECT_EQ(route("GET", "/metadata"), "/metadata");
  const Router::Match match = router_.match("GET", "/export/j1/file/a.csv");
  ASSERT_EQ(match.kind, Kind::kFound);
  EXPECT_EQ(match.route, "/export/{id}/file/{name}");
  EXPECT_EQ(match.parameters.at("id"), "j1");
  EXPECT_EQ(match.parameters.at("name"), "a.csv");
  EXPECT_NE(match.handler, nullptr);
}

TEST_F(RouterTest, LiteralsWinWhateverTheOrder) {
  EXPECT_EQ(route("GET", "/ViewDefinition/$run"), "/ViewDefinition/$run");
  EXPECT_EQ(route("GET", "/ViewDefinition/x"), "/ViewDefinition/{id}");
  EXPECT_EQ(route("GET", "/Library/$run"), "/{type}/$run");
}

TEST_F(RouterTest, HeadGoesToGet) {
  EXPECT_EQ(route("HEAD", "/metadata"), "/metadata");
  EXPECT_EQ(route("HEAD", "/ViewDefinition/x/$run"), "");
}

TEST_F(RouterTest, AFinalSlashIsIgnored) {
  EXPECT_EQ(route("GET", "/metadata/"), "/metadata");
  EXPECT_EQ(route("GET", "/"), "/");
  EXPECT_EQ(router_.match("GET", "/metadata//").kind, Kind::kNotFound);
}

TEST_F(RouterTest, PlaceholdersNeedSomething) {
  EXPECT_EQ(router_.match("GET", "/export//file/a").kind, Kind::kNotFound);
  EXPECT_EQ(router_.match("GET", "/export//").kind, Kind::kNotFound);
}

TEST_F(RouterTest, WrongMethodNamesTheRightOnes) {
  const Router::Match match = router_.match("PUT", "/export/j1");
  EXPECT_EQ(match.kind, Kind::kWrongMethod);
  EXPECT_EQ(match.handler, nullptr);
  EXPECT_EQ(match.route, "/export/{id}");
  EXPECT_THAT(match.allowed, ElementsAre("DELETE", "GET", "HEAD"));
  // Each method once, though three patterns fit.
  EXPECT_THAT(router_.match("PUT", "/ViewDefinition/$run").allowed,
              ElementsAre("GET", "HEAD", "POST"));
}

TEST_F(RouterTest, TheLaneIsWhatTheRouteDeclares) {
  EXPECT_EQ(router_.match("POST", "/ViewDefinition/x/$run").lane, Lane::kLong);
  EXPECT_EQ(router_.match("HEAD", "/ViewDefinition/$run").lane, Lane::kLong);
  EXPECT_EQ(router_.match("GET", "/ViewDefinition/x").lane, Lane::kQuick);
  EXPECT_EQ(router_.match("PUT", "/ViewDefinition/$run").lane, Lane::kQuick);
  EXPECT_EQ(router_.match("GET", "/nothing/$run/x").lane, Lane::kQuick);
}

TEST_F(RouterTest, UnknownPaths) {
  EXPECT_EQ(router_.match("GET", "/metadata/" + std::string(60'000, '/')).kind, Kind::kNotFound);
  EXPECT_EQ(router_.match("GET", "/nothing").kind, Kind::kNotFound);
  EXPECT_EQ(router_.match("GET", "/metadata/x").kind, Kind::kNotFound);
  EXPECT_EQ(router_.match("GET", "/Metadata").kind, Kind::kNotFound);
}

TEST(Router, AHeadHandlerOfItsOwnWins) {
  for (const bool head_first : {true, false}) {
    Router router;
    int called = 0;
    const auto head = [&](const RoutedRequest&) { return called = 1, Response{}; };
    const auto get = [&](const RoutedRequest&) { return called = 2, Response{}; };
    router.add(head_first ? "HEAD" : "GET", "/a", Lane::kQuick,
               head_first ? RouteHandler(head) : get);
    router.add(head_first ? "GET" : "HEAD", "/a", Lane::kQuick,
               head_first ? RouteHandler(get) : head);
    const Request request;
    (*router.match("HEAD", "/a").handler)({request, {}});
    EXPECT_EQ(called, 1) << head_first;
  }
}

}  // namespace
}  // namespace kiln::net
