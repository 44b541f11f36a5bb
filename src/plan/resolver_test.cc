#include "plan/resolver.h"

#include <array>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "plan/testing/library_text.h"

namespace kiln::plan {
namespace {

constexpr std::string_view kArtefacts =
    R"({"resourceType":"ViewDefinition","id":"good","url":"http://v/good","version":"1","status":"active","name":"g","resource":"Patient","select":[{"column":[{"name":"x","path":"id"}]}]}
{"resourceType":"ViewDefinition","id":"bad","url":"http://v/bad","status":"active","resource":"Patient","select":[{"column":[{"name":"x","path":"idd"},{"name":"y","path":"idd"}]}]}
{"resourceType":"Library","id":"good","url":"http://v/library"}
)";

/// Libraries of SQL: a query, and views of which one is broken.
std::string libraries() {
  std::string all;
  for (const auto& [id, code, sql] :
       std::vector<std::array<std::string, 3>>{{"counts", "sql-query", "SELECT 1"},
                                               {"recent", "sql-view", "SELECT 1"},
                                               {"broken", "sql-view", "SELECT * FROM t"}}) {
    LibraryText text{code, sql};
    text.url = "http://s/" + id;
    text.more = R"(,"id":")" + id + R"(","name":"n_)" + id + "\"";
    all += text.text() + "\n";
  }
  return all;
}

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() {
    const std::string path = ::testing::TempDir() + "kiln_resolver_test.ndjson";
    std::ofstream(path) << kArtefacts << libraries();
    auto registry = std::make_shared<ArtefactRegistry>();
    EXPECT_TRUE(registry->load(path).ok());
    std::filesystem::remove(path);
    artefacts_ = std::move(registry);
  }

  /// "CODE message" of the only problem, at the place "here".
  std::string only_problem() const {
    EXPECT_EQ(problems_.all().size(), 1U);
    EXPECT_EQ(problems_.all()[0].place, "here");
    return problems_.all()[0].error.message();
  }
  ProblemCode code() const { return problems_.all().at(0).code; }
  Resolver resolver(Sought sought = Sought::kView) const {
    return {artefacts_, "http://own/base", {}, sought};
  }

  ArtefactsPtr artefacts_;
  Problems problems_;
};

TEST_F(ResolverTest, EveryFormLeadsToTheSameCompiledView) {
  const auto by_id = resolver().by_id("good", "here", problems_);
  ASSERT_TRUE(by_id);
  EXPECT_EQ(by_id->name, "g");
  EXPECT_EQ(by_id->place, "here");
  EXPECT_TRUE(by_id->is_shared);
  EXPECT_EQ(by_id->text, std::string(kArtefacts.substr(0, kArtefacts.find('\n'))));
  for (const char* const canonical : {"http://v/good", "http://v/good|1"}) {
    EXPECT_EQ(resolver().by_canonical(canonical, "here", problems_)->view, by_id->view);
  }
  for (const char* const reference :
       {"good", "ViewDefinition/good", "http://own/base/ViewDefinition/good"}) {
    EXPECT_EQ(resolver().by_reference(reference, "here", problems_)->view, by_id->view);
  }
  EXPECT_TRUE(problems_.ok());
}

TEST_F(ResolverTest, WhatIsNotThereIsToldWithWhatIsNear) {
  EXPECT_FALSE(resolver().by_id("godo", "here", problems_));
  EXPECT_EQ(only_problem(), "no such ViewDefinition: godo");
  EXPECT_EQ(code(), ProblemCode::kUnknownArtefact);
  EXPECT_EQ(problems_.all()[0].error.suggestion(), "good");
}

TEST_F(ResolverTest, AReferenceToAnotherServerIsNotThere) {
  EXPECT_FALSE(resolver().by_reference("http://other/ViewDefinition/good", "here", problems_));
  EXPECT_EQ(code(), ProblemCode::kElsewhere);
  EXPECT_EQ(local_reference("http://own/baseX/ViewDefinition/a", "http://own/base"),
            "http://own/baseX/ViewDefinition/a");
}

TEST_F(ResolverTest, AReferenceToAnotherTypeIsWrong) {
  EXPECT_FALSE(resolver().by_reference("Library/good", "here", problems_));
  EXPECT_EQ(code(), ProblemCode::kWrongReference);
}

TEST_F(ResolverTest, AnArtefactOfAnotherTypeIsNoView) {
  EXPECT_FALSE(resolver().by_canonical("http://v/library", "here", problems_));
  EXPECT_EQ(only_problem(), "not a ViewDefinition but a Library: http://v/library");
  EXPECT_EQ(code(), ProblemCode::kWrongKind);
}

TEST_F(ResolverTest, ABrokenViewTellsAllItsErrorsEachTime) {
  for (size_t times = 1; times <= 2; ++times) {
    EXPECT_FALSE(resolver().by_id("bad", "here", problems_));
    ASSERT_EQ(problems_.all().size(), 2 * times);
  }
  EXPECT_EQ(code(), ProblemCode::kInvalidView);
  EXPECT_EQ(problems_.all()[1].error.path(), "select[0].column[1].path");
}

TEST_F(ResolverTest, AGivenViewIsItsOwn) {
  const auto document = json::Document::parse(
      R"({"resourceType":"ViewDefinition","status":"active","resource":"Patient",)"
      R"("select":[{"column":[{"name":"x","path":"id"}]}]})",
      "body");
  const auto subject = resolver().given(*document, (*document)->root(), "here", problems_);
  ASSERT_TRUE(subject);
  EXPECT_EQ(subject->name, "");
  EXPECT_FALSE(subject->is_shared);
  const auto patient = json::Document::parse(R"({"resourceType":"Patient"})", "body");
  EXPECT_FALSE(resolver().given(*patient, (*patient)->root(), "here", problems_));
  EXPECT_EQ(only_problem(), "a ViewDefinition is needed, not a Patient");
}

