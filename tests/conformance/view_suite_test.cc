// The official SQL on FHIR suite through the library: every view over its resources, with several
// workers, as NDJSON.
#include <algorithm>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "dataset/file_source.h"
#include "engine/pipeline.h"
#include "engine/testing/text_output.h"
#include "engine/testing/text_sink.h"
#include "json/minify.h"
#include "tests/conformance/canonical.h"
#include "tests/conformance/suite.h"
#include "view/view.h"

namespace kiln::conformance {
namespace {

/// Rows as NDJSON, or why there are none.
base::Result<std::string> run_view(const view::CompiledView& view, const std::string& data) {
  KILN_ASSIGN(const dataset::Snapshot snapshot,
              dataset::open_files({{data, dataset::FileKind::kNdjson, ""}}));
  std::string rows;
  const auto output = engine::make_text_output(table::Format::kNdjson, view.schema(),
                                               std::make_unique<engine::TextSink>(rows));
  engine::Options options;
  options.threads = 2;
  KILN_TRY(engine::run(snapshot, {{&view, output.get()}}, options, {}, nullptr));
  return rows;
}

std::vector<std::string> sorted_rows(const std::string& ndjson) {
  std::vector<std::string> rows;
  std::istringstream lines(ndjson);
  for (std::string line; std::getline(lines, line);) {
    const auto row = json::Document::parse(line, "row");
    rows.push_back(row.ok() ? canonical((*row)->root()) : "not JSON: " + line);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

class ViewCase : public testing::Test {
 public:
  ViewCase(json::DocumentPtr document, json::Value resources, json::Value test)
      : document_(std::move(document)), resources_(resources), test_(test) {}

  void TestBody() override {
    std::string data = testing::TempDir() + "kiln_view_suite_" + std::to_string(getpid());
    {
      std::ofstream file(data, std::ios::binary);
      std::string line;
      for (const json::Value resource : resources_.items()) {
        json::minify(resource.raw(), line);
        file << line << "\n";
      }
    }
    check(data);
    unlink(data.c_str());
  }

 private:
  void check(const std::string& data) {
    view::Problems problems;
    const view::ViewDefinition definition = view::read_view(document_, test_["view"], problems);
    view::ViewPtr view;
    if (problems.ok()) view = view::CompiledView::compile(definition, {}, problems);
    std::string why;
    for (const base::Error& error : problems.errors) why += error.to_string() + "\n";
    if (!test_["expectError"].missing()) {
      if (view) {
        EXPECT_FALSE(run_view(*view, data).ok()) << "expected an error";
      }
      return;
    }
    ASSERT_TRUE(view) << why;
    if (!test_["expectColumns"].missing()) {
      std::vector<std::string> expected;
      for (const json::Value name : test_["expectColumns"].items())
        expected.emplace_back(name.text());
      std::vector<std::string> names;
      for (const table::Column& column : view->schema().columns) names.push_back(column.name);
      EXPECT_EQ(names, expected);
    }
    const auto rows = run_view(*view, data);
    ASSERT_TRUE(rows.ok()) << rows.error().to_string();
    if (test_["expect"].missing()) return;
    std::vector<std::string> expected;
    for (const json::Value row : test_["expect"].items()) expected.push_back(canonical(row));
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(sorted_rows(*rows), expected);
  }

  json::DocumentPtr document_;
  json::Value resources_;
  json::Value test_;
};

class SuiteMissing : public testing::Test {
  void TestBody() override {
    GTEST_SKIP() << "no suites: put them in ../shared or name their folder in KILN_SHARED";
  }
};

/// Registers a test for each case of the suite.
const bool kRegistered = [] {
  const std::string shared = shared_folder();
  if (shared.empty()) {
    testing::RegisterTest("ViewSuite", "missing", nullptr, nullptr, __FILE__, __LINE__,
                          [] { return static_cast<testing::Test*>(new SuiteMissing); });
    return true;
  }
  for (const std::string& path : list_files(shared + "/suites/view", ".json")) {
    const json::DocumentPtr document = read_json(path);
    const json::Value root = document->root();
    int number = 0;
    for (const json::Value test : root["tests"].items()) {
      const std::string name = test_name(root["title"].text()) + "__" + std::to_string(number++) +
                               "_" + test_name(test["title"].text());
      testing::RegisterTest(
          "ViewSuite", name.c_str(), nullptr, nullptr, __FILE__, __LINE__, [document, root, test] {
            return static_cast<testing::Test*>(new ViewCase(document, root["resources"], test));
          });
    }
  }
  return true;
}();

}  // namespace
}  // namespace kiln::conformance
