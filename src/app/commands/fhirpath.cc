#include <cstdio>
#include <cstring>
#include <functional>
#include <map>

#include <CLI/CLI.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands/commands.h"
#include "app/data_options.h"
#include "app/diagnostics.h"
#include "app/file_output.h"
#include "base/guarded.h"
#include "base/near_name.h"
#include "dataset/bundle.h"
#include "dataset/reader.h"
#include "dataset/resource_name.h"
#include "fhir/key_names.h"
#include "fhirpath/evaluation.h"
#include "fhirpath/expression.h"
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
            base::MemoryReservation& memory, std::stop_token stop)
      : options_(options),
        model_(model),
        shape_({whole()}, &names_),
        parser_(shape_),
        stop_(std::move(stop)),
        evaluation_(model, base::SystemClock().now(), limits_in(memory)) {
    evaluation_.set_stop(stop_);
    evaluation_.set_tracer([](std::string_view name, std::string_view value) {
      print_note("trace " + std::string(name) + ": " + std::string(value));
    });
  }

  /// Without a resource.
  base::Status evaluate() { return run(fhir::kNoType); }

  /// A line, or a resource in it.
  base::Status evaluate(const char* line, json::Extent extent, std::string& bad, const char*& at) {
    const json::LineResult parsed =
        extent == json::Extent::kLine ? parser_.parse("", line) : parser_.parse_object("", line);
    if (parsed.kind == json::LineResult::Kind::kBlank) return {};
    if (parsed.kind == json::LineResult::Kind::kError) {
      bad = parsed.error;
      at = parsed.stop;
      return {};
    }
    return run(model_.find_resource(json::find_resource_type(line)));
  }

  /// Whether there was anything to evaluate on.
  bool has_run() const { return has_run_; }
  /// The last error was of the resource at hand, not of the expression.
  bool of_resource() const { return of_resource_; }
  /// Where it stands, null if that is not known.
  const char* place() const { return evaluation_.error_place(); }

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
    has_run_ = true;
    auto found = compiled_.find(type);
    if (found == compiled_.end()) {
      fhirpath::BindContext context{model_};
      context.resource = type;
      context.strictness =
          options_.strict ? fhirpath::Strictness::kStrict : fhirpath::Strictness::kLenient;
      KILN_ASSIGN(fhirpath::Expression expression,
                  fhirpath::compile_expression(options_.expression, context, stop_));
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
    if (evaluation_.failed()) return evaluation_.take_error();
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) {
      return base::io_error("cannot write standard output", errno);
    }
    return {};
  }

  void append(std::string& out, const fhirpath::Item& item) {
    if (!options_.typed) {
      out += evaluation_.json_of_item(item) + "\n";
      return;
    }
    json::Writer writer;
    const auto text = evaluation_.text_of_item(item);
    writer.begin_object().member("type", evaluation_.type_name_of(item));
    writer.member("value", text ? *text : evaluation_.json_of_item(item));
    writer.end_object();
    out += writer.text() + "\n";
  }

  const FhirpathOptions& options_;
  const fhir::Model& model_;
  fhir::KeyNames names_;
  json::Shape shape_;
  json::LineParser parser_;
  const std::stop_token stop_;
  fhirpath::Evaluation evaluation_;
  bool has_run_ = false;
  bool of_resource_ = false;
  std::map<fhir::TypeId, fhirpath::Expression> compiled_;
};

using Position = std::function<base::SourcePosition(const char* at, const std::string& place)>;

base::Status evaluate_resource(Evaluator& evaluator, const char* text, json::Extent extent,
                               const std::string& place, const Position& position) {
  std::string bad;
  const char* at = text;
  auto status = evaluator.evaluate(text, extent, bad, at);
  if (!status.ok()) {
    if (!evaluator.of_resource()) return status;
    const std::string resource = dataset::resource_name(text);
    base::Error error = std::move(status).error();
    if (!resource.empty()) error = std::move(error).in(resource);
    if (evaluator.place() != nullptr) at = evaluator.place();
    return std::move(error).at(position(at, place));
  }
  if (bad.empty()) return {};
  return base::Error(base::ErrorCode::kInvalid, bad).at(position(at, place));
}

/// A Bundle stands for the resources in it.
base::Status evaluate_line(Evaluator& evaluator, dataset::BundleReader& bundles, const char* line,
                           const Position& position) {
  if (json::find_resource_type(line) != "Bundle") {
    return evaluate_resource(evaluator, line, json::Extent::kLine, {}, position);
  }
  const json::LineResult frame = bundles.open(line);
  if (frame.kind == json::LineResult::Kind::kError) {
    return base::Error(base::ErrorCode::kInvalid, frame.error).at(position(frame.stop, {}));
  }
  const auto error_of = [&](const json::Problem& problem) {
    return base::Error(base::ErrorCode::kInvalid, problem.message)
        .at(position(line + problem.offset, {}));
  };
  const json::Scanner& scanner = json::Scanner::best();
  if (const auto problem =
          json::find_problem_in_line(scanner, line, scanner.find_line_end(frame.stop))) {
    return error_of(*problem);
  }
  base::Status status;
  const auto problem = bundles.each([&](std::string_view resource) {
    status = evaluate_resource(evaluator, resource.data(), json::Extent::kObject, bundles.place(),
                               position);
    return status.ok();
  });
  return problem ? base::Status(error_of(*problem)) : std::move(status);
}

