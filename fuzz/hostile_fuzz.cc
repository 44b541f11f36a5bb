// Expressions and views that mean harm: made from the input's bytes out of everything that loops,
// doubles or looks far, nested and pumped to the limits. Each must end soon, in little memory, with
// a result or an error that says where.
#include <csignal>

#include <sys/resource.h>
#include <sys/time.h>

#include "fhir/key_names.h"
#include "fhirpath/evaluation.h"
#include "fhirpath/expression.h"
#include "fuzz/fuzz.h"
#include "json/line_parser.h"
#include "json/writer.h"
#include "view/view.h"

namespace {

using namespace kiln;

constexpr const char* kLines[] = {
    R"({"resourceType":"Patient","id":"p","active":true,"birthDate":"1974-12-25","name":[{"use":)"
    R"("official","family":"Müller","given":["Peter","James"]},{"given":["Jim"]}],"extension":[)"
    R"({"url":"a","extension":[{"url":"b","valueQuantity":{"value":1.50,"unit":"mg"}}]},)"
    R"({"url":"c","valueString":"aabababbabab"}]})",
    R"({"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"1","item":)"
    R"([{"linkId":"1.1","answer":[{"valueInteger":7,"item":[{"linkId":"1.1.1"}]}]}]}]})",
};
constexpr const char* kTypes[] = {"Patient", "QuestionnaireResponse"};

/// % is another expression.
constexpr std::string_view kLeaves[] = {
    "name",
    "$this",
    "item",
    "1",
    "2.5",
    "'ab'",
    "'äÖ'",
    "true",
    "{}",
    "%resource",
    "extension",
    "value",
    "descendants()",
    "children()",
    "answer.item",
    "name.given",
    "@2024-02-29",
    "@2024-02-29T10:00:00+01:00",
    "1.5 'mg'",
    "4 days",
    "$index",
    "$total",
    "now()",
    "id",
    "'(a*)*b'",
    "'(a|b)*a(a|b){12}c'",
    "'(?<x>a|b){1,300}'",
    "'[[:alpha:]]+'",
    "'${x}$0$0'",
    "extension.value.extension.value",
    "1.repeat(iif($this < 500, $this + 1, {}))",
    "1.repeat($this + 1)",
    "1.repeatAll($this | $this)",
    "1.repeat(iif($this < 18, $this + 1, {})).aggregate($total + $total, 'ab')",
    "99999999999999999999999999999999.99999999999999999",
    "'1000000000 \\'kg.m12/s12\\''"};
constexpr std::string_view kShapes[] = {"%.where(%)",
                                        "%.select(%)",
                                        "%.repeat(%)",
                                        "%.repeatAll(%)",
                                        "%.all(%)",
                                        "%.exists(%)",
                                        "%.exclude(%)",
                                        "%.intersect(%)",
                                        "%.union(%)",
                                        "%.combine(%)",
                                        "%.subsetOf(%)",
                                        "%.supersetOf(%)",
                                        "%.distinct()",
                                        "%.isDistinct()",
                                        "%.aggregate($total + %, %)",
                                        "%.sort(%)",
                                        "%.sort(-$this)",
                                        "(% | %)",
                                        "(% + %)",
                                        "(% & %)",
                                        "(% * %)",
                                        "(% = %)",
                                        "(% ~ %)",
                                        "(% in %)",
                                        "(% < %)",
                                        "(% and %)",
                                        "iif(%, %, %)",
                                        "%.iif(%, %)",
                                        "%.first()",
                                        "%[0]",
                                        "%[3]",
                                        "%.last()",
                                        "%.tail()",
                                        "%.skip(%)",
                                        "%.take(%)",
                                        "%.single()",
                                        "%.ofType(Quantity)",
                                        "%.ofType(string)",
                                        "%.descendants()",
                                        "%.children()",
                                        "%.extension",
                                        "%.value",
                                        "%.item",
                                        "%.name",
                                        "%.extension(%)",
                                        "%.count()",
                                        "%.not()",
                                        "%.toString()",
                                        "%.toQuantity()",
                                        "%.toDecimal()",
                                        "%.join(%)",
                                        "%.split(%)",
                                        "%.toChars()",
                                        "%.upper()",
                                        "%.lower()",
                                        "%.trim()",
                                        "%.contains(%)",
                                        "%.indexOf(%)",
                                        "%.lastIndexOf(%)",
                                        "%.replace(%, %)",
                                        "%.matches(%)",
                                        "%.matchesFull(%)",
                                        "%.replaceMatches(%, %)",
                                        "%.encode('base64')",
                                        "%.decode('hex')",
                                        "%.escape('json')",
                                        "%.unescape('html')",
                                        "%.substring(%)",
                                        "%.length()",
                                        "%.lowBoundary()",
                                        "%.power(%)",
                                        "%.round(%)",
                                        "%.resolve()",
                                        "%.getReferenceKey()",
                                        "%.trace('t', %)",
                                        "coalesce(%, %)",
                                        "%.type().name",
                                        "(%)",
                                        "-%"};

