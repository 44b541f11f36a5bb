#include <cstdio>
#include <cstring>
#include <map>

#include <CLI/CLI.hpp>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/diagnostics.h"
#include "app/file_output.h"
#include "base/guarded.h"
#include "base/near_name.h"
#include "dataset/reader.h"
#include "fhir/key_names.h"
#include "fhirpath/evaluation.h"
#include "fhirpath/expression.h"
#include "fhirpath/values.h"
#include "json/line_parser.h"
#include "json/writer.h"

namespace kiln::app {
namespace {

struct FhirpathOptions {
  std::string expression;
  std::vector<std::string> files;
  std::string fhir_version;
  std::string resource;
  std::string memory_limit;
  bool typed = false;
  bool strict = false;
  bool ast = false;
};

/// Evaluates one expression on resources of any type; compiled once for each.
class Evaluator {
 public:
  Evaluator(const FhirpathOptions& options, const fhir::Model& model,
            base::MemoryReservation& memory)
      : options_(options),
        model_(model),
        shape_({whole()}, &names_),
        parser_(shape_),
        evaluation_(model, base::SystemClock().now(), limits_in(memory)) {
    evaluation_.set_tracer([](std::string_view name, std::string_view value) {
      std::fprintf(stderr, "trace %.*s: %.*s\n", static_cast<int>(name.size()), name.data(),
                   static_cast<int>(value.size()), value.data());
    });
  }

  /// Without a resource.
  base::Status evaluate() { return run(fhir::kNoType); }

  /// `line` as for json::parse_line().
  base::Status evaluate(const char* line, std::string& bad, const char*& at) {
    const json::LineResult parsed = parser_.parse("", line);
    if (parsed.kind == json::LineResult::Kind::kBlank) return {};
    if (parsed.kind == json::LineResult::Kind::kError) {
      bad = parsed.error;
      at = parsed.stop;
      return {};
    }
    return run(model_.find_resource(json::find_resource_type(line)));
  }

  /// The last error was of the resource at hand, not of the expression.
  bool of_resource() const { return of_resource_; }

 private:
  static fhirpath::Limits limits_in(base::MemoryReservation& memory) {
    fhirpath::Limits limits;
    limits.reservation = &memory;
    return limits;
  }

  static json::ShapeNode whole() {
    json::ShapeNode node;
    node.whole = true;
    return node;
  }

  base::Status run(fhir::TypeId type) {
    auto found = compiled_.find(type);
    if (found == compiled_.end()) {
      fhirpath::BindContext context{model_};
      context.resource = type;
      context.strictness =
          options_.strict ? fhirpath::Strictness::kStrict : fhirpath::Strictness::kLenient;
      KILN_ASSIGN(fhirpath::Expression expression,
                  fhirpath::compile_expression(options_.expression, context));
      found = compiled_.emplace(type, std::move(expression)).first;
    }
    evaluation_.begin(parser_.tape(), type);
    fhirpath::Collection result;
    if (!evaluation_.run(found->second.program, evaluation_.root(), result)) {
      of_resource_ = true;
      return evaluation_.take_error();
    }
    std::string out;
    for (const fhirpath::Item& item : result) append(out, item);
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) {
      return base::io_error("cannot write standard output", errno);
    }
    return {};
  }

  void append(std::string& out, const fhirpath::Item& item) {
    if (!options_.typed) {
      out += fhirpath::json_of_item(evaluation_, item) + "\n";
      return;
    }
    json::Writer writer;
    const auto text = fhirpath::text_of_item(evaluation_, item);
    writer.begin_object().member("type", fhirpath::type_name_of(evaluation_, item));
    writer.member("value", text ? *text : fhirpath::json_of_item(evaluation_, item));
    writer.end_object();
    out += writer.text() + "\n";
  }

