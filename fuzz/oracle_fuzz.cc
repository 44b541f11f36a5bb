// The input is a seed: random resources and expressions, compiled on pruned tapes, against the
// plain evaluator that walks the tree over the whole document.
#include <cstring>

#include "fuzz/fuzz.h"
#include "json/document.h"
#include "tests/conformance/oracle.h"
#include "tests/conformance/pruned.h"
#include "tests/conformance/random_fhir.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln;
  static constexpr const char* kTypes[] = {"Patient", "Observation", "Questionnaire",
                                           "Claim",   "Bundle",      "MedicationRequest"};
  std::string_view input = fuzz::as_text(data, size);
  const std::string type_name = kTypes[fuzz::take_choice(input, std::size(kTypes))];
  uint64_t seed = 0;
  std::memcpy(&seed, input.data(), std::min(input.size(), sizeof(seed)));
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  const fhir::TypeId type = model.find_resource(type_name);
  conformance::RandomFhir random(model, seed);
  const std::string text = random.expression(type_name);
  const auto prepared = conformance::prepare(text, model, type);
  fuzz::check(prepared.ok(), "a random expression does not compile", text);
  const std::string resource = random.resource(type_name);
  const auto document = json::Document::parse(resource, "resource");
  fuzz::check(document.ok(), "a random resource is no JSON", resource);
  const std::string line = resource + '\n' + std::string(json::kPadding, '\0');
  json::LineParser parser(*prepared->shape);
  const json::LineResult parsed = parser.parse(type_name, line.data());
  fuzz::check(parsed.kind == json::LineResult::Kind::kResource, "not parsed", resource);
  fuzz::check(conformance::evaluate(*prepared, model, type, parser.tape()) ==
                  conformance::evaluate_plainly(*prepared->ast, model, type, (*document)->root()),
              "the program and the oracle differ", text + "\n" + resource);
  return 0;
}
