#include "plan/library_graph.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/resolver.h"
#include "plan/testing/library_text.h"

namespace kiln::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string view(const std::string& url, const std::string& version = "",
                 const std::string& id = "", const std::string& path = "id") {
  return R"({"resourceType":"ViewDefinition","status":"active","resource":"Patient","url":")" +
         url + R"(","version":")" + version + R"(","id":")" + id +
         R"(","select":[{"column":[{"name":"x","path":")" + path + R"("}]}]})";
}

LibraryText sql_view(const std::string& url, const std::vector<std::string>& dependencies) {
  LibraryText text{"sql-view", "SELECT 1"};
  text.url = url;
  for (const std::string& one : dependencies) {
    text.dependencies.push_back({one, "t" + std::to_string(text.dependencies.size())});
  }
  return text;
}

/// A query over canonicals with the labels t0, t1, ...
LibraryText query_over(const std::vector<std::string>& dependencies) {
  LibraryText text = sql_view("", dependencies);
  text.code = "sql-query";
  return text;
}

class LibraryGraphTest : public ::testing::Test {
 protected:
  void publish(const std::vector<std::string>& artefacts) {
    const std::string path = ::testing::TempDir() + "kiln_library_graph_test.ndjson";
    {
      std::ofstream file(path);
      for (const std::string& one : artefacts) file << one << "\n";
    }
    auto registry = std::make_shared<ArtefactRegistry>();
    const base::Status loaded = registry->load(path);
    EXPECT_TRUE(loaded.ok()) << loaded.error().to_string();
    std::filesystem::remove(path);
    artefacts_ = std::move(registry);
  }
  void supply(const std::string& text) {
    const auto document = json::Document::parse(text, "context");
    graph().add_context(*document, (*document)->root(),
                        "context[" + std::to_string(supplied_++) + "]", problems_);
  }
  sql::QueryPtr query(const LibraryText& text) {
    const auto document = json::Document::parse(text.text(), "subject");
    const Resolver resolver(artefacts_, "http://own", {}, Sought::kViewOrSql);
    const auto subject = resolver.given(*document, (*document)->root(), "subject", problems_);
    return graph().query(*subject, {}, problems_);
  }
  /// Made when it is first used, of what is published then and of `limits_`.
  LibraryGraph& graph() {
    if (!graph_) {
      graph_ =
          std::make_unique<LibraryGraph>(artefacts_, "http://own", view::CompileOptions{}, limits_);
    }
    return *graph_;
  }
  void start_again() {
    graph_.reset();
    supplied_ = 0;
    problems_ = {};
  }
  /// "place path" of each problem.
  std::vector<std::string> told() const {
    std::vector<std::string> all;
    for (const Problem& problem : problems_.all()) {
      all.push_back(problem.place + " " + problem.error.path());
    }
    return all;
  }
  std::vector<ProblemCode> codes() const {
    std::vector<ProblemCode> all;
    for (const Problem& problem : problems_.all()) all.push_back(problem.code);
    return all;
  }
  const base::Error& error(size_t index = 0) const { return problems_.all().at(index).error; }
  static std::vector<std::string> names(const sql::Query& query) {
    std::vector<std::string> all;
    for (const sql::Relation& relation : query.relations) all.push_back(relation.name);
    return all;
  }

  ArtefactsPtr artefacts_ = std::make_shared<ArtefactRegistry>();
  GraphLimits limits_;
  Problems problems_;
  std::unique_ptr<LibraryGraph> graph_;
  size_t supplied_ = 0;
};

