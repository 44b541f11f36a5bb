#include "plan/view_source.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace kiln::plan {
namespace {

constexpr std::string_view kView =
    R"({"resourceType":"ViewDefinition","name":"inner","resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]}]})";

class ViewSourceTest : public testing::Test {
 protected:
  ViewSourceTest() {
    std::string pattern = testing::TempDir() + "kiln_plan_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  ~ViewSourceTest() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }

  std::string folder_;
};

TEST_F(ViewSourceTest, ReadsDocumentsWithPositions) {
  const auto good = read_document(write("a.json", "{\"a\":1}"));
  ASSERT_TRUE(good.ok());
  EXPECT_EQ((*good)->root()["a"].integer(), 1);
  const std::string path = write("bad.json", "{\n \"a\" 1}");
  const auto bad = read_document(path);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code(), base::ErrorCode::kInvalid);
  EXPECT_EQ(bad.error().position(), (base::SourcePosition{path, 2, 6}));
  const auto missing = read_document(folder_ + "/none.json");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), base::ErrorCode::kNotFound);
  const auto folder = read_document(folder_);
  ASSERT_FALSE(folder.ok());
  EXPECT_EQ(folder.error().code(), base::ErrorCode::kIo);
}

TEST_F(ViewSourceTest, FilesAreReadWholeWhateverTheirSize) {
  std::string text = "[";
  while (text.size() < 3'000'000) text += "1234567,";
  text += "0]";
  const auto document = read_document(write("big.json", text));
  ASSERT_TRUE(document.ok());
  EXPECT_EQ((*document)->text().size(), text.size());
  EXPECT_EQ((*document)->root().size(), (text.size() - 3) / 8 + 1);
}

TEST_F(ViewSourceTest, AnArtefactHasABound) {
  const std::string path = write("huge.json", "");
  std::filesystem::resize_file(path, (size_t{64} << 20) + 1'000'000);
  const auto document = read_document(path);
  ASSERT_FALSE(document.ok());
  EXPECT_EQ(document.error().code(), base::ErrorCode::kLimit);
}

TEST_F(ViewSourceTest, FindsTheViewInWhatHoldsIt) {
  const auto name_in = [](const std::string& text) -> std::string {
    const auto document = json::Document::parse(text, "x.json");
    EXPECT_TRUE(document.ok()) << text;
    const auto view = find_view(*document);
    return view.ok() ? std::string((*view)["name"].text()) : "error: " + view.error().message();
  };
  const std::string view(kView);
  EXPECT_EQ(name_in(view), "inner");
  EXPECT_EQ(
      name_in(
          R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}},{},{"resource":)" +
          view + "}]}"),
      "inner");
  EXPECT_EQ(
      name_in(
          R"({"resourceType":"Parameters","parameter":[{"name":"a"},{"name":"viewResource","resource":)" +
          view + "}]}"),
      "inner");
  EXPECT_EQ(name_in(R"({"name":"bare","select":[]})"), "bare");
  EXPECT_EQ(name_in(R"({"resourceType":"Patient"})"), "error: not a ViewDefinition: Patient");
  EXPECT_EQ(name_in(R"({"resourceType":"Bundle"})"), "error: not a ViewDefinition: Bundle");
  EXPECT_EQ(name_in("[]"), "error: not a ViewDefinition");
  EXPECT_EQ(name_in("7"), "error: not a ViewDefinition");
}

TEST_F(ViewSourceTest, LoadsCompiledViews) {
  const Compilation made = load_view(write("file.json", kView), {});
  ASSERT_TRUE(made.view);
  EXPECT_TRUE(made.problems.ok());
  EXPECT_EQ(made.view->name(), "inner");
  EXPECT_EQ(made.view->resource(), "Patient");
}

TEST_F(ViewSourceTest, AViewWithoutANameIsNamedAfterItsFile) {
  const auto view =
      load_view(
          write("by_file.view.json",
                R"({"resource":"Patient","select":[{"column":[{"name":"id","path":"id"}]}]})"),
          {})
          .view;
  ASSERT_TRUE(view);
  EXPECT_EQ(view->name(), "by_file.view");
}

