// Parameters that several operations share.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/negotiation.h"
#include "api/operation_input.h"
#include "api/service.h"
#include "dataset/catalog.h"
#include "engine/resource_filter.h"

namespace kiln::api {

/// The answer is made on a thread that holds up no short request. For everything that a client can
/// make long: parsing and checking what it has sent, compiling its views, looking a cohort up,
/// opening data.
net::Response later(const Service& service, const net::Request& request,
                    std::function<net::Response()> make);

/// An absolute reference below our own base without that base; any other as it is.
std::string_view local_reference(std::string_view reference, const Service& service);

/// The data as they are now; none if the server has no data.
base::Result<dataset::SnapshotPtr> open_data(const Service& service);

/// 400 `not-supported` for every parameter that is not among `known`; `source` is understood by
/// nobody yet.
void check_names(const std::vector<Parameter>& parameters, const std::set<std::string_view>& known,
                 Problems& problems);

/// _format; 400 if it is none that is supported.
std::optional<RowFormat> read_format(const OperationInput& input, bool with_fhir,
                                     Problems& problems);
/// header, true if it is not given.
bool read_header(const OperationInput& input, Problems& problems);

/// Which resources feed the views (operations.md §3).
struct FilterParameters {
  std::vector<std::string> patients;  ///< "Patient/1", "1"
  std::vector<std::string> groups;    ///< "Group/1", "1"
  std::string since;                  ///< a dateTime; "" if not given

  /// Patients and groups have to be looked up, which takes a scan.
  bool needs_cohort() const { return !patients.empty() || !groups.empty(); }
};
FilterParameters read_filters(const OperationInput& input, const Service& service,
                              Problems& problems);

/// Looks patients and groups up in the data. 400 `not-found` for those that are not there, which is
/// no 404: the subject was found. With a cohort it takes as long as a scan of Patient and Group.
engine::FilterSpec resolve_filters(const FilterParameters& filters,
                                   const dataset::Snapshot& snapshot, const Service& service,
                                   const net::Request& request, Problems& problems);

}  // namespace kiln::api