/// Makes texts of the input's bytes; without bytes the smallest.
class Maker {
 public:
  explicit Maker(std::string_view input) : input_(input) {}

  size_t choice(size_t bound) { return fuzz::take_choice(input_, bound); }

  std::string expression(int depth) {
    static constexpr size_t kLongest = 70'000;  // a little more than is allowed
    if (depth == 0 || input_.empty()) return std::string(kLeaves[choice(std::size(kLeaves))]);
    const std::string_view shape = kShapes[choice(std::size(kShapes))];
    std::string text = filled(shape, expression(depth - 1), depth);
    const size_t times = pumped();
    for (size_t i = 1; i < times && text.size() < kLongest; ++i) {
      std::string next = filled(shape, text, 0);
      if (next.size() > kLongest) break;
      text = std::move(next);
    }
    return text;
  }

  /// How often something is repeated: mostly once, sometimes around a limit.
  size_t pumped() {
    static constexpr size_t kTimes[] = {1, 1,  1,  1,  1,  1,  1,   1,   2,
                                        3, 12, 30, 59, 60, 61, 120, 298, 310};
    return kTimes[choice(std::size(kTimes))];
  }

 private:
  /// One % takes `text`, the others are made anew.
  std::string filled(std::string_view shape, const std::string& text, int depth) {
    const auto holes = static_cast<size_t>(std::count(shape.begin(), shape.end(), '%'));
    const size_t inner = holes == 0 ? 0 : choice(holes);
    std::string result;
    size_t hole = 0;
    for (const char c : shape) {
      if (c != '%') {
        result += c;
      } else if (hole++ == inner) {
        result += text;
      } else {
        result += expression(depth / 2);
      }
    }
    return result;
  }

  std::string_view input_;
};

/// Ends the process, with a message, after so many seconds of processor time for one input.
class Watchdog {
 public:
  Watchdog() {
    std::signal(SIGVTALRM, [](int) {
      static constexpr std::string_view kMessage = "fuzz: an input that takes too long\n";
      (void)!write(2, kMessage.data(), kMessage.size());
      std::abort();
    });
    set(kMostSeconds);
  }
  ~Watchdog() {
    set(0);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    fuzz::check(usage.ru_maxrss < kMostKilobytes, "an input that takes too much memory");
  }

 private:
  static constexpr long kMostSeconds = 20;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__clang__)
  // Shadows, and what was freed. libFuzzer, which is clang's, has a limit of its own.
  static constexpr long kMostKilobytes = 4L << 20;
#else
  static constexpr long kMostKilobytes = 1L << 20;
#endif

  static void set(long seconds) {
    const itimerval timer = {{0, 0}, {seconds, 0}};
    setitimer(ITIMER_VIRTUAL, &timer, nullptr);
  }
};