TEST_F(LibraryGraphTest, Ops_5_ViewsAreLeavesAndLabelsAreLocal) {
  publish({view("http://v/a", "1", "a"), view("http://v/b", "1", "b"),
           sql_view("http://s", {"http://v/b", "http://v/a"}).text()});
  const sql::QueryPtr made = query(query_over({"http://v/a|1", "http://s", "http://v/b"}));
  ASSERT_TRUE(made);
  EXPECT_TRUE(problems_.ok());
  EXPECT_THAT(names(*made), ElementsAre("http://v/a", "http://v/b", "http://s"));
  const auto& inner = made->relations[2];
  ASSERT_EQ(inner.labels.size(), 2U);
  EXPECT_EQ(inner.labels[0].name, "t0");
  EXPECT_EQ(inner.labels[0].relation, 1U);
  EXPECT_EQ(inner.labels[1].relation, 0U);
  EXPECT_EQ(inner.statement->text(), "SELECT 1");
  EXPECT_FALSE(inner.view);
  ASSERT_EQ(made->labels.size(), 3U);
  EXPECT_EQ(made->labels[0].relation, 0U);
  EXPECT_EQ(made->labels[1].relation, 2U);
  EXPECT_EQ(made->labels[2].relation, 1U);
  EXPECT_EQ(made->relations[0].view, artefacts_->find_id("ViewDefinition", "a")->compiled->view);
  EXPECT_EQ(made->relations[0].text, view("http://v/a", "1", "a"));
}

TEST_F(LibraryGraphTest, DiamondsAreResolvedOnce) {
  publish({view("http://v"), sql_view("http://a", {"http://v"}).text(),
           sql_view("http://b", {"http://v"}).text(),
           sql_view("http://top", {"http://a", "http://b", "http://a"}).text()});
  const sql::QueryPtr made = query(query_over({"http://top", "http://v", "http://b"}));
  ASSERT_TRUE(made);
  EXPECT_THAT(names(*made), ElementsAre("http://v", "http://a", "http://b", "http://top"));
}

TEST_F(LibraryGraphTest, ADiamondOfManyLevelsTakesNoTime) {
  std::vector<std::string> all = {view("http://v/0")};
  for (size_t i = 1; i <= 15; ++i) {
    const std::string below = "http://v/" + std::to_string(i - 1);
    all.push_back(
        sql_view("http://v/" + std::to_string(i), std::vector<std::string>(20, below)).text());
  }
  publish(all);
  const sql::QueryPtr made = query(query_over({"http://v/15"}));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->relations.size(), 16U);
}

TEST_F(LibraryGraphTest, Ops_5_ContextBeforeWhatIsPublished) {
  publish({view("http://v", "1", "published"), view("http://v", "3", "newer")});
  supply(view("http://v", "2", "given"));
  EXPECT_EQ(query(query_over({"http://v"}))->relations[0].text, view("http://v", "2", "given"));
  EXPECT_EQ(query(query_over({"http://v|2"}))->relations[0].text, view("http://v", "2", "given"));
  EXPECT_EQ(query(query_over({"http://v|1"}))->relations[0].text,
            view("http://v", "1", "published"));
  EXPECT_FALSE(query(query_over({"http://v|4"})));
  EXPECT_EQ(problems_.all().size(), 1U);
}

TEST_F(LibraryGraphTest, OfSeveralVersionsInContextTheHighest) {
  supply(view("http://v", "1.9.0"));
  supply(view("http://v", "1.10.0"));
  EXPECT_EQ(query(query_over({"http://v"}))->relations[0].text, view("http://v", "1.10.0"));
  EXPECT_EQ(query(query_over({"http://v|1.9.0"}))->relations[0].text, view("http://v", "1.9.0"));
  graph().check_context(problems_);
  EXPECT_TRUE(problems_.ok());
}

TEST_F(LibraryGraphTest, Ops_7_DependenciesByReference) {
  publish({view("", "", "a"), view("", "", "b")});
  const sql::QueryPtr made = query(query_over({"ViewDefinition/a", "http://own/ViewDefinition/b"}));
  ASSERT_TRUE(made);
  EXPECT_THAT(names(*made), ElementsAre("a", "b"));
  EXPECT_FALSE(query(query_over(
      {"http://else/ViewDefinition/b", "Patient/a", "a", "ViewDefinition/", "ViewDefinition/aa"})));
  EXPECT_THAT(codes(), ::testing::Each(ProblemCode::kUnknownArtefact));
  EXPECT_EQ(problems_.all().size(), 5U);
  EXPECT_EQ(error(4).suggestion(), "ViewDefinition/a");
}

