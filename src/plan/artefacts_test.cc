#include "plan/artefacts.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>

#include <gtest/gtest.h>

#include "plan/published_artefacts.h"
#include "plan/testing/library_text.h"

namespace kiln::plan {
namespace {

TEST(CompareVersions, SemanticOnesByTheirNumbersOthersBefore) {
  const std::vector<std::string> ascending = {
      "",         "a",          "b",        "0.9",        "1.0.0-1",     "1.0.0-2",
      "1.0.0-10", "1.0.0-beta", "1.0.0-rc", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0-rc.10.x",
      "1.0.0",    "1.2",        "1.10",     "2"};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t k = 0; k < ascending.size(); ++k) {
      const int expected = i < k ? -1 : i > k ? 1 : 0;
      EXPECT_EQ(compare_versions(ascending[i], ascending[k]), expected)
          << ascending[i] << " and " << ascending[k];
    }
  }
  EXPECT_EQ(compare_versions("1", "1.0.0+build"), 0);
}

class ArtefactRegistryTest : public ::testing::Test {
 protected:
  ArtefactRegistryTest() { std::filesystem::create_directories(folder_); }
  ~ArtefactRegistryTest() override { std::filesystem::remove_all(folder_); }

  base::Status load(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return registry_.load(folder_ / name);
  }
  static std::string view(const std::string& id, const std::string& version,
                          const std::string& status) {
    return R"({"resourceType":"ViewDefinition","url":"http://v","id":")" + id + R"(","version":")" +
           version + R"(","status":")" + status + "\"}\n";
  }
  std::string found(const std::string& canonical) const {
    const Artefact* const artefact = registry_.canonicals().find(canonical);
    return artefact == nullptr ? "none" : artefact->id;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / "kiln_artefacts_test";
  ArtefactRegistry registry_;
};

TEST_F(ArtefactRegistryTest, AFileThatWasReadCountsAsLoaded) {
  const std::string text = view("a", "1", "active");
  const std::string path = folder_ / "a.json";
  std::ofstream(path) << text;
  const json::DocumentPtr document = *json::Document::parse(text, path);
  ASSERT_TRUE(registry_.add_file(path, document).ok());
  EXPECT_TRUE(registry_.load(folder_).ok());
  EXPECT_EQ(registry_.find_id("ViewDefinition", "a")->document, document);
  EXPECT_FALSE(registry_.add_file("-", document).ok());  // the same id
}

TEST_F(ArtefactRegistryTest, WhatIsThereAlreadyMayBeLeftAsItIs) {
  ASSERT_TRUE(load("a.json", view("a", "1", "active")).ok());
  std::ofstream(folder_ / "b.ndjson")
      << view("a", "2", "active") << view("b", "1", "active") << view("c", "3", "active");
  EXPECT_FALSE(registry_.load(folder_ / "b.ndjson").ok());
  std::ofstream(folder_ / "c.ndjson")
      << view("a", "2", "active") << view("b", "1", "active") << view("c", "3", "active");
  EXPECT_TRUE(registry_.load(folder_ / "c.ndjson", Same::kPassedOver).ok());
  EXPECT_EQ(found("http://v|1"), "a");
  EXPECT_EQ(found("http://v|2"), "none");
  EXPECT_EQ(found("http://v|3"), "c");
}

TEST_F(ArtefactRegistryTest, AFileThatDoesNotAnswerIsNotWaitedFor) {
  ASSERT_TRUE(load("a.ndjson", view("a", "1", "active")).ok());
  std::ofstream(folder_ / "b.ndjson") << view("b", "2", "active");
  const std::string stuck = folder_ / "b.ndjson";
  const auto gone = std::make_shared<std::atomic<int>>(0);  // how often it is looked at in vain
  std::promise<void> answer;
  for (const int looks : {1, 2}) {  // while files are found, and while they are read
    *gone = looks;
    ArtefactRegistry registry(
        {}, std::make_shared<base::Patience>(base::PatienceOptions{
                std::chrono::milliseconds(20),
                [gone, stuck, gate = answer.get_future().share()](const std::string& path) {
                  if (path == stuck && --*gone == 0) gate.wait();
                }}));
    const base::Status late = registry.load(folder_);
    answer.set_value();
    answer = {};
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code(), base::ErrorCode::kUnavailable);
    EXPECT_NE(late.error().message().find(stuck), std::string::npos) << late.error().message();
  }
}

