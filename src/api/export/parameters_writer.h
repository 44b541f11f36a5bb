// Writing a FHIR Parameters resource.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "json/writer.h"
#include "net/http.h"

namespace kiln::api {

/// Parameters with parts, in the types of operations.md §7.
///
///   ParametersWriter writer;
///   writer.text("exportId", id).code("status", "accepted").begin("output").text("name", n).end();
class ParametersWriter {
 public:
  ParametersWriter();
  ParametersWriter& text(std::string_view name, std::string_view value);
  ParametersWriter& code(std::string_view name, std::string_view value);
  ParametersWriter& uri(std::string_view name, std::string_view value);
  ParametersWriter& instant(std::string_view name, base::WallTime value);
  ParametersWriter& integer(std::string_view name, int64_t value);
  /// Counts and sizes, which may pass 32 bits.
  ParametersWriter& decimal(std::string_view name, uint64_t value);
  /// A parameter with parts; everything up to end() is its part.
  ParametersWriter& begin(std::string_view name);
  ParametersWriter& end();
  std::string take() &&;

 private:
  json::Writer& open(std::string_view name, std::string_view key);
  /// Opens the array of parameters or parts when the first one comes.
  void before_item();
  json::Writer writer_;
  std::vector<bool> has_items_;
};

net::Response parameters_response(int status, ParametersWriter parameters);

}  // namespace kiln::api