TEST_F(LibraryGraphTest, Ops_5_WhatIsMissingIsNamedWithItsPlace) {
  publish({view("http://v/patients"), sql_view("http://s", {"http://v/gone"}).text()});
  EXPECT_FALSE(query(query_over({"http://v/patient", "http://s", "http://s"})));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kUnknownArtefact, ProblemCode::kUnknownArtefact));
  EXPECT_THAT(told(), ElementsAre("subject relatedArtifact[0].resource",
                                  "subject relatedArtifact[0].resource"));
  EXPECT_THAT(error(0).message(), HasSubstr("http://v/patient"));
  EXPECT_EQ(error(0).suggestion(), "http://v/patients");
  EXPECT_EQ(error(0).position().source, "subject");
  EXPECT_THAT(error(1).message(), HasSubstr("http://v/gone, for http://s"));
}

TEST_F(LibraryGraphTest, AProblemInContextHasItsPlace) {
  supply(sql_view("http://s", {"http://gone"}).text());
  supply(view("http://broken", "", "", "idd"));
  EXPECT_FALSE(query(query_over({"http://s", "http://broken"})));
  EXPECT_FALSE(query(query_over({"http://broken"})));
  EXPECT_THAT(told(), ElementsAre("context[0] relatedArtifact[0].resource",
                                  "context[1] select[0].column[0].path"));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kUnknownArtefact, ProblemCode::kInvalidView));
}

TEST_F(LibraryGraphTest, BrokenDependenciesAreToldOnceForEachSubjectAndFollowed) {
  publish({view("http://bad", "", "", "idd"), [] {
             LibraryText text = sql_view("http://s", {"http://gone"});
             text.sql = "SELECT * FROM else_where";
             return text.text();
           }()});
  EXPECT_FALSE(query(query_over({"http://bad", "http://s", "http://bad", "http://s"})));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kInvalidView, ProblemCode::kInvalidLibrary,
                                   ProblemCode::kUnknownArtefact));
  EXPECT_THAT(error(0).message(), HasSubstr("ViewDefinition http://bad"));
  EXPECT_THAT(error(1).message(), HasSubstr("Library http://s"));
  EXPECT_FALSE(query(query_over({"http://bad"})));
  EXPECT_EQ(problems_.all().size(), 4U);
}

TEST_F(LibraryGraphTest, ABrokenSubjectIsFollowedToo) {
  LibraryText text = query_over({"http://gone"});
  text.sql = "SELEKT";
  EXPECT_FALSE(query(text));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kInvalidLibrary, ProblemCode::kUnknownArtefact));
  start_again();
  text = query_over({"http://v"});
  text.sql = "SELEKT";
  supply(view("http://v"));
  EXPECT_FALSE(query(text));
  graph().check_context(problems_);
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kInvalidLibrary));
}

TEST_F(LibraryGraphTest, Ops_5_CyclesAreNamed) {
  publish({sql_view("http://a", {"http://b"}).text(), sql_view("http://b", {"http://c"}).text(),
           sql_view("http://c", {"http://b"}).text(),
           sql_view("http://self", {"http://self"}).text()});
  EXPECT_FALSE(query(query_over({"http://a"})));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kInvalidLibrary));
  EXPECT_THAT(error().message(), HasSubstr(": http://b → http://c → http://b"));
  start_again();
  EXPECT_FALSE(query(query_over({"http://self"})));
  EXPECT_THAT(error().message(), HasSubstr(": http://self → http://self"));
}

TEST_F(LibraryGraphTest, CyclesThroughContextAndThroughTheSubject) {
  supply(sql_view("http://a", {"http://subject"}).text());
  EXPECT_FALSE(query(sql_view("http://subject", {"http://a"})));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kInvalidLibrary));
  EXPECT_THAT(error().message(), HasSubstr(": http://subject → http://a → http://subject"));
  graph().check_context(problems_);
  EXPECT_EQ(problems_.all().size(), 1U);
  start_again();
  LibraryText self = sql_view("http://subject", {"http://subject|1"});
  self.version = "1";
  EXPECT_FALSE(query(self));
  EXPECT_THAT(error().message(), HasSubstr("circle"));
  start_again();
  self.version = "2";  // another one
  EXPECT_FALSE(query(self));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kUnknownArtefact));
}

TEST_F(LibraryGraphTest, APublishedSubjectThatDependsOnItself) {
  LibraryText self = sql_view("http://self", {"http://self"});
  publish({self.text()});
  const Resolver resolver(artefacts_, "http://own", {}, Sought::kViewOrSql);
  const auto subject = resolver.by_canonical("http://self", "subject", problems_);
  EXPECT_FALSE(graph().query(*subject, {}, problems_));
  EXPECT_THAT(error().message(), HasSubstr(": http://self → http://self"));
}

