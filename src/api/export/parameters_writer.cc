#include "api/export/parameters_writer.h"

namespace kiln::api {

ParametersWriter::ParametersWriter() {
  writer_.begin_object().member("resourceType", "Parameters");
  has_items_.push_back(false);
}

void ParametersWriter::before_item() {
  if (!has_items_.back()) {
    writer_.key(has_items_.size() == 1 ? "parameter" : "part").begin_array();
    has_items_.back() = true;
  }
  writer_.begin_object();
}

json::Writer& ParametersWriter::open(std::string_view name, std::string_view key) {
  before_item();
  return writer_.member("name", name).key(key);
}

ParametersWriter& ParametersWriter::text(std::string_view name, std::string_view value) {
  open(name, "valueString").string(value).end_object();
  return *this;
}
ParametersWriter& ParametersWriter::code(std::string_view name, std::string_view value) {
  open(name, "valueCode").string(value).end_object();
  return *this;
}
ParametersWriter& ParametersWriter::uri(std::string_view name, std::string_view value) {
  open(name, "valueUri").string(value).end_object();
  return *this;
}
ParametersWriter& ParametersWriter::instant(std::string_view name, base::WallTime value) {
  open(name, "valueInstant").string(base::to_instant(value)).end_object();
  return *this;
}
ParametersWriter& ParametersWriter::integer(std::string_view name, int64_t value) {
  open(name, "valueInteger").number(value).end_object();
  return *this;
}
ParametersWriter& ParametersWriter::decimal(std::string_view name, uint64_t value) {
  open(name, "valueDecimal").number(value).end_object();
  return *this;
}

ParametersWriter& ParametersWriter::begin(std::string_view name) {
  before_item();
  writer_.member("name", name);
  has_items_.push_back(false);
  return *this;
}

ParametersWriter& ParametersWriter::end() {
  if (has_items_.back()) writer_.end_array();
  has_items_.pop_back();
  writer_.end_object();
  return *this;
}

std::string ParametersWriter::take() && {
  if (has_items_.back()) writer_.end_array();
  writer_.end_object();
  return std::move(writer_).take();
}

net::Response parameters_response(int status, ParametersWriter parameters) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/fhir+json");
  response.body = std::move(parameters).take();
  return response;
}

}  // namespace kiln::api
