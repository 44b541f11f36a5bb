// The rows of a run as the body of a response.
#pragma once

#include <memory>

#include "api/negotiation.h"
#include "api/service.h"
#include "api/view_subject.h"
#include "engine/pipeline.h"

namespace kiln::api {

/// One evaluation whose rows go straight to the client.
struct RowRequest {
  ViewSubject subject;
  dataset::SnapshotPtr data;
  Representation representation;
  bool header = true;
  engine::FilterSpec filter;
  uint64_t limit = UINT64_MAX;
};

/// A response that evaluates while it is sent. A failure before the first byte becomes an
/// OperationOutcome, a later one breaks the connection.
net::Response row_response(std::shared_ptr<const RowRequest> request, const Service& service);

/// What an evaluation at `now` runs with.
engine::Options engine_options(const ServiceOptions& options, base::WallTime now);

}  // namespace kiln::api
