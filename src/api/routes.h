// Every path of the server and what answers it.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "api/access/access.h"
#include "api/access/reach.h"
#include "api/input/operation_family.h"
#include "api/service.h"
#include "net/router.h"
#include "net/server.h"

namespace kiln::api {

/// Answers requests with the service's operations. Immutable; thread-safe. The service must outlive
/// it.
class Routes {
 public:
  /// `version` is Kiln's.
  Routes(const Service& service, std::string version);

  net::Response handle(const net::Request& request) const;
  /// Where handle() is to run: what the request's route declares.
  net::Lane lane_of(const net::Request& request) const;
  /// What all answers have in common.
  void complete_head(const net::Request& request, net::Headers& headers) const;
  /// For what the server itself has to refuse.
  static net::Response refuse(int status, std::string_view text);
  /// One line in the log, and the metrics.
  void log(const net::RequestLog& entry) const;

 private:
  /// The path below the base URL's own path, which may be left out.
  std::string_view local_path(std::string_view path) const;
  net::Response answer(const net::Request& request) const;
  using Operation = std::function<net::Response(const net::RoutedRequest&, const Access&)>;
  /// The one door: who comes is asked here, and whether that one may do what the route does.
  /// kLong: for everything that a client can make long, thus parsing and checking views that it has
  /// sent, compiling them, looking a cohort up, opening data.
  void add(std::string_view method, std::string_view pattern, net::Lane lane, Action action,
           Operation operation);
  void add_runs(const OperationFamily& family, std::string_view method,
                std::initializer_list<const char*> patterns);
  void add_exports(const OperationFamily& family, std::initializer_list<const char*> patterns);
  void add_operations();
  void add_jobs();
  void add_rest();

  const Service& service_;
  const std::string version_;
  const Reach reach_;
  std::string base_path_;
  net::Router router_;
};

}  // namespace kiln::api
