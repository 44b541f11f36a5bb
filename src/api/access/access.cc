#include "api/access/access.h"

namespace kiln::api {
namespace {

class OpenAuthenticator final : public Authenticator {
 public:
  std::variant<Access, Issue> authenticate(const net::Request& request) const override {
    return Access{request.peer};
  }
};

}  // namespace

std::unique_ptr<Authenticator> make_open_authenticator() {
  return std::make_unique<OpenAuthenticator>();
}

}  // namespace kiln::api
