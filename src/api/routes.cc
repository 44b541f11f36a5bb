#include "api/routes.h"

#include "api/export/download.h"
#include "api/export/export_jobs.h"
#include "api/export/start_export.h"
#include "api/issue/fault.h"
#include "api/issue/issue.h"
#include "api/metadata/artefact_resources.h"
#include "api/metadata/metadata.h"
#include "api/metrics.h"
#include "api/run/run.h"

namespace kiln::api {
namespace {

using net::Lane;
using Routed = net::RoutedRequest;

job::JobId job_of(const Routed& routed) { return {routed.parameters.find("job")->second}; }
std::optional<std::string> id_of(const Routed& routed) {
  const auto found = routed.parameters.find("id");
  return found == routed.parameters.end() ? std::nullopt : std::optional(found->second);
}

net::Response plain_text(int status, std::string text) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(text);
  return response;
}

net::Response export_needs_post(const Routed&, const Access&) {
  return outcome_response(Issue{IssueCode::kRequired, "an export is started by POST", ""});
}

}  // namespace

Routes::Routes(const Service& service, std::string version)
    : service_(service), version_(std::move(version)), reach_(service.options) {
  const std::string& url = service.options.base_url;
  base_path_ = url.substr(origin_part(url).size());
  add_operations();
  add_jobs();
  add_rest();
}

void Routes::add(std::string_view method, std::string_view pattern, net::Lane lane, Action action,
                 Operation operation) {
  router_.add(
      std::string(method), std::string(pattern), lane,
      [this, action, operation = std::move(operation)](const Routed& routed) {
        const auto asked = service_.authenticator.authenticate(routed.request);
        if (const auto* const refusal = std::get_if<Issue>(&asked)) {
          return outcome_response(*refusal);
        }
        const Access& access = std::get<Access>(asked);
        if (!access.allows(action)) {
          return outcome_response(Issue{IssueCode::kForbidden, "you may not do that here", ""});
        }
        return operation(routed, access);
      });
}

void Routes::add_runs(const OperationFamily& family, std::string_view method,
                      std::initializer_list<const char*> patterns) {
  for (const char* const pattern : patterns) {
    add(method, pattern, Lane::kLong, Action::kRun,
        [this, &family](const Routed& routed, const Access&) {
          return run(family, service_, routed.request, id_of(routed));
        });
  }
}

void Routes::add_exports(const OperationFamily& family,
                         std::initializer_list<const char*> patterns) {
  for (const char* const pattern : patterns) {
    add("GET", pattern, Lane::kQuick, Action::kExport, export_needs_post);
    add("POST", pattern, Lane::kLong, Action::kExport,
        [this, &family](const Routed& routed, const Access& access) {
          return start_export(family, service_, access, routed.request, id_of(routed));
        });
  }
}

void Routes::add_operations() {
  for (const std::string_view method : {"GET", "POST"}) {
    add_runs(kViewFamily, method,
             {"/$viewdefinition-run", "/ViewDefinition/$viewdefinition-run",
              "/ViewDefinition/{id}/$viewdefinition-run"});
    add_runs(kQueryFamily, method,
             {"/$sqlquery-run", "/Library/$sqlquery-run", "/Library/{id}/$sqlquery-run"});
    add_runs(kSqlFamily, method, {"/$sql-run"});
  }
  add_runs(kViewFamily, "POST", {"/ViewDefinition/$run", "/ViewDefinition/{id}/$run"});
  add_exports(kViewFamily, {"/$viewdefinition-export", "/ViewDefinition/$viewdefinition-export",
                            "/ViewDefinition/{id}/$viewdefinition-export"});
  add_exports(kQueryFamily,
              {"/$sqlquery-export", "/Library/$sqlquery-export", "/Library/{id}/$sqlquery-export"});
  add_exports(kSqlFamily, {"/$sql-export"});
}

void Routes::add_jobs() {
  add("GET", "/export", Lane::kQuick, Action::kExport,
      [this](const Routed& routed, const Access& access) {
        return list_exports(service_, access, routed.request);
      });
  add("GET", "/export/{job}", Lane::kQuick, Action::kExport,
      [this](const Routed& routed, const Access& access) {
        return export_status(service_, access, routed.request, job_of(routed));
      });
  add("DELETE", "/export/{job}", Lane::kQuick, Action::kExport,
      [this](const Routed& routed, const Access& access) {
        return cancel_export(service_, access, routed.request, job_of(routed));
      });
  add("GET", "/export/{job}/result", Lane::kQuick, Action::kExport,
      [this](const Routed& routed, const Access& access) {
        return export_result(service_, access, routed.request, job_of(routed));
      });
  add("DELETE", "/export/{job}/result", Lane::kQuick, Action::kExport,
      [this](const Routed& routed, const Access& access) {
        return remove_export(service_, access, routed.request, job_of(routed));
      });
  add("GET", "/export/{job}/files/{file}", Lane::kQuick, Action::kExport,
      [this](const Routed& routed, const Access& access) {
        return download(service_, access, routed.request, job_of(routed),
                        routed.parameters.find("file")->second);
      });
}

