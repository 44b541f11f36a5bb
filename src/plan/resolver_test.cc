#include "plan/resolver.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace kiln::plan {
namespace {

constexpr std::string_view kArtefacts =
    R"({"resourceType":"ViewDefinition","id":"good","url":"http://v/good","version":"1","status":"active","name":"g","resource":"Patient","select":[{"column":[{"name":"x","path":"id"}]}]}
{"resourceType":"ViewDefinition","id":"bad","url":"http://v/bad","status":"active","resource":"Patient","select":[{"column":[{"name":"x","path":"idd"},{"name":"y","path":"idd"}]}]}
{"resourceType":"Library","id":"good","url":"http://v/library"}
)";

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() {
    const std::string path = ::testing::TempDir() + "kiln_resolver_test.ndjson";
    std::ofstream(path) << kArtefacts;
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
  Resolver resolver() const { return {artefacts_, "http://own/base", {}}; }

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
  EXPECT_EQ(code(), ProblemCode::kUnknownView);
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
  EXPECT_EQ(code(), ProblemCode::kNoView);
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

}  // namespace
}  // namespace kiln::plan