base::Status evaluate_files(const std::vector<std::string>& files, Evaluator& evaluator,
                            base::MemoryReservation& memory, const std::stop_token& stop) {
  DataOptions data;
  data.data = files;
  KILN_ASSIGN(const auto snapshot, open_data(data));
  dataset::ReaderOptions reader_options;
  reader_options.stop = stop;
  dataset::Reader reader(*snapshot, std::vector<bool>(snapshot->sources.size(), true),
                         reader_options);
  dataset::BlockBuffer buffer(&memory);
  dataset::BundleReader bundles;
  for (;;) {
    dataset::Part part;
    KILN_ASSIGN(const bool more, reader.claim(part, buffer));
    if (!more) return {};
    KILN_ASSIGN(const dataset::Block block, reader.load(part, buffer));
    for (const char* line = block.begin; line < block.end;) {
      if (stop.stop_requested()) return base::Error(base::ErrorCode::kCancelled, "stopped");
      KILN_TRY(evaluate_line(evaluator, bundles, line, [&](const char* at, const auto& place) {
        return reader.position(part, block, at, place);
      }));
      line = static_cast<const char*>(rawmemchr(line, '\n')) + 1;
    }
  }
}

/// Whether something was piped or redirected into the command. A file that others have begun to
/// read is theirs: `while read -r expression; do kiln fhirpath "$expression"; done < list`.
bool has_piped_input() {
  struct stat info {};
  if (::fstat(STDIN_FILENO, &info) != 0) return false;
  if (S_ISREG(info.st_mode)) return info.st_size > 0 && ::lseek(STDIN_FILENO, 0, SEEK_CUR) == 0;
  return S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode);
}

/// Without files on what was piped in; if that is nothing, without a resource.
base::Status evaluate(const FhirpathOptions& options, Evaluator& evaluator,
                      base::MemoryReservation& memory, const std::stop_token& stop) {
  KILN_TRY(check_standard_input({}, options.files));
  if (!options.files.empty()) return evaluate_files(options.files, evaluator, memory, stop);
  if (has_piped_input()) KILN_TRY(evaluate_files({"-"}, evaluator, memory, stop));
  return evaluator.has_run() ? base::Status() : evaluator.evaluate();
}

int run(const FhirpathOptions& options) {
  const SignalStop signals;
  const auto version = requested_version(options.fhir_version);
  if (!version.ok()) return report(version.error(), signals);
  const fhir::Model& model = fhir::Model::of(version->value_or(fhir::kDefaultVersion));
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
    const auto tree = fhirpath::describe_tree(options.expression, context, signals.token());
    if (!tree.ok()) return report(tree.error(), signals);
    return print_result(json::pretty(*tree) + "\n");
  }
  const auto memory_limit = memory_limit_of(options.memory_limit);
  if (!memory_limit.ok()) return report(memory_limit.error(), signals);
  base::MemoryBudget budget(*memory_limit);
  base::MemoryShare share(budget);
  base::MemoryReservation memory(&share);
  Evaluator evaluator(options, model, memory, signals.token());
  base::Status status =
      base::guarded([&] { return evaluate(options, evaluator, memory, signals.token()); });
  if (status.ok() && std::fflush(stdout) != 0) {
    status = base::io_error("cannot write standard output", errno);
  }
  return status.ok() ? 0 : report(status.error(), signals);
}

bool is_option(const CLI::App& command, const std::string& word) {
  if (word.starts_with("--") && word.size() > 2) {
    return std::isalpha(static_cast<unsigned char>(word[2])) != 0;
  }
  return command.get_option_no_throw(word) != nullptr;
}

/// Whether the next word is the option's value.
bool takes_next(const CLI::App& command, const std::string& word) {
  const CLI::Option* const option = command.get_option_no_throw(word);
  return option != nullptr && option->get_items_expected_min() > 0;
}

}  // namespace

std::vector<std::string> options_first(const CLI::App& command,
                                       const std::vector<std::string>& words) {
  std::vector<std::string> options;
  std::vector<std::string> others;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      others.insert(others.end(), words.begin() + static_cast<ptrdiff_t>(i) + 1, words.end());
      break;
    }
    // Only the first one, the expression, may look like an option.
    const bool dash = words[i].size() > 1 && words[i].front() == '-';
    if (!dash || (others.empty() && !is_option(command, words[i]))) {
      others.push_back(words[i]);
      continue;
    }
    options.push_back(words[i]);
    if (takes_next(command, words[i]) && i + 1 < words.size()) options.push_back(words[++i]);
  }
  if (!others.empty()) options.emplace_back("--");
  options.insert(options.end(), others.begin(), others.end());
  return options;
}

void add_fhirpath_command(CLI::App& app, int& status) {
  auto options = std::make_shared<FhirpathOptions>();
  CLI::App* const command =
      app.add_subcommand("fhirpath", "Evaluate a FHIRPath expression on each resource");
  command->add_option("EXPRESSION", options->expression, "FHIRPath expression")->required();
  command->add_option(
      "FILE", options->files,
      "Files of resources, as for run -d (default: what is piped in, else without one)");
  command->add_flag("--typed", options->typed, "Each result with the name of its type");
  command->add_flag("--strict", options->strict, "Unknown elements and wrong types are errors");
  CLI::Option* const ast =
      command->add_flag("--ast", options->ast, "Show the parsed and typed tree instead");
  command->add_option("--resource", options->resource, "With --ast: the type it is evaluated on")
      ->type_name("TYPE")
      ->needs(ast);
  command->add_option("--fhir-version", options->fhir_version, std::string(fhir::kVersionNames))
      ->type_name("VERSION");
  add_memory_option(*command, options->memory_limit);
  command->footer(
      "An expression may begin with a minus; one that looks like an option stands behind --.\n"
      "\n"
      "Examples:\n"
      "  kiln fhirpath \"name.where(use = 'official').family\" data/Patient.ndjson\n"
      "  kiln fhirpath '(1 | 2 | 3).aggregate($total + $this, 0)'");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace kiln::app
