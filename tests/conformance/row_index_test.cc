// %rowIndex in the paths of iterations, against the plain evaluator: it knows no %rowIndex, so that
// each row of the outer iteration is an expression of its own, with the number written in.
#include <gtest/gtest.h>

#include "fhir/key_names.h"
#include "json/line_parser.h"
#include "table/format/encoder.h"
#include "tests/conformance/oracle.h"
#include "tests/conformance/random_fhir.h"
#include "view/view.h"

namespace kiln::conformance {
namespace {

/// forEach `outer`, in it side by side forEach `beside` and forEach `indexed`, where # is
/// %rowIndex.
struct Nesting {
  std::string resource;
  std::string outer;
  std::string beside;
  std::string indexed;
};

const Nesting kNestings[] = {
    {"Patient", "name", "given", "given[#]"},
    {"Patient", "name", "prefix | suffix", "(given | suffix)[#]"},
    {"Patient", "contact", "telecom", "telecom.value[#]"},
    {"Patient", "identifier", "type.coding", "type.coding.skip(#).code"},
    {"Observation", "component", "referenceRange", "interpretation[#].text"},
    {"Claim", "item", "detail", "programCode.skip(#).text"},
    {"Questionnaire", "item", "code", "item[#].linkId"},
};

std::string with_index(std::string text, const std::string& index) {
  for (size_t at = text.find('#'); at != std::string::npos; at = text.find('#')) {
    text.replace(at, 1, index);
  }
  return text;
}

std::vector<std::string> plainly(const std::string& text, const fhir::Model& model,
                                 fhir::TypeId type, json::Value resource) {
  const auto ast = fhirpath::parse_expression(text);
  EXPECT_TRUE(ast.ok()) << text;
  return ast.ok() ? evaluate_plainly(**ast, model, type, resource) : std::vector<std::string>();
}

/// A row for each pair, as "outer index: value of the indexed".
std::vector<std::string> expected_rows(const Nesting& nesting, const fhir::Model& model,
                                       fhir::TypeId type, json::Value resource) {
  std::vector<std::string> rows;
  const size_t count = plainly(nesting.outer, model, type, resource).size();
  for (size_t i = 0; i < count; ++i) {
    const std::string index = std::to_string(i);
    const std::string item = nesting.outer + "[" + index + "]";
    const auto of_item = [&](const std::string& path) {
      return plainly(item + ".select(" + path + ")", model, type, resource);
    };
    const size_t beside = of_item(nesting.beside).size();
    const auto indexed = of_item(with_index(nesting.indexed, index));
    for (size_t b = 0; b < beside; ++b) {
      for (const std::string& value : indexed) rows.push_back(index + ": " + value);
    }
  }
  return rows;
}

std::string view_text(const Nesting& nesting) {
  return R"({"resource":")" + nesting.resource + R"(","select":[{"forEach":")" + nesting.outer +
         R"(","column":[{"name":"i","path":"%rowIndex"}],"select":[{"forEach":")" + nesting.beside +
         R"(","column":[{"name":"b","path":"%rowIndex"}]},{"forEach":")" +
         with_index(nesting.indexed, "%rowIndex") +
         R"(","column":[{"name":"v","path":"$this"}]}]}]})";
}

std::vector<std::string> rows_of(const view::CompiledView& view, const std::string& resource) {
  static const fhir::KeyNames kNames;
  const json::Shape shape(view.demand(), &kNames);
  json::LineParser parser(shape);
  const std::string line = resource + "\n" + std::string(json::kPadding, '\0');
  EXPECT_EQ(parser.parse(view.resource(), line.data()).kind, json::LineResult::Kind::kResource);
  view::RowEvaluation evaluation(view, {}, {});
  table::Batch batch(view.schema());
  const base::Status status = evaluation.append_rows(parser.tape(), batch);
  EXPECT_TRUE(status.ok()) << status.error().message();
  std::vector<std::string> rows;
  for (size_t row = 0; row < batch.rows(); ++row) {
    const bool valid = batch.column(2).is_valid(row);
    rows.push_back(std::to_string(batch.column(0).integer(row)) + ": " +
                   (valid ? std::string(batch.column(2).text(row).view()) : "-"));
  }
  return rows;
}

TEST(RowIndexTest, IterationPathsAgreeWithThePlainEvaluator) {
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  size_t count = 0;
  for (const Nesting& nesting : kNestings) {
    auto document = json::Document::parse(view_text(nesting), "view.json");
    ASSERT_TRUE(document.ok());
    view::Problems problems;
    const view::ViewDefinition definition =
        view::read_view(*document, (*document)->root(), problems);
    const auto view = view::CompiledView::compile(definition, {}, problems);
    ASSERT_TRUE(view) << problems.errors.front().to_string();
    const fhir::TypeId type = model.find_resource(nesting.resource);
    for (uint64_t seed = 0; seed < 400; ++seed) {
      const std::string resource = RandomFhir(model, seed).resource(nesting.resource);
      const auto parsed = json::Document::parse(resource, "resource");
      ASSERT_TRUE(parsed.ok());
      const auto expected = expected_rows(nesting, model, type, (*parsed)->root());
      EXPECT_EQ(rows_of(*view, resource), expected) << view_text(nesting) << "\n" << resource;
      if (HasFailure()) return;
      count += expected.size();
    }
  }
  EXPECT_GT(count, 100U) << "the random data hardly ever meets the views";
}

}  // namespace
}  // namespace kiln::conformance
