// A job's own URLs: status, result, cancel, list (operations.md §4.2, 4.3, 4.5).
#pragma once

#include <optional>

#include "api/access/access.h"
#include "api/service.h"
#include "net/http.h"

namespace kiln::api {

net::Response export_status(const Service& service, const Access& access,
                            const net::Request& request, const job::JobId& id);
net::Response export_result(const Service& service, const Access& access,
                            const net::Request& request, const job::JobId& id);
net::Response cancel_export(const Service& service, const Access& access,
                            const net::Request& request, const job::JobId& id);
/// DELETE of the result: a job that has finished goes now, with its output; our own addition.
net::Response remove_export(const Service& service, const Access& access,
                            const net::Request& request, const job::JobId& id);
/// The caller's jobs, newest first, with the address of the next page if there are many: our own
/// addition.
net::Response list_exports(const Service& service, const Access& access,
                           const net::Request& request);

/// The job if the access has it; else nothing, and what to answer.
std::optional<job::JobView> find_job(const Service& service, const Access& access,
                                     const net::Request& request, const job::JobId& id,
                                     net::Response& instead);
/// 503 while no jobs are taken, with the reason.
net::Response not_ready(const base::Error& error);
/// 404 for what is not there for the caller.
net::Response no_such_job();

}  // namespace kiln::api