TEST_F(LibraryGraphTest, Ops_7_DepthIsLimited) {
  std::vector<std::string> all = {view("http://v/0")};
  for (size_t i = 1; i < 20; ++i) {
    all.push_back(
        sql_view("http://v/" + std::to_string(i), {"http://v/" + std::to_string(i - 1)}).text());
  }
  publish(all);
  for (const size_t depth : {15U, 16U, 17U}) {
    start_again();
    const bool is_in = query(query_over({"http://v/" + std::to_string(depth - 1)})) != nullptr;
    EXPECT_EQ(is_in, depth <= 16) << depth;
    if (!is_in) {
      EXPECT_THAT(codes(), ElementsAre(ProblemCode::kLimit));
    }
  }
  limits_.depth = 2;
  start_again();
  EXPECT_TRUE(query(query_over({"http://v/1"})));
  EXPECT_FALSE(query(query_over({"http://v/2"})));
}

TEST_F(LibraryGraphTest, DepthIsThatOfTheLongestWay) {
  publish({view("http://v"), sql_view("http://a", {"http://v"}).text(),
           sql_view("http://b", {"http://a"}).text(), sql_view("http://c", {"http://b"}).text()});
  limits_.depth = 3;
  // b is known as two deep before c, which would make it three.
  EXPECT_FALSE(query(query_over({"http://b", "http://c"})));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kLimit));
  limits_.depth = 4;
  start_again();
  EXPECT_TRUE(query(query_over({"http://b", "http://c"})));
}

TEST_F(LibraryGraphTest, Ops_7_DependenciesAreCounted) {
  std::vector<std::string> urls, all;
  for (size_t i = 0; i < 65; ++i) {
    urls.push_back("http://v/" + std::to_string(i));
    all.push_back(view(urls.back()));
  }
  publish(all);
  const auto first = [&](size_t count) {
    return std::vector<std::string>(urls.begin(), urls.begin() + static_cast<ptrdiff_t>(count));
  };
  for (const size_t count : {63U, 64U, 65U}) {
    start_again();
    EXPECT_EQ(query(query_over(first(count))) != nullptr, count <= 64) << count;
    if (count > 64) {
      EXPECT_THAT(codes(), ElementsAre(ProblemCode::kLimit));
    }
  }
  // Spread over two Libraries.
  all.push_back(sql_view("http://s", first(62)).text());
  publish(all);
  start_again();
  EXPECT_TRUE(query(query_over({"http://s", "http://v/62"})));
  EXPECT_FALSE(query(query_over({"http://s", "http://v/62", "http://v/63"})));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kLimit));
}

TEST_F(LibraryGraphTest, TheLimitIsToldOnce) {
  limits_.dependencies = 2;
  std::vector<std::string> all;
  for (size_t i = 0; i < 6; ++i) all.push_back(view("http://v/" + std::to_string(i)));
  all.push_back(sql_view("http://a", {"http://v/0", "http://v/1"}).text());
  all.push_back(sql_view("http://b", {"http://v/2", "http://v/3"}).text());
  publish(all);
  supply(view("http://more"));
  EXPECT_FALSE(query(query_over({"http://a", "http://b"})));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kLimit));
  graph().check_context(problems_);  // was not looked at
  EXPECT_EQ(problems_.all().size(), 1U);
}

TEST_F(LibraryGraphTest, Ops_7_OnlySqlViewsWithoutParametersMayBeDependedOn) {
  LibraryText a_query = query_over({});
  a_query.url = "http://q";
  LibraryText with_parameter = sql_view("http://p", {});
  with_parameter.parameters = {{"a", "code"}};
  publish({a_query.text(), with_parameter.text(),
           R"({"resourceType":"Library","id":"cql","url":"http://cql"})"});
  EXPECT_FALSE(query(query_over({"http://q", "http://p", "http://cql"})));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kInvalidLibrary, ProblemCode::kInvalidLibrary,
                                   ProblemCode::kWrongKind));
  EXPECT_THAT(told(), ElementsAre("subject relatedArtifact[0].resource", "subject parameter",
                                  "subject relatedArtifact[2].resource"));
  start_again();
  LibraryText untyped = query_over({});
  untyped.code = "";
  untyped.url = "http://q";
  supply(untyped.text());
  EXPECT_FALSE(query(query_over({"http://q"})));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kInvalidLibrary));
}

