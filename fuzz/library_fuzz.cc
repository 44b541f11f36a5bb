// A Library body with what came beside it: read, its values bound, its graph followed. The text is
// one JSON: the Library, or an array of it, of artefacts that it may depend on, and of Parameters
// with values. The first byte chooses whether it is a published one.
#include "base/text.h"
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "plan/bindings.h"
#include "plan/library_graph.h"
#include "plan/resolver.h"

namespace {

using namespace kiln;

constexpr size_t kMostValues = 20'000;

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const size_t size = base::utf8_character(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void check_problem(const base::Error& error, const char* where) {
  fuzz::check(!error.message().empty(), "an error without words", where);
  fuzz::check(is_text(error.to_string()), "an error that is no text", where);
  fuzz::check(error.code() != base::ErrorCode::kInternal, "not the client's fault",
              error.to_string());
}

/// Each relation comes after those that it reads, and each table of a statement is one.
void check_query(const sql::Query& query) {
  const auto labels_hold = [](const std::vector<sql::Label>& labels, size_t before) {
    for (const sql::Label& label : labels) {
      fuzz::check(label.relation < before, "a label of what comes later", label.name);
    }
  };
  const auto tables_hold = [](const sql::Statement& statement,
                              const std::vector<sql::Label>& labels) {
    for (const sql::Mention& table : statement.tables()) {
      size_t found = 0;
      for (const sql::Label& label : labels) {
        found += base::lower(label.name) == base::lower(table.name) ? 1 : 0;
      }
      fuzz::check(found == 1, "a table without a label", table.name);
    }
  };
  for (size_t i = 0; i < query.relations.size(); ++i) {
    const sql::Relation& relation = query.relations[i];
    fuzz::check((relation.view != nullptr) != relation.statement.has_value(), "neither, or both",
                relation.name);
    labels_hold(relation.labels, i);
    if (relation.statement) tables_hold(*relation.statement, relation.labels);
  }
  labels_hold(query.labels, query.relations.size());
  tables_hold(query.statement, query.labels);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = fuzz::as_text(data, size);
  const auto origin =
      fuzz::take_choice(input, 2) == 0 ? plan::Origin::kGiven : plan::Origin::kPublished;
  const auto document = json::Document::parse(std::string(input), "body", kMostValues);
  if (!document.ok()) return 0;
  const json::Value root = (*document)->root();
  const json::Value body =
      root.is_array() ? root.items().empty() ? json::Value() : root.items()[0] : root;
  if (body.missing()) return 0;
  plan::Subject subject;
  subject.place = "queryResource";
  subject.library = plan::read_library(*document, body, origin);
  fuzz::check(subject.library != nullptr, "no Library");
  for (const base::Error& error : subject.library->problems.errors) check_problem(error, "Library");
  fuzz::check(subject.library->statement.has_value() || !subject.library->problems.ok(),
              "no statement, and no word about it");

  plan::Problems problems;
  plan::add_library_errors(*subject.library, subject.place, problems);
  plan::LibraryGraph graph(std::make_shared<const plan::ArtefactRegistry>(std::nullopt), "", {},
                           {4, 8});
  std::vector<plan::GivenValue> values;
  size_t number = 0;
  for (const json::Value item : root.is_array() ? root.items() : std::vector<json::Value>()) {
    if (number++ == 0) continue;
    if (item["resourceType"].text() == "Parameters") {
      for (plan::GivenValue& value : plan::given_values(item, "parameters", problems)) {
        values.push_back(std::move(value));
      }
    } else {
      graph.add_context(*document, item, "context[" + std::to_string(number) + "]", problems);
    }
  }
  std::vector<sql::Binding> bindings =
      plan::bind_values(*subject.library, values, "parameters", problems);
  const sql::QueryPtr query = graph.query(subject, std::move(bindings), problems);
  graph.check_context(problems);
  for (const plan::Problem& problem : problems.all()) check_problem(problem.error, "graph");
  fuzz::check(query != nullptr || !problems.ok(), "no query, and no word about it");
  if (query) check_query(*query);
  return 0;
}
