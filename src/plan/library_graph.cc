#include "plan/library_graph.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "plan/resolver.h"

namespace kiln::plan {

using base::Error;
using base::ErrorCode;

/// One query's way through the graph, depth first: relations are in the order in which they were
/// finished, so that each comes after those that it reads.
class GraphWalk {
 public:
  GraphWalk(LibraryGraph& graph, const Subject& subject, Problems& problems)
      : graph_(graph), subject_(subject), problems_(problems) {}

  /// The labels of a Library's statement. What it depends on is all looked at, also after an error.
  std::vector<sql::Label> follow(const Library& library, const std::string& place) {
    std::vector<sql::Label> labels;
    path_.push_back(&library);
    if (library.dependencies.size() > graph_.limits_.dependencies) {
      too_many(library.dependencies.front(), place);
    }
    for (const Dependency& dependency : library.dependencies) {
      if (is_full_) break;
      if (const auto relation = relation_of(dependency, place)) {
        labels.push_back({dependency.label, *relation});
      }
    }
    path_.pop_back();
    return labels;
  }

  bool ok() const { return ok_; }
  std::vector<sql::Relation> take_relations() { return std::move(relations_); }

 private:
  struct Node {
    std::optional<size_t> relation;  ///< none: it has an error, which was told
    size_t height = 1;               ///< of what depends on what, itself included
  };

  std::optional<size_t> relation_of(const Dependency& dependency, const std::string& place) {
    if (is_the_subject(dependency.canonical)) {
      circle(subject_.library.get(), dependency, place);
      return std::nullopt;
    }
    const Artefact* const artefact = find(dependency.canonical);
    if (artefact == nullptr) {
      fail(ProblemCode::kUnknownArtefact, ErrorCode::kNotFound,
           "no such ViewDefinition or SQLView: " + shortened(dependency.canonical), dependency,
           place, near(dependency.canonical));
      return std::nullopt;
    }
    if (std::find(path_.begin(), path_.end(), artefact->library.get()) != path_.end() &&
        artefact->library) {
      circle(artefact->library.get(), dependency, place);
      return std::nullopt;
    }
    const auto known = nodes_.find(artefact);
    const size_t height = known == nodes_.end() ? 1 : known->second.height;
    if (path_.size() - 1 + height > graph_.limits_.depth) {
      graph_.is_followed_ = false;
      fail(ProblemCode::kLimit, ErrorCode::kLimit,
           "dependencies go deeper than " + std::to_string(graph_.limits_.depth), dependency,
           place);
      return std::nullopt;
    }
    if (known != nodes_.end()) {
      raise_to(known->second.height + 1);
      return known->second.relation;
    }
    if (nodes_.size() == graph_.limits_.dependencies) {
      too_many(dependency, place);
      return std::nullopt;
    }
    nodes_.emplace(artefact, Node{});
    heights_.push_back(1);
    const auto relation = make_relation(*artefact, dependency, place);
    const size_t made = heights_.back();
    heights_.pop_back();
    raise_to(made + 1);
    nodes_[artefact] = {relation, made};
    return relation;
  }

  std::optional<size_t> make_relation(const Artefact& artefact, const Dependency& dependency,
                                      const std::string& place) {
    const auto supplied = graph_.by_artefact_.find(&artefact);
    const bool is_supplied = supplied != graph_.by_artefact_.end();
    const std::string& own_place = is_supplied ? supplied->second->place : subject_.place;
    const bool tells = !is_supplied || !std::exchange(supplied->second->is_told, true);
    if (artefact.compiled) return view_relation(artefact, own_place, tells);
    if (!artefact.library || artefact.library->kind != LibraryKind::kView) {
      graph_.is_followed_ = false;
      fail(artefact.library ? ProblemCode::kInvalidLibrary : ProblemCode::kWrongKind,
           ErrorCode::kInvalid,
           "a " + kind_of(artefact) + " cannot be depended on: " + shortened(dependency.canonical),
           dependency, place);
      return std::nullopt;
    }
    const Library& library = *artefact.library;
    if (tells) {
      Problems found;
      add_library_errors(library, own_place, found);
      for (const Problem& problem : found.all()) {
        problems_.add(problem.code, problem.place, in(artefact, problem.error.clone()));
      }
    }
    if (!library.ok()) ok_ = false;
    std::vector<sql::Label> labels = follow(library, own_place);
    if (!ok_) return std::nullopt;
    relations_.push_back({name_of(artefact), nullptr, "", library.statement, std::move(labels)});
    return relations_.size() - 1;
  }

  std::optional<size_t> view_relation(const Artefact& artefact, const std::string& place,
                                      bool tells) {
    const Compilation& made = *artefact.compiled;
    if (!made.view) {
      ok_ = false;
      for (const Error& error : made.problems.errors) {
        if (!tells) break;
        problems_.add(ProblemCode::kInvalidView, place, in(artefact, error.clone()));
      }
      return std::nullopt;
    }
    relations_.push_back({name_of(artefact), made.view, std::string(artefact.value.raw()), {}, {}});
    return relations_.size() - 1;
  }

  /// What came with the request first (operations.md §5); null if there is none.
  const Artefact* find(std::string_view canonical) {
    if (const Artefact* const supplied = graph_.canonicals_.find(canonical)) {
      LibraryGraph::Supplied& one = *graph_.by_artefact_.at(supplied);
      if (!std::exchange(one.is_needed, true)) {
        make_ready(one.artefact, graph_.options_, Origin::kGiven);
      }
      return supplied;
    }
    if (const Artefact* const published = graph_.artefacts_->canonicals().find(canonical)) {
      return published;
    }
    const auto [type, id] = as_reference(canonical);
    return graph_.artefacts_->find_id(type, id);
  }

