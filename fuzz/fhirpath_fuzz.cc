// Any text as an expression over a fixed resource: no crash, no hang, the same result twice, and
// error positions inside the text. The first byte chooses the resource and how strict to be.
#include "fhir/key_names.h"
#include "fhirpath/evaluation.h"
#include "fhirpath/expression.h"
#include "fuzz/fuzz.h"
#include "json/line_parser.h"

namespace {

using namespace kiln;

struct Resource {
  const char* type;
  const char* text;
};

constexpr Resource kResources[] = {
    {"Patient",
     R"({"resourceType":"Patient","id":"p","active":true,"birthDate":"1974-12-25","_birthDate":)"
     R"({"extension":[{"url":"u","valueDateTime":"1974-12-25T14:35:45-05:00"}]},"name":[{"use":)"
     R"("official","family":"Chalmers","given":["Peter","James"]},{"use":"usual","given":["Jim"]})"
     R"(],"contact":[{"name":{"family":"du Marché"},"period":{"start":"2012"}}]})"},
    {"Observation",
     R"({"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":)"
     R"("http://loinc.org","code":"29463-7"}]},"subject":{"reference":"Patient/p"},)"
     R"("effectiveDateTime":"2016-03-28","valueQuantity":{"value":185.50,"unit":"lbs","system":)"
     R"("http://unitsofmeasure.org","code":"[lb_av]"}})"},
    {"QuestionnaireResponse",
     R"({"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"1","item":)"
     R"([{"linkId":"1.1","answer":[{"valueInteger":7,"item":[{"linkId":"1.1.1"}]}]}]}]})"},
};

std::string evaluate(const fhirpath::Expression& expression, const fhir::Model& model,
                     const Resource& resource) {
  static const fhir::KeyNames kNames;
  json::ShapeNode whole;
  whole.whole = true;
  const json::Shape shape({whole}, &kNames);
  json::LineParser parser(shape);
  const std::string line = std::string(resource.text) + '\n' + std::string(json::kPadding, '\0');
  (void)parser.parse(resource.type, line.data());
  fhirpath::Evaluation evaluation(model, {}, {200'000, size_t{16} << 20, size_t{1} << 20});
  evaluation.begin(parser.tape(), model.find_resource(resource.type));
  fhirpath::Collection result;
  if (!evaluation.run(expression.program, evaluation.root(), result)) {
    return "error: " + evaluation.take_error().message();
  }
  std::string text;
  for (const fhirpath::Item& item : result) {
    text += evaluation.type_name_of(item) + " ";
    if (const auto value = evaluation.text_of_item(item)) text += *value;
    text += '\n';
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = fuzz::as_text(data, size);
  const size_t choice = fuzz::take_choice(text, 6);
  const Resource& resource = kResources[choice % 3];
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  fhirpath::BindContext context{model};
  context.resource = model.find_resource(resource.type);
  context.strictness = choice < 3 ? fhirpath::Strictness::kLenient : fhirpath::Strictness::kStrict;
  const auto expression = fhirpath::compile_expression(text, context);
  if (!expression.ok()) {
    const base::Error& error = expression.error();
    fuzz::check(!error.message().empty(), "an error without words");
    fuzz::check(error.caret() <= error.excerpt().size(), "a caret outside of the excerpt", text);
    return 0;
  }
  (void)fhirpath::describe_tree(text, context);
  fuzz::check(evaluate(*expression, model, resource) == evaluate(*expression, model, resource),
              "two evaluations differ", text);
  return 0;
}
