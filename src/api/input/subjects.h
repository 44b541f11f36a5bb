// What a request is about: views and queries.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/input/operation_family.h"
#include "api/input/operation_input.h"
#include "api/service.h"
#include "plan/bindings.h"
#include "plan/library_graph.h"

namespace kiln::api {

/// How a subject can be named by the parameters (or parts) at hand.
struct Naming {
  const Parameter* canonical = nullptr;
  const Parameter* reference = nullptr;
  const Parameter* resource = nullptr;

  size_t count() const {
    return static_cast<size_t>(canonical != nullptr) + (reference != nullptr) +
           (resource != nullptr);
  }
};

/// Finds the subjects that one request names, and what they depend on. Lives as long as the
/// request.
class Subjects {
 public:
  /// Takes along the supporting artefacts of the input.
  Subjects(const OperationFamily& family, const OperationInput& input, const Service& service,
           const net::Request& request, Issues& issues);

  /// The subject that exactly one of the naming forms gives. Issues: 404 if it is unknown, 422 if
  /// it is not valid, with an issue for each error.
  std::optional<plan::Subject> named(const Naming& naming);
  /// The published artefact whose id is in the URL; the body may not be another one.
  std::optional<plan::Subject> of_url(std::string_view id);
  /// The artefact that is the body.
  std::optional<plan::Subject> of_body();

  /// Makes a query of a subject that is a Library, with values: those of `parameters` (null: none)
  /// and of the parameters named `parameter` among `beside`. A view takes none.
  void complete(plan::Subject& subject, const Parameter* parameters,
                const std::vector<Parameter>& beside);

  /// Once all subjects are complete: supporting artefacts that nothing depends on.
  void check_contexts();

 private:
  std::optional<plan::Subject> given(const Parameter& parameter);
  base::Result<json::DocumentPtr> own_document(const Parameter& parameter);
  std::vector<plan::GivenValue> values_of(const Parameter* parameters,
                                          const std::vector<Parameter>& beside,
                                          const std::string& place, plan::Problems& found);
  template <typename Find>
  std::optional<plan::Subject> find(Find find);

  const OperationFamily& family_;
  const OperationInput& input_;
  const Service& service_;
  const net::Request& request_;
  Issues& issues_;
  const plan::Resolver resolver_;
  plan::LibraryGraph graph_;
  bool all_found_ = true;
};

}  // namespace kiln::api