TEST_F(ViewSourceTest, ProblemsComeFromEveryStage) {
  const auto errors_of = [&](std::string_view text) {
    const Compilation made = load_view(write("x.json", text), {});
    EXPECT_FALSE(made.view) << text;
    return made.problems.errors.size();
  };
  EXPECT_EQ(errors_of("{"), 1U);
  EXPECT_EQ(errors_of(R"({"resourceType":"Patient"})"), 1U);
  EXPECT_EQ(
      errors_of(R"({"resource":"Patient","select":[{"column":[{"path":"id"},{"name":"a"}]}]})"),
      2U);
  EXPECT_EQ(
      errors_of(
          R"({"resource":"Patient","select":[{"column":[{"name":"a","path":"x"},{"name":"b","path":"y"}]}]})"),
      2U);
  const Compilation missing = load_view(folder_ + "/none.json", {});
  EXPECT_FALSE(missing.view);
  ASSERT_EQ(missing.problems.errors.size(), 1U);
  EXPECT_EQ(missing.problems.errors[0].code(), base::ErrorCode::kNotFound);
}

/// As values that a caller shows as it likes.
TEST_F(ViewSourceTest, ASubjectsProblemsAreToldFromWarningsAndHints) {
  const std::string path =
      write("v.json", R"({"resource":"Patient","selekt":[],"select":[{"column":[)"
                      R"({"name":"id","path":"id"},{"name":"given","path":"name.given"}]}]})");
  Problems problems;
  const std::vector<Subject> subjects = load_views({path}, {}, problems);
  EXPECT_TRUE(subjects[0].view);
  EXPECT_TRUE(problems.ok());
  ASSERT_EQ(problems.all().size(), 2U);
  EXPECT_EQ(problems.all()[0].severity, Severity::kWarning);
  EXPECT_EQ(problems.all()[0].place, path);
  EXPECT_EQ(problems.all()[1].severity, Severity::kHint);
  problems.make_warnings_errors();
  EXPECT_FALSE(problems.ok());
  EXPECT_EQ(problems.all()[0].severity, Severity::kError);
  EXPECT_EQ(problems.all()[1].severity, Severity::kHint) << "it may be as meant";
}

TEST_F(ViewSourceTest, PositionsAreInTheFileEvenInsideABundle) {
  const std::string path =
      write("bundle.json",
            "{\"resourceType\":\"Bundle\",\n\"entry\":[{\"resource\":\n"
            "{\"resourceType\":\"ViewDefinition\",\"resource\":\"Patient\",\n"
            "\"select\":[{\"column\":[{\"name\":\"a\",\"path\":\"nme\"}]}]}}]}");
  const Compilation made = load_view(path, {});
  EXPECT_FALSE(made.view);
  ASSERT_EQ(made.problems.errors.size(), 1U);
  EXPECT_EQ(made.problems.errors[0].position(), (base::SourcePosition{path, 4, 42}));
}

TEST_F(ViewSourceTest, PositionsOfTheHeadAreInTheFileEvenInsideABundle) {
  const std::string path = write("bundle.json",
                                 "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":\n"
                                 "{\"resourceType\":\"ViewDefinition\",\"resource\":\"Patiant\",\n"
                                 "\"select\":[{\"column\":[]}]}}]}");
  const Compilation made = load_view(path, {});
  EXPECT_FALSE(made.view);
  ASSERT_EQ(made.problems.errors.size(), 1U);
  EXPECT_EQ(made.problems.errors[0].position(), (base::SourcePosition{path, 2, 45}));
}

TEST_F(ViewSourceTest, StemsOfPaths) {
  EXPECT_EQ(stem_of("a/b/patient.json"), "patient");
  EXPECT_EQ(stem_of("patient.view.json"), "patient.view");
  EXPECT_EQ(stem_of("/x.y/plain"), "plain");
  EXPECT_EQ(stem_of(".hidden"), ".hidden");
  EXPECT_EQ(stem_of("-"), "-");
}

}  // namespace
}  // namespace kiln::plan
