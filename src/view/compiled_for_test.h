// For the library's tests: a view from JSON text to rows or problems.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "fhir/key_names.h"
#include "json/line_parser.h"
#include "table/format/encoder.h"
#include "view/view.h"

namespace kiln::view {

struct Compiled {
  ViewPtr view;  ///< null if there are errors
  Problems problems;
  std::string text;

  /// "line:column path: message" of each.
  static std::vector<std::string> describe(const std::vector<base::Error>& errors) {
    std::vector<std::string> lines;
    for (const base::Error& error : errors) {
      lines.push_back(std::to_string(error.position().line) + ":" +
                      std::to_string(error.position().column) + " " + error.path() + ": " +
                      error.message());
    }
    return lines;
  }
};

inline Compiled compile_view(std::string text, const CompileOptions& options = {}) {
  Compiled compiled;
  compiled.text = text;
  auto document = json::Document::parse(std::move(text), "view.json");
  EXPECT_TRUE(document.ok()) << document.error().to_string();
  if (!document.ok()) return compiled;
  const ViewDefinition definition = read_view(*document, (*document)->root(), compiled.problems);
  if (compiled.problems.ok()) {
    compiled.view = CompiledView::compile(definition, options, compiled.problems);
  }
  return compiled;
}

/// A view over Patient with these selects.
inline std::string patient_view(std::string_view selects, std::string_view more = "") {
  return R"({"resourceType":"ViewDefinition","name":"v","resource":"Patient",)" +
         std::string(more) + R"("select":)" + std::string(selects) + "}";
}

/// Rows of the lines as NDJSON, or "error: ...". Only what the view needs is parsed, as in the
/// pipeline.
inline std::string rows_of(const CompiledView& view, const std::vector<std::string>& lines,
                           RowOptions options = {}, uint64_t* casts_failed = nullptr) {
  static const fhir::KeyNames kNames;
  const json::Shape shape(view.demand(), &kNames);
  json::LineParser parser(shape);
  RowEvaluation evaluation(view, {}, options);
  table::Batch batch(view.schema());
  std::string rows;
  const auto encoder = table::make_encoder(table::Format::kNdjson, view.schema(), {});
  for (const std::string& text : lines) {
    const std::string line = text + '\n' + std::string(json::kPadding, '\0');
    const json::LineResult parsed = parser.parse(view.resource(), line.data());
    EXPECT_EQ(parsed.kind, json::LineResult::Kind::kResource) << text;
    base::Status status = evaluation.append_rows(parser.tape(), batch);
    if (!status.ok()) return "error: " + status.error().message();
    encoder->encode(batch, rows, nullptr);
    batch.clear();
  }
  if (casts_failed != nullptr) *casts_failed = evaluation.casts_failed();
  return rows;
}

}  // namespace kiln::view