  /// Of "ViewDefinition/1", also below our own base.
  std::pair<std::string_view, std::string_view> as_reference(std::string_view text) const {
    const std::string_view local = local_reference(text, graph_.own_base_);
    const size_t slash = std::min(local.find('/'), local.size());
    return {local.substr(0, slash), local.substr(std::min(slash + 1, local.size()))};
  }

  std::string near(std::string_view canonical) const {
    std::string near = graph_.canonicals_.near(canonical);
    if (near.empty()) near = graph_.artefacts_->canonicals().near(canonical);
    if (!near.empty()) return near;
    const auto [type, id] = as_reference(canonical);
    near = graph_.artefacts_->near_id(type, id);
    return near.empty() ? near : std::string(type) + "/" + near;
  }

  /// One that was given is published nowhere, but may be what its dependencies depend on.
  bool is_the_subject(std::string_view canonical) const {
    const Library& library = *subject_.library;
    if (library.origin != Origin::kGiven || library.url.empty()) return false;
    const size_t bar = canonical.find('|');
    if (canonical.substr(0, bar) != library.url) return false;
    return bar == std::string_view::npos || canonical.substr(bar + 1) == library.version;
  }

  void circle(const Library* again, const Dependency& dependency, const std::string& place) {
    std::string names;
    bool is_inside = false;
    for (const Library* const library : path_) {
      is_inside |= library == again;
      if (is_inside) names += name_of(*library) + " → ";
    }
    fail(ProblemCode::kInvalidLibrary, ErrorCode::kInvalid,
         "Libraries depend on each other in a circle: " + names + name_of(*again), dependency,
         place);
  }

  void too_many(const Dependency& dependency, const std::string& place) {
    is_full_ = true;
    graph_.is_followed_ = false;
    fail(ProblemCode::kLimit, ErrorCode::kLimit,
         "more than " + std::to_string(graph_.limits_.dependencies) + " dependencies", dependency,
         place);
  }

  void fail(ProblemCode code, ErrorCode error, std::string message, const Dependency& dependency,
            const std::string& place, std::string suggestion = {}) {
    ok_ = false;
    if (path_.size() > 1) message += ", for " + name_of(*path_.back());
    problems_.add(code, place,
                  Error(error, std::move(message))
                      .at(dependency.value.position())
                      .with_path(dependency.path)
                      .with_suggestion(std::move(suggestion)));
  }

  static Error in(const Artefact& artefact, Error error) {
    return std::move(error).in(artefact.type + " " + name_of(artefact));
  }

  static std::string name_of(const Artefact& artefact) {
    return shortened(artefact.url.empty() ? artefact.id : artefact.url);
  }

  static std::string name_of(const Library& library) {
    if (!library.url.empty()) return shortened(library.url);
    return library.name.empty() ? "the Library" : shortened(library.name);
  }

  void raise_to(size_t height) {
    if (!heights_.empty()) heights_.back() = std::max(heights_.back(), height);
  }

  LibraryGraph& graph_;
  const Subject& subject_;
  Problems& problems_;
  std::vector<const Library*> path_;  ///< from the subject to what is followed
  std::vector<size_t> heights_;       ///< of those that are being made
  std::map<const Artefact*, Node> nodes_;
  std::vector<sql::Relation> relations_;
  bool ok_ = true;
  bool is_full_ = false;
};

void LibraryGraph::add_context(const json::DocumentPtr& document, json::Value value,
                               const std::string& place, Problems& problems) {
  const auto error = [&](ProblemCode code, ErrorCode error_code, std::string message) {
    problems.add(code, place, Error(error_code, std::move(message)).at(value.position()));
  };
  if (artefact_type(value).empty()) {
    const std::string type(value["resourceType"].text());
    return error(ProblemCode::kWrongKind, ErrorCode::kInvalid,
                 "a ViewDefinition or Library is needed" + (type.empty() ? "" : ", not a " + type));
  }
  auto one = std::make_unique<Supplied>(Supplied{artefact_of(document, value), place});
  const Artefact& artefact = one->artefact;
  if (artefact.url.empty()) {
    return error(ProblemCode::kUsage, ErrorCode::kUsage, "without a url nothing can depend on it");
  }
  if (canonicals_.same_as(artefact) != nullptr) {
    return error(
        ProblemCode::kUsage, ErrorCode::kUsage,
        "two with the same url and version: " +
            shortened(artefact.url + (artefact.version.empty() ? "" : "|" + artefact.version)));
  }
  canonicals_.add(artefact);
  by_artefact_.emplace(&artefact, one.get());
  supplied_.push_back(std::move(one));
}

sql::QueryPtr LibraryGraph::query(const Subject& subject, std::vector<sql::Binding> bindings,
                                  Problems& problems) {
  const Library& library = *subject.library;
  GraphWalk walk(*this, subject, problems);
  std::vector<sql::Label> labels = walk.follow(library, subject.place);
  if (!walk.ok() || !library.ok()) return nullptr;
  return std::make_shared<const sql::Query>(sql::Query{walk.take_relations(), *library.statement,
                                                       std::move(labels), std::move(bindings)});
}

void LibraryGraph::check_context(Problems& problems) const {
  if (!is_followed_) return;
  for (const auto& one : supplied_) {
    if (one->is_needed) continue;
    problems.add(
        ProblemCode::kUsage, one->place,
        Error(ErrorCode::kUsage, "nothing depends on it: " + shortened(one->artefact.url)));
  }
}

}  // namespace kiln::plan