void check_error(const base::Error& error, std::string_view text) {
  fuzz::check(!error.message().empty(), "an error without words", text);
  fuzz::check(error.caret() <= error.excerpt().size(), "a caret outside of the excerpt", text);
}

void run_expression(const std::string& text, size_t which) {
  static const fhir::KeyNames kNames;
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  fhirpath::BindContext context{model};
  context.resource = model.find_resource(kTypes[which]);
  context.strictness = fhirpath::Strictness::kLenient;
  const auto expression = fhirpath::compile_expression(text, context);
  if (!expression.ok()) return check_error(expression.error(), text);
  json::ShapeNode whole;
  whole.whole = true;
  const json::Shape shape({whole}, &kNames);
  json::LineParser parser(shape);
  const std::string line = std::string(kLines[which]) + '\n' + std::string(json::kPadding, '\0');
  (void)parser.parse(kTypes[which], line.data());
  static constexpr fhirpath::Limits kLimits = {1'000'000, size_t{64} << 20, size_t{1} << 20, 256,
                                               nullptr};
  fhirpath::Evaluation evaluation(model, {}, kLimits);
  evaluation.begin(parser.tape(), context.resource);
  fhirpath::Collection result;
  if (!evaluation.run(expression->program, evaluation.root(), result)) {
    fuzz::check(evaluation.failed(), "a failure without an error", text);
    check_error(evaluation.take_error(), text);
  }
}

/// Selects in selects, each with an iteration of its own.
std::string view_of(Maker& maker, size_t which) {
  static constexpr std::string_view kIterations[] = {"forEach", "forEachOrNull", "repeat"};
  json::Writer writer;
  writer.begin_object().member("resourceType", "ViewDefinition").member("name", "v");
  writer.member("status", "active").member("resource", kTypes[which]);
  const size_t depth = std::min<size_t>(maker.pumped(), 90);
  for (size_t i = 0; i < depth; ++i) {
    writer.key("select").begin_array().begin_object();
    const std::string_view iteration = kIterations[maker.choice(3)];
    const std::string path = maker.expression(2);
    if (iteration == "repeat") {
      writer.key(iteration).begin_array().string(path).end_array();
    } else {
      writer.member(iteration, path);
    }
    writer.key("column").begin_array().begin_object();
    writer.member("name", "c" + std::to_string(i)).member("path", maker.expression(2));
    writer.end_object().end_array();
  }
  for (size_t i = 0; i < depth; ++i) writer.end_object().end_array();
  writer.end_object();
  return std::move(writer).take();
}

void run_view(const std::string& text, size_t which) {
  static const fhir::KeyNames kNames;
  const auto document = json::Document::parse(text, "fuzz");
  if (!document.ok()) return;
  view::Problems problems;
  const view::ViewDefinition definition = view::read_view(*document, (*document)->root(), problems);
  if (!problems.ok()) return;
  const auto view = view::CompiledView::compile(definition, {}, problems);
  fuzz::check((view == nullptr) == !problems.ok(), "compiled with problems, or not without", text);
  if (!view) return;
  const json::Shape shape(view->demand(), &kNames);
  json::LineParser parser(shape);
  const std::string line = std::string(kLines[which]) + '\n' + std::string(json::kPadding, '\0');
  if (parser.parse(view->resource(), line.data()).kind != json::LineResult::Kind::kResource) return;
  view::RowEvaluation evaluation(*view, {}, {true});
  table::Batch batch(view->schema());
  const auto throw_away = [](table::Batch& rows) {
    rows.clear_rows();
    return true;
  };
  const base::Status status = evaluation.append_rows(parser.tape(), batch, throw_away);
  if (!status.ok()) check_error(status.error(), text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Maker maker(fuzz::as_text(data, size));
  const Watchdog watchdog;
  const size_t which = maker.choice(2);
  if (maker.choice(4) == 0) {
    run_view(view_of(maker, which), which);
  } else {
    run_expression(maker.expression(4), which);
  }
  return 0;
}
