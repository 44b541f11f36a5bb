// The rows of a run as the body of a response.
#pragma once

#include <memory>

#include "api/negotiation.h"
#include "api/service.h"
#include "api/view_subject.h"
#include "api/work_memory.h"
#include "engine/pipeline.h"

namespace kiln::api {

/// One evaluation whose rows go straight to the client.
struct RowRequest {
  std::string id;  ///< of the HTTP request, for the log
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

/// Tells the log what an evaluation has passed over; `kind` is what the id is of: "id" or "job".
void log_left_out(base::Logger& log, std::string_view kind, const std::string& id,
                  const engine::Summary& summary);

/// What an evaluation at `now` runs with.
engine::Options engine_options(const ServiceOptions& options, base::WallTime now,
                               WorkMemory& memory);

}  // namespace kiln::api
