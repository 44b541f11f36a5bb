// Parameters that several operations share.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/input/negotiation.h"
#include "api/input/operation_input.h"
#include "api/service.h"
#include "dataset/catalog.h"
#include "plan/plan.h"

namespace kiln::api {

/// The data as they are now; none if the server has no data.
base::Result<dataset::SnapshotPtr> open_data(const Service& service);

/// 400 `not-supported` for every parameter that is not among `known`; `source` is understood by
/// nobody yet.
void check_names(const std::vector<Parameter>& parameters, const std::set<std::string_view>& known,
                 Issues& issues);

/// _format; 400 if it is none that is supported.
std::optional<table::Format> read_format(const OperationInput& input, bool with_fhir,
                                         Issues& issues);
/// header, true if it is not given.
bool read_header(const OperationInput& input, Issues& issues);

/// patient, group, _since.
plan::FilterNames read_filters(const OperationInput& input, const Service& service, Issues& issues);

/// What the server itself says about every plan.
plan::Draft new_draft(const ServiceOptions& options);

/// The draft with its data; null if there are problems. 400 `not-found` for patients and groups
/// that are not there, which is no 404: the subject was found.
plan::PlanPtr make_plan(plan::Draft draft, const dataset::SnapshotPtr& data, plan::Hold hold,
                        const Service& service, const net::Request& request, Issues& issues);

}  // namespace kiln::api
