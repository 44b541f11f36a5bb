// Reading and searching the published artefacts.
#pragma once

#include <string_view>

#include "api/service.h"
#include "net/http.h"

namespace kiln::api {

net::Response read_artefact(const Service& service, std::string_view type, std::string_view id);
/// By _id, url and name; a Bundle of type searchset.
net::Response search_artefacts(const Service& service, std::string_view type,
                               const net::Request& request);

}  // namespace kiln::api
