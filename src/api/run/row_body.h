// The rows of a run as the body of a response.
#pragma once

#include <memory>

#include "api/input/negotiation.h"
#include "api/service.h"
#include "api/work_memory.h"
#include "plan/plan.h"

namespace kiln::api {

/// One evaluation whose rows go straight to the client.
struct RowRequest {
  std::string id;      ///< of the HTTP request, for the log
  plan::PlanPtr plan;  ///< of one subject
  Representation representation;

  const plan::Subject& subject() const { return plan->subjects.front(); }
};

/// A response that evaluates while it is sent. A failure before the first byte becomes an
/// OperationOutcome, a later one breaks the connection.
net::Response row_response(RowRequest request, const Service& service);

/// Tells the log what an evaluation has passed over; `kind` is what the id is of: "id" or "job".
void log_left_out(base::Logger& log, std::string_view kind, const std::string& id,
                  const engine::Summary& summary);

/// What an evaluation at `now` runs with.
plan::Execution execution_of(const ServiceOptions& options, base::WallTime now, WorkMemory& memory);

}  // namespace kiln::api