  const FhirpathOptions& options_;
  const fhir::Model& model_;
  fhir::KeyNames names_;
  json::Shape shape_;
  json::LineParser parser_;
  fhirpath::Evaluation evaluation_;
  bool of_resource_ = false;
  std::map<fhir::TypeId, fhirpath::Expression> compiled_;
};

base::Status evaluate_files(const FhirpathOptions& options, Evaluator& evaluator,
                            base::MemoryReservation& memory, const std::stop_token& stop) {
  KILN_ASSIGN(const auto inputs, dataset::find_inputs(options.files, is_resource_type));
  KILN_ASSIGN(const auto snapshot, dataset::Snapshot::open(inputs));
  dataset::ReaderOptions reader_options;
  reader_options.stop = stop;
  dataset::Reader reader(snapshot, std::vector<bool>(snapshot.files.size(), true), reader_options);
  dataset::BlockBuffer buffer(&memory);
  for (;;) {
    dataset::Part part;
    KILN_ASSIGN(const bool more, reader.claim(part, buffer));
    if (!more) return {};
    KILN_ASSIGN(const dataset::Block block, reader.load(part, buffer));
    for (const char* line = block.begin; line < block.end;) {
      if (stop.stop_requested()) return base::Error(base::ErrorCode::kCancelled, "stopped");
      std::string bad;
      const char* at = line;
      auto status = evaluator.evaluate(line, bad, at);
      if (!status.ok()) {
        if (!evaluator.of_resource()) return status;
        return std::move(status).error().at(reader.position(part, block, line));
      }
      if (!bad.empty()) {
        return base::Error(base::ErrorCode::kInvalid, bad).at(reader.position(part, block, at));
      }
      line = static_cast<const char*>(rawmemchr(line, '\n')) + 1;
    }
  }
}

int run(const FhirpathOptions& options) {
  const SignalStop signals;
  const auto version = requested_version(options.fhir_version);
  if (!version.ok()) return report(version.error(), signals);
  const fhir::Model& model = fhir::Model::of(version->value_or(fhir::Version::kR4));
  if (options.ast) {
    fhirpath::BindContext context{model};
    context.resource = model.find_resource(options.resource);
    if (context.resource == fhir::kNoType && !options.resource.empty()) {
      return report(
          base::Error(base::ErrorCode::kUsage, "--resource: unknown type: " + options.resource)
              .with_suggestion(base::nearest_name(options.resource, model.resource_names())),
          signals);
    }
    context.strictness =
        options.strict ? fhirpath::Strictness::kStrict : fhirpath::Strictness::kLenient;
    const auto tree = fhirpath::describe_tree(options.expression, context);
    if (!tree.ok()) return report(tree.error(), signals);
    return print_result(json::pretty(*tree) + "\n");
  }
  const auto memory_limit = memory_limit_of(options.memory_limit);
  if (!memory_limit.ok()) return report(memory_limit.error(), signals);
  base::MemoryBudget budget(*memory_limit);
  base::MemoryShare share(budget);
  base::MemoryReservation memory(&share);
  Evaluator evaluator(options, model, memory);
  base::Status status = base::guarded([&] {
    return options.files.empty() ? evaluator.evaluate()
                                 : evaluate_files(options, evaluator, memory, signals.token());
  });
  if (status.ok() && std::fflush(stdout) != 0) {
    status = base::io_error("cannot write standard output", errno);
  }
  return status.ok() ? 0 : report(status.error(), signals);
}

}  // namespace

void add_fhirpath_command(CLI::App& app, int& status) {
  auto options = std::make_shared<FhirpathOptions>();
  CLI::App* const command =
      app.add_subcommand("fhirpath", "Evaluate a FHIRPath expression on each resource");
  command->add_option("EXPRESSION", options->expression, "FHIRPath expression")->required();
  command->add_option("FILE", options->files,
                      "Files of resources, as for run -d; none: evaluated without a resource");
  command->add_flag("--typed", options->typed, "Each result with the name of its type");
  command->add_flag("--strict", options->strict, "Unknown elements and wrong types are errors");
  CLI::Option* const ast =
      command->add_flag("--ast", options->ast, "Show the parsed and typed tree instead");
  command->add_option("--resource", options->resource, "With --ast: the type it is evaluated on")
      ->type_name("TYPE")
      ->needs(ast);
  command->add_option("--fhir-version", options->fhir_version, "R4, R4B, R5 or R6")
      ->type_name("VERSION");
  add_memory_option(*command, options->memory_limit);
  command->footer(
      "Examples:\n"
      "  kiln fhirpath \"name.where(use = 'official').family\" data/Patient.ndjson\n"
      "  kiln fhirpath '(1 | 2 | 3).aggregate($total + $this, 0)'");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
