// What the micro-benchmarks share: a view, and lines such as servers write them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "fhir/key_names.h"
#include "json/line_parser.h"
#include "view/view.h"

namespace kiln::bench {

inline view::ViewPtr compile(const std::string& text) {
  view::Problems problems;
  const auto document = json::Document::parse(text, "view.json");
  const auto definition = view::read_view(*document, (*document)->root(), problems);
  auto view = view::CompiledView::compile(definition, {}, problems);
  if (!view) {
    std::fprintf(stderr, "%s\n", problems.errors[0].to_string().c_str());
    std::abort();
  }
  return view;
}

/// Four columns of an Observation.
inline view::ViewPtr flat_view() {
  return compile(R"json({"resourceType":"ViewDefinition","name":"flat","resource":"Observation",
    "select":[{"column":[
      {"name":"id","path":"getResourceKey()"},
      {"name":"patient","path":"subject.getReferenceKey(Patient)"},
      {"name":"code","path":"code.coding.where(system = 'http://loinc.org').first().code"},
      {"name":"value","path":"value.ofType(Quantity).value"}]}]})json");
}

/// An Observation of about 1 kB.
inline std::string observation(int number) {
  const std::string id = std::to_string(number);
  return R"({"resourceType":"Observation","id":"o)" + id +
         R"(","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},)"
         R"("status":"final","category":[{"coding":[{"system":)"
         R"("http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs",)"
         R"("display":"Vital signs"}]}],"code":{"coding":[{"system":"http://loinc.org",)"
         R"("code":"8302-2","display":"Body Height"}],"text":"Body Height"},"subject":)"
         R"({"reference":"Patient/p)" +
         id +
         R"("},"encounter":{"reference":"Encounter/e1"},"effectiveDateTime":)"
         R"("2015-03-01T10:00:00+00:00","issued":"2015-03-01T10:00:00.123+00:00",)"
         R"("note":[{"text":"Measured \"standing\", without shoes; )" +
         std::string(300, 'x') + R"("}],"valueQuantity":{"value":)" + id +
         R"(.5,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"}})";
}

/// 64 lines, one after the other, with the room behind them that the parser needs.
struct Lines {
  Lines() {
    for (int i = 0; i < 64; ++i) {
      starts.push_back(text.size());
      text += observation(i) + '\n';
    }
    size = text.size();
    text.append(json::kPadding, '\0');
  }
  std::string text;
  size_t size = 0;
  std::vector<size_t> starts;
};

}  // namespace kiln::bench
