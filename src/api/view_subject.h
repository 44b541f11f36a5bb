// Which view a request is about.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/operation_input.h"
#include "api/service.h"
#include "plan/compilation.h"

namespace kiln::api {

/// A view that was found and compiled.
struct ViewSubject {
  std::string name;  ///< of the output; "" if neither the request nor the view gives one
  view::ViewPtr view;
  std::string text;        ///< the ViewDefinition as JSON
  std::string expression;  ///< the parameter that names it
};

/// How a view can be named by the parameters (or parts) at hand.
struct ViewNaming {
  const Parameter* canonical = nullptr;
  const Parameter* reference = nullptr;
  const Parameter* resource = nullptr;

  size_t count() const {
    return static_cast<size_t>(canonical != nullptr) + (reference != nullptr) +
           (resource != nullptr);
  }
};

/// The view that exactly one of the naming forms gives, of one set of artefacts for all views of a
/// request. Problems: 404 if it is unknown, 422 if it is no valid view, with an issue for each
/// error.
std::optional<ViewSubject> resolve_view(const ViewNaming& naming,
                                        const plan::ArtefactRegistry& artefacts,
                                        const Service& service, const net::Request& request,
                                        Problems& problems);
/// The published view whose id is in the URL; the body may not be another one.
std::optional<ViewSubject> view_of_url(std::string_view id, const OperationInput& input,
                                       const Service& service, Problems& problems);
/// A view given as JSON.
std::optional<ViewSubject> inline_view(const json::DocumentPtr& document, json::Value value,
                                       const std::string& expression, const Service& service,
                                       const net::Request& request, Problems& problems);

}  // namespace kiln::api
