// Which view a request is about.
#pragma once

#include <optional>
#include <string>

#include "api/input/operation_input.h"
#include "api/service.h"
#include "plan/resolver.h"

namespace kiln::api {

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

/// Finds the views that one request names. Lives as long as the request.
class ViewSubjects {
 public:
  ViewSubjects(const Service& service, const net::Request& request, Issues& issues);

  /// The view that exactly one of the naming forms gives. Issues: 404 if it is unknown, 422 if it
  /// is no valid view, with an issue for each error.
  std::optional<plan::Subject> named(const ViewNaming& naming) const;
  /// The published view whose id is in the URL; the body may not be another one.
  std::optional<plan::Subject> of_url(std::string_view id, const OperationInput& input) const;
  /// The view that is the body.
  std::optional<plan::Subject> of_body(const OperationInput& input) const;

 private:
  std::optional<plan::Subject> given(const Parameter& parameter) const;
  template <typename Find>
  std::optional<plan::Subject> find(Find find) const;

  const Service& service_;
  const net::Request& request_;
  Issues& issues_;
  const plan::Resolver resolver_;
};

}  // namespace kiln::api
