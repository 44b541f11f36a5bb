#include "sample/resources/elements.h"

#include "sample/digits.h"

namespace kiln::sample {

void begin_resource(json::Writer& out, std::string_view type, std::string_view id, Moment updated) {
  out.begin_object().member("resourceType", type).member("id", id);
  out.key("meta").begin_object().member("versionId", "1");
  out.member("lastUpdated", instant_text(updated)).end_object();
}

void end_resource(json::Writer& out) { out.end_object().raw("\n"); }

void write_coding(json::Writer& out, const Coding& coding) {
  out.begin_object().member("system", coding.system).member("code", coding.code);
  if (!coding.display.empty()) out.member("display", coding.display);
  out.end_object();
}

void write_concept(json::Writer& out, const Coding& coding) {
  out.begin_object().key("coding").begin_array();
  write_coding(out, coding);
  out.end_array();
  if (!coding.display.empty()) out.member("text", coding.display);
  out.end_object();
}

void write_concept_list(json::Writer& out, std::string_view key, const Coding& coding) {
  out.key(key).begin_array();
  write_concept(out, coding);
  out.end_array();
}

void write_reference(json::Writer& out, std::string_view type, std::string_view id,
                     std::string_view display) {
  std::string target(type);
  target += '/';
  target += id;
  out.begin_object().member("reference", target);
  if (!display.empty()) out.member("display", display);
  out.end_object();
}

void write_identifier(json::Writer& out, std::string_view system, std::string_view value,
                      const Coding& type) {
  out.begin_object();
  if (!type.code.empty()) {
    out.key("type");
    write_concept(out, type);
  }
  out.member("system", system).member("value", value).end_object();
}

void write_telecom(json::Writer& out, std::string_view system, std::string_view value,
                   std::string_view use) {
  out.begin_object().member("system", system).member("value", value).member("use", use);
  out.end_object();
}

void write_period(json::Writer& out, Moment start, Moment end) {
  out.begin_object().member("start", instant_text(start)).member("end", instant_text(end));
  out.end_object();
}

void write_quantity(json::Writer& out, int64_t value, int places, const Unit& unit) {
  out.begin_object().key("value").raw(decimal_text(value, places)).member("unit", unit.text);
  out.member("system", kUcum).member("code", unit.ucum).end_object();
}

}  // namespace kiln::sample