TEST_F(ArtefactRegistryTest, Ops_7_ActiveBeforeDraftBeforeRetiredThenTheHighestVersion) {
  ASSERT_TRUE(load("a.ndjson", view("retired", "9.0.0", "retired")).ok());
  EXPECT_EQ(found("http://v"), "retired");
  ASSERT_TRUE(load("b.ndjson", view("draft", "3.0.0", "draft")).ok());
  EXPECT_EQ(found("http://v"), "draft");
  ASSERT_TRUE(load("c.ndjson", view("old", "1.9.0", "active") + view("new", "1.10.0", "active") +
                                   view("candidate", "1.10.0-rc.1", "active"))
                  .ok());
  EXPECT_EQ(found("http://v"), "new");
  EXPECT_EQ(found("http://v|9.0.0"), "retired");
  EXPECT_EQ(found("http://v|1.9.0"), "old");
  EXPECT_EQ(found("http://v|2.0.0"), "none");
}

TEST_F(ArtefactRegistryTest, KnowsTheOlderTypeOfAViewAndPassesOthersOver) {
  ASSERT_TRUE(load("a.ndjson", R"({"id":"v","resourceType":)"
                               R"("https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition"})"
                               "\n"
                               R"({"id":"v","resourceType":"Patient"})")
                  .ok());
  ASSERT_NE(registry_.find_id("ViewDefinition", "v"), nullptr);
  EXPECT_EQ(registry_.all().size(), 1U);
}

TEST_F(ArtefactRegistryTest, Ops_7_TheFilesStemIsTheIdOfWhatHasNone) {
  ASSERT_TRUE(load("stem.json", R"({"resourceType":"Library"})").ok());
  EXPECT_NE(registry_.find_id("Library", "stem"), nullptr);
}

TEST_F(ArtefactRegistryTest, AFileThatIsNamedTwiceIsLoadedOnce) {
  ASSERT_TRUE(load("a.ndjson", view("a", "1", "active")).ok());
  EXPECT_TRUE(registry_.load(folder_).ok());
  EXPECT_TRUE(registry_.load(folder_ / "../kiln_artefacts_test/a.ndjson").ok());
  EXPECT_EQ(registry_.all().size(), 1U);
}

TEST_F(ArtefactRegistryTest, Ops_7_NoIdAndNoCanonicalTwice) {
  ASSERT_TRUE(load("a.ndjson", view("a", "1", "active")).ok());
  const base::Status same_url = load("b.ndjson", view("b", "1", "draft"));
  ASSERT_FALSE(same_url.ok());
  EXPECT_NE(same_url.error().message().find("http://v|1"), std::string::npos);
  EXPECT_NE(same_url.error().message().find("a.ndjson"), std::string::npos);
  const base::Status same_id = load("c.ndjson", view("a", "2", "active"));
  ASSERT_FALSE(same_id.ok());
  EXPECT_EQ(same_id.error().position().source, (folder_ / "c.ndjson:1").string());
}

TEST_F(ArtefactRegistryTest, WhatMayHaveBeenMeant) {
  ASSERT_TRUE(load("a.ndjson", view("pressure", "1.0.0", "active")).ok());
  EXPECT_EQ(registry_.near_id("ViewDefinition", "presure"), "pressure");
  EXPECT_EQ(registry_.near_id("Library", "presure"), "");
  EXPECT_EQ(registry_.near_id("ViewDefinition", "weight"), "");
  EXPECT_EQ(registry_.canonicals().near("http://w"), "http://v");
  EXPECT_EQ(registry_.canonicals().near("http://v|1.0.1"), "http://v|1.0.0");
  EXPECT_EQ(registry_.canonicals().near("urn:else"), "");
  const std::string folder = "http://example.org/fhir/" + std::string(100, 'x') + "/";
  ASSERT_TRUE(
      load("b.json", R"({"resourceType":"Library","id":"b","url":")" + folder + "pulse\"}").ok());
  EXPECT_EQ(registry_.canonicals().near(folder + "puls"), folder + "pulse");
  EXPECT_EQ(registry_.canonicals().near(folder + "weight"), "");
}