void Routes::add_rest() {
  add("GET", "/metadata", Lane::kQuick, Action::kDescribe,
      [this](const Routed&, const Access&) { return capability_statement(service_, version_); });
  add("GET", "/OperationDefinition/{id}", Lane::kQuick, Action::kDescribe,
      [this](const Routed& routed, const Access&) {
        return operation_definition(service_, *id_of(routed));
      });
  for (const std::string type : {"ViewDefinition", "Library"}) {
    add("GET", "/" + type, Lane::kQuick, Action::kReadArtefacts,
        [this, type](const Routed& routed, const Access&) {
          return search_artefacts(service_, type, routed.request);
        });
    add("GET", "/" + type + "/{id}", Lane::kQuick, Action::kReadArtefacts,
        [this, type](const Routed& routed, const Access&) {
          return read_artefact(service_, type, *id_of(routed));
        });
  }
  add("GET", "/health", Lane::kAtOnce, Action::kProbe,
      [](const Routed&, const Access&) { return plain_text(200, "live\n"); });
  add("GET", "/ready", Lane::kProbe, Action::kProbe, [this](const Routed& routed, const Access&) {
    const base::Status ready = service_.jobs.ready();
    if (!ready.ok()) return not_ready(ready.error());
    const auto gauges = service_.jobs.gauges();
    if (gauges.ok()) return plain_text(200, "ready\n");
    service_.log.error("job store failed",
                       {{"id", routed.request.id}, {"error", gauges.error().to_string()}});
    return outcome_response(Issue{IssueCode::kUnavailable, "the job store cannot be read", ""});
  });
  add("GET", "/metrics", Lane::kProbe, Action::kReadMetrics,
      [this](const Routed& routed, const Access&) {
        const auto gauges = service_.jobs.gauges();
        if (!gauges.ok()) {
          return fault_response(service_, routed.request, "job store failed", gauges.error());
        }
        net::Response response =
            plain_text(200, service_.metrics.to_text(*gauges, service_.jobs.obstacles()));
        response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        return response;
      });
}

std::string_view Routes::local_path(std::string_view path) const {
  if (base_path_.empty() || !path.starts_with(base_path_)) return path;
  const std::string_view rest = path.substr(base_path_.size());
  if (rest.empty()) return "/";
  return rest.front() == '/' ? rest : path;
}

net::Response Routes::handle(const net::Request& request) const {
  if (const auto issue = reach_.refusal_of(request)) return outcome_response(*issue);
  return answer(request);
}

net::Lane Routes::lane_of(const net::Request& request) const {
  return router_.match(request.method, local_path(request.path)).lane;
}

void Routes::complete_head(const net::Request& request, net::Headers& headers) const {
  // Job ids are capabilities, rows are patients' data.
  if (!headers.has("Cache-Control")) headers.add("Cache-Control", "private, no-store");
  reach_.complete_head(request, headers);
}

net::Response Routes::answer(const net::Request& request) const {
  const auto match = router_.match(request.method, local_path(request.path));
  using Kind = net::Router::Match::Kind;
  switch (match.kind) {
    case Kind::kFound:
      return guarded(service_, request, [&] {
        return (*match.handler)({request, match.parameters});
      });
    case Kind::kNotFound:
      return outcome_response(
          Issue{IssueCode::kUnknown, "there is nothing at " + request.path, ""});
    case Kind::kWrongMethod:
      break;
  }
  std::string allowed;
  for (const std::string& method : match.allowed) {
    allowed += (allowed.empty() ? "" : ", ") + method;
  }
  if (Reach::is_preflight(request)) return Reach::preflight_response(allowed);
  net::Response response = outcome_response(
      Issue{IssueCode::kWrongMethod, request.method + " is not possible here", ""});
  response.headers.add("Allow", allowed);
  return response;
}

net::Response Routes::refuse(int status, std::string_view text) {
  return outcome_response(Issue{issue_code_of_status(status), std::string(text), ""});
}

void Routes::log(const net::RequestLog& entry) const {
  std::string route = "none";
  std::string method;
  std::string job;  // empty if the request is about none
  if (entry.request != nullptr) {
    method = entry.request->method;
    const auto match = router_.match(method, local_path(entry.request->path));
    if (match.kind == net::Router::Match::Kind::kFound) {
      route = match.route;
      const auto found = match.parameters.find("job");
      if (found != match.parameters.end() && job::is_job_id(found->second)) job = found->second;
    }
  }
  service_.metrics.count_request(route, entry.status, entry.duration);
  service_.log.info("request", {{"id", entry.request != nullptr ? entry.request->id : ""},
                                {"peer", entry.request != nullptr ? entry.request->peer : ""},
                                {"method", method},
                                {"route", route},
                                {"job", job},
                                {"status", entry.status},
                                {"bytes", entry.bytes},
                                {"us", entry.duration.count()},
                                {"complete", entry.complete}});
}

}  // namespace kiln::api
