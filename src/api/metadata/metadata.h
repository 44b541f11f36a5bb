// GET [base]/metadata: the CapabilityStatement, and the OperationDefinitions that it names.
#pragma once

#include <string>

#include "api/service.h"
#include "net/http.h"

namespace kiln::api {

net::Response capability_statement(const Service& service, const std::string& version);
/// 404 if there is none of that id.
net::Response operation_definition(const Service& service, std::string_view id);

}  // namespace kiln::api