TEST_F(ResolverTest, Ops_1_EveryFormLeadsToTheSameLibrary) {
  const auto by_id = resolver(Sought::kQuery).by_id("counts", "here", problems_);
  ASSERT_TRUE(by_id);
  EXPECT_EQ(by_id->name, "n_counts");
  EXPECT_TRUE(by_id->is_shared);
  EXPECT_FALSE(by_id->view);
  ASSERT_TRUE(by_id->library);
  EXPECT_FALSE(by_id->query);
  for (const Sought sought : {Sought::kQuery, Sought::kViewOrSql}) {
    EXPECT_EQ(resolver(sought).by_canonical("http://s/counts", "here", problems_)->library,
              by_id->library);
    for (const char* const reference :
         {"counts", "Library/counts", "http://own/base/Library/counts"}) {
      EXPECT_EQ(resolver(sought).by_reference(reference, "here", problems_)->library,
                by_id->library);
    }
  }
  EXPECT_TRUE(problems_.ok());
}

TEST_F(ResolverTest, Ops_1_WhatIsTakenDependsOnTheOperation) {
  EXPECT_TRUE(resolver(Sought::kViewOrSql).by_reference("Library/recent", "here", problems_));
  EXPECT_TRUE(resolver(Sought::kViewOrSql).by_canonical("http://v/good", "here", problems_)->view);
  EXPECT_TRUE(problems_.ok());
  EXPECT_FALSE(resolver(Sought::kQuery).by_reference("ViewDefinition/good", "here", problems_));
  EXPECT_EQ(code(), ProblemCode::kWrongReference);
  problems_ = {};
  EXPECT_FALSE(resolver(Sought::kQuery).by_canonical("http://v/good", "here", problems_));
  EXPECT_EQ(only_problem(), "not a SQLQuery but a ViewDefinition: http://v/good");
  EXPECT_EQ(code(), ProblemCode::kWrongKind);
  problems_ = {};
  EXPECT_FALSE(resolver(Sought::kQuery).by_id("recent", "here", problems_));
  EXPECT_EQ(only_problem(), "not a SQLQuery but a SQLView: recent");
  problems_ = {};
  EXPECT_FALSE(resolver(Sought::kViewOrSql).by_canonical("http://v/library", "here", problems_));
  EXPECT_EQ(only_problem(),
            "not a ViewDefinition, SQLQuery or SQLView but a Library: http://v/library");
  problems_ = {};
  EXPECT_FALSE(resolver(Sought::kViewOrSql).by_reference("Patient/good", "here", problems_));
  EXPECT_EQ(code(), ProblemCode::kWrongReference);
}

TEST_F(ResolverTest, ABareIdThatTwoTypesHaveIsNotGuessed) {
  EXPECT_FALSE(resolver(Sought::kViewOrSql).by_reference("good", "here", problems_));
  EXPECT_EQ(code(), ProblemCode::kWrongReference);
  problems_ = {};
  EXPECT_TRUE(resolver(Sought::kViewOrSql).by_reference("counts", "here", problems_));
  EXPECT_FALSE(resolver(Sought::kViewOrSql).by_reference("count", "here", problems_));
  EXPECT_EQ(only_problem(), "no such ViewDefinition or Library: count");
  EXPECT_EQ(problems_.all()[0].error.suggestion(), "counts");
}

TEST_F(ResolverTest, ABrokenLibraryIsToldAndReturned) {
  const auto subject = resolver(Sought::kViewOrSql).by_id("broken", "here", problems_);
  ASSERT_TRUE(subject);
  EXPECT_FALSE(subject->library->ok());
  EXPECT_EQ(code(), ProblemCode::kInvalidLibrary);
  EXPECT_EQ(problems_.all()[0].error.path(), "content[0].data");
}

TEST_F(ResolverTest, Ops_5_AStatementThatWritesIsA400) {
  const auto document =
      json::Document::parse(LibraryText{"sql-query", "DROP TABLE t"}.text(), "body");
  EXPECT_TRUE(resolver(Sought::kQuery).given(*document, (*document)->root(), "here", problems_));
  EXPECT_EQ(code(), ProblemCode::kUnreadable);  // as its error says
  EXPECT_EQ(problems_.all()[0].error.code(), base::ErrorCode::kUsage);
}

TEST_F(ResolverTest, Ops_7_GivenLibrariesOfTheRightKindAlone) {
  const auto given = [&](const std::string& text, Sought sought) {
    const auto document = json::Document::parse(text, "body");
    return resolver(sought).given(*document, (*document)->root(), "here", problems_);
  };
  EXPECT_TRUE(given(LibraryText{""}.text(), Sought::kQuery));
  EXPECT_TRUE(given(LibraryText{"sql-view"}.text(), Sought::kViewOrSql));
  EXPECT_TRUE(problems_.ok());
  EXPECT_FALSE(given(LibraryText{"sql-view"}.text(), Sought::kQuery));
  EXPECT_EQ(only_problem(), "a SQLQuery is needed, not a SQLView");
  problems_ = {};
  EXPECT_FALSE(given(LibraryText{}.text(), Sought::kView));
  EXPECT_EQ(only_problem(), "a ViewDefinition is needed, not a Library");
  problems_ = {};
  EXPECT_FALSE(given("5", Sought::kViewOrSql));
  EXPECT_EQ(only_problem(), "a ViewDefinition, SQLQuery or SQLView is needed");
}

}  // namespace
}  // namespace kiln::plan