TEST_F(ArtefactRegistryTest, ViewsThatDoNotCompileAreCountedAndNamed) {
  const auto one = [](const std::string& id, const std::string& path) {
    return R"({"resourceType":"ViewDefinition","status":"active","resource":"Patient","id":")" +
           id + R"(","select":[{"column":[{"name":"x","path":")" + path + "\"}]}]}\n";
  };
  ASSERT_TRUE(load("good.ndjson", one("a", "id") + one("b", "birthDate")).ok());
  EXPECT_EQ(check_views(registry_).text(), "2 views");
  ASSERT_TRUE(load("bad.ndjson", one("c", "idd") + R"({"resourceType":"Library","id":"l"})").ok());
  const ViewsCheck check = check_views(registry_);
  EXPECT_EQ(check.views, 3U);
  ASSERT_EQ(check.broken.size(), 1U);
  EXPECT_EQ(check.broken[0].id, "c");
  EXPECT_NE(check.text().find("3 views, 1 broken: c ("), std::string::npos) << check.text();
}

TEST_F(ArtefactRegistryTest, AViewIsCompiledOnceAndABrokenOneKeepsItsProblems) {
  const auto one = [](const std::string& id, const std::string& path) {
    return R"({"resourceType":"ViewDefinition","status":"active","resource":"Patient","url":"http://)" +
           id + R"(","id":")" + id + R"(","select":[{"column":[{"name":"x","path":")" + path +
           "\"}]}]}\n";
  };
  ASSERT_TRUE(load("a.ndjson",
                   one("good", "id") + one("bad", "idd") + R"({"resourceType":"Library","id":"l"})")
                  .ok());
  const auto compiled = [&](const std::string& id) {
    return registry_.find_id("ViewDefinition", id)->compiled;
  };
  ASSERT_TRUE(compiled("good")->view);
  EXPECT_EQ(registry_.canonicals().find("http://good")->compiled->view, compiled("good")->view);
  EXPECT_FALSE(compiled("bad")->view);
  ASSERT_EQ(compiled("bad")->problems.errors.size(), 1U);
  EXPECT_EQ(compiled("bad")->problems.errors[0].path(), "select[0].column[0].path");
  EXPECT_EQ(registry_.find_id("Library", "l")->compiled, nullptr);
}

TEST_F(ArtefactRegistryTest, ALibraryOfSqlIsReadOnceAndABrokenOneIsCounted) {
  const auto one = [](const std::string& id, const std::string& sql) {
    LibraryText text{"sql-query", sql};
    text.more = R"(,"id":")" + id + "\"";
    return text.text() + "\n";
  };
  ASSERT_TRUE(
      load("a.ndjson", one("good", "SELECT 1") + R"({"resourceType":"Library","id":"cql"})").ok());
  EXPECT_EQ(check_views(registry_).text(), "0 views, 1 library");
  ASSERT_TRUE(load("b.ndjson", one("bad", "SELECT * FROM t")).ok());
  const ViewsCheck check = check_views(registry_);
  EXPECT_EQ(check.libraries, 2U);
  EXPECT_NE(check.text().find("0 views, 2 libraries, 1 broken: Library/bad ("), std::string::npos)
      << check.text();
  const auto library = [&](const std::string& id) {
    return registry_.find_id("Library", id)->library;
  };
  EXPECT_TRUE(library("good")->ok());
  EXPECT_EQ(library("good")->origin, Origin::kPublished);
  EXPECT_FALSE(library("bad")->ok());
  EXPECT_EQ(library("cql"), nullptr);
}

TEST_F(ArtefactRegistryTest, ALibraryWithAKeyTwiceIsNotLoaded) {
  const base::Status status = load("a.json", R"({"resourceType":"Library","id":"a","id":"b"})");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().position().column, 0U);
}

TEST_F(ArtefactRegistryTest, ViewsAreCompiledForTheVersionOfTheSet) {
  ArtefactRegistry r5(fhir::Version::kR5);
  std::ofstream(folder_ / "v.ndjson")
      << R"({"resourceType":"ViewDefinition","id":"v","status":"active","resource":"Patient",)"
         R"("select":[{"column":[{"name":"x","path":"id"}]}]})";
  ASSERT_TRUE(r5.load(folder_ / "v.ndjson").ok());
  EXPECT_EQ(&r5.all()[0]->compiled->view->model(), &fhir::Model::of(fhir::Version::kR5));
}

TEST_F(ArtefactRegistryTest, OfManyBrokenViewsSomeAreNamed) {
  for (const size_t count : {9U, 10U, 11U}) {
    ViewsCheck check;
    check.views = count;
    for (size_t i = 0; i < count; ++i) {
      check.broken.push_back({"v", base::Error(base::ErrorCode::kInvalid, "x")});
    }
    const std::string text = check.text();
    EXPECT_EQ(std::count(text.begin(), text.end(), '('), std::min<size_t>(count, 10));
    EXPECT_EQ(text.ends_with("…"), count > 10) << text;
  }
}

TEST_F(ArtefactRegistryTest, WhoHasASetKeepsIt) {
  PublishedArtefacts published(std::make_shared<ArtefactRegistry>());
  const ArtefactsPtr before = published.current();
  auto next = std::make_shared<ArtefactRegistry>();
  std::ofstream(folder_ / "a.ndjson") << view("a", "1", "active");
  ASSERT_TRUE(next->load(folder_ / "a.ndjson").ok());
  published.publish(std::move(next));
  EXPECT_TRUE(before->all().empty());
  EXPECT_EQ(published.current()->all().size(), 1U);
}

}  // namespace
}  // namespace kiln::plan