TEST_F(LibraryGraphTest, Ops_5_ContextHasUrlsThatAreThereOnceAndNeeded) {
  publish({view("http://published")});
  supply(view("http://v"));
  supply(view(""));
  supply(view("http://v"));
  supply(view("http://v", "1"));
  supply(R"({"resourceType":"Patient","url":"http://x"})");
  supply(view("http://published", "2"));
  EXPECT_THAT(codes(),
              ElementsAre(ProblemCode::kUsage, ProblemCode::kUsage, ProblemCode::kWrongKind));
  EXPECT_THAT(told(), ElementsAre("context[1] ", "context[2] ", "context[4] "));
  problems_ = {};
  EXPECT_TRUE(query(query_over({"http://v|1"})));
  graph().check_context(problems_);
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kUsage, ProblemCode::kUsage));
  EXPECT_THAT(told(), ElementsAre("context[0] ", "context[5] "));
}

TEST_F(LibraryGraphTest, Ops_7_WhatNothingDependsOnAndWhatIsMissingAreBothTold) {
  supply(view("http://vv"));
  EXPECT_FALSE(query(query_over({"http://v"})));
  graph().check_context(problems_);
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kUnknownArtefact, ProblemCode::kUsage));
  EXPECT_EQ(error().suggestion(), "http://vv");
}

TEST_F(LibraryGraphTest, ContextIsSharedByTheSubjectsOfARequest) {
  supply(view("http://a"));
  supply(view("http://b"));
  const sql::QueryPtr one = query(query_over({"http://a"}));
  const sql::QueryPtr other = query(query_over({"http://b", "http://a"}));
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->relations[0].view, other->relations[1].view);  // compiled once
  graph().check_context(problems_);
  EXPECT_TRUE(problems_.ok());
}

TEST_F(LibraryGraphTest, WhatNothingDependsOnIsNotCompiled) {
  supply(view("http://broken", "", "", "idd"));
  EXPECT_TRUE(query(query_over({})));
  graph().check_context(problems_);
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kUsage));
}

TEST_F(LibraryGraphTest, HugeNamesMakeShortMessages) {
  const std::string huge = "http://" + std::string(1 << 20, 'x');
  EXPECT_FALSE(query(query_over({huge})));
  supply(sql_view(huge, {huge}).text());
  EXPECT_FALSE(query(query_over({huge})));
  EXPECT_EQ(problems_.all().size(), 2U);
  for (const Problem& problem : problems_.all()) {
    EXPECT_LT(problem.error.message().size(), 2000U);
  }
}

TEST_F(LibraryGraphTest, ABareStatementIsASubjectToo) {
  publish({view("", "", "a")});
  Subject subject;
  subject.library = read_statement("SELECT * FROM a", "<sql>", {{"ViewDefinition/a", "a"}});
  EXPECT_TRUE(graph().query(subject, {}, problems_));
  subject.library = read_statement("SELECT * FROM b", "<sql>", {{"ViewDefinition/b", "b"}});
  EXPECT_FALSE(graph().query(subject, {}, problems_));
  EXPECT_THAT(codes(), ElementsAre(ProblemCode::kUnknownArtefact));
}

TEST_F(LibraryGraphTest, BindingsAreHandedOn) {
  const auto document = json::Document::parse(query_over({}).text(), "subject");
  const Resolver resolver(artefacts_, "http://own", {}, Sought::kQuery);
  const auto subject = resolver.given(*document, (*document)->root(), "subject", problems_);
  const sql::QueryPtr made = graph().query(*subject, {{"a", "INTEGER", "1"}}, problems_);
  ASSERT_TRUE(made);
  ASSERT_EQ(made->bindings.size(), 1U);
  EXPECT_EQ(made->bindings[0].name, "a");
  EXPECT_EQ(made->statement.text(), "SELECT 1");
}

}  // namespace
}  // namespace kiln::plan
