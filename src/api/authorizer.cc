#include "api/authorizer.h"

namespace kiln::api {
namespace {

class OpenAuthorizer final : public Authorizer {
 public:
  std::string client_of(const net::Request& request) const override { return request.peer; }
  bool may_see(const net::Request&, const job::Submission&) const override { return true; }
};

}  // namespace

std::unique_ptr<Authorizer> make_open_authorizer() { return std::make_unique<OpenAuthorizer>(); }

}  // namespace kiln::api
