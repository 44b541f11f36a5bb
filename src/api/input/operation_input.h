// The parameters of an operation as they came: from a Parameters body, the query, or both.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/issue/issue.h"
#include "api/work_memory.h"
#include "json/document.h"
#include "net/http.h"

namespace kiln::api {

/// One parameter or part.
struct Parameter {
  std::string name;
  std::string expression;  ///< how an issue names it: "patient", "view[0].viewReference"
  json::Value value;       ///< its value[x]; missing if it has none, or came in the query
  json::Value resource;
  json::Value object{};  ///< all of it; missing if it came in the query
  std::optional<std::string> query_text;
  std::vector<Parameter> parts;
};

/// Keeps the body alive.
struct OperationInput {
  std::shared_ptr<WorkMemory> memory;  ///< of the document
  json::DocumentPtr document;          ///< null without a body
  std::vector<Parameter> parameters;
  json::Value bare;      ///< a body that is a resource other than Parameters
  bool readable = true;  ///< false: the body says nothing, as a problem tells

  /// Those of a name, in order.
  std::vector<const Parameter*> all(std::string_view name) const;
};

/// Reads body and query. A name that the body has is not taken from the query. Issues: 415 for a
/// content type that is not JSON or a coding, 400 for a body that is none, with its position, and
/// for one that is no Parameters as FHIR has them.
/// `memory`: what a body draws from before it is parsed (null: unbounded); 503 if it has no room.
OperationInput read_operation_input(const net::Request& request, Issues& issues,
                                    base::MemoryBudget* memory = nullptr);

/// The values that a parameter can have, whatever value[x] holds them (operations.md §7). Nothing,
/// and a 400 `invalid` among the problems, if it holds none such.
std::optional<std::string> string_of(const Parameter& parameter, Issues& issues);
std::optional<bool> boolean_of(const Parameter& parameter, Issues& issues);
std::optional<int64_t> integer_of(const Parameter& parameter, Issues& issues);
/// A Reference's reference, or a text.
std::optional<std::string> reference_of(const Parameter& parameter, Issues& issues);

/// The only one of a name; 400 if it is given twice.
const Parameter* only(const OperationInput& input, std::string_view name, Issues& issues);

}  // namespace kiln::api
