#include "plan/record.h"

#include <utility>

#include "json/document.h"
#include "json/writer.h"
#include "plan/compilation.h"

namespace kiln::plan {
namespace {

base::Error not_understood(std::string_view what, json::Value value) {
  return base::Error(
      base::ErrorCode::kInternal,
      "the job's record names an unknown " + std::string(what) + ": " + std::string(value.text()));
}

base::Status read_layout(json::Value root, output::Layout& layout) {
  const auto format = table::format_of(root["format"].text());
  if (!format) return not_understood("format", root["format"]);
  layout.format = *format;
  layout.text.header = root["header"].boolean();
  const auto compression = output::compression_of(root["compression"].text());
  if (!compression) return not_understood("compression", root["compression"]);
  layout.compression = *compression;
  if (const auto rows = root["partRows"].integer()) layout.part_rows = static_cast<uint64_t>(*rows);
  return {};
}

void read_filter(json::Value root, engine::FilterSpec& filter) {
  filter.since = root["since"].integer();
  const json::Value patients = root["patients"];
  if (patients.missing()) return;
  auto& ids = filter.patients.emplace();
  for (const json::Value id : patients.items()) ids.emplace(id.text());
}

/// "" stands for none, which is not the same as a record that does not say.
base::Status read_version(json::Value value, std::optional<fhir::Version>& version) {
  if (value.missing()) return {};
  version = fhir::version_of(value.text());
  return version || value.text().empty() ? base::Status() : not_understood("FHIR version", value);
}

void write_filter(const engine::FilterSpec& filter, json::Writer& writer) {
  if (filter.patients) {
    writer.key("patients").begin_array();
    for (const std::string& id : *filter.patients) writer.string(id);
    writer.end_array();
  }
  if (filter.since) writer.key("since").number(*filter.since);
}

}  // namespace

std::string write_record(const Plan& plan) {
  json::Writer writer;
  writer.begin_object().member("format", table::name_of(plan.layout.format));
  writer.key("header").boolean(plan.layout.text.header);
  writer.member("compression", output::name_of(plan.layout.compression));
  writer.key("partRows").number(plan.layout.part_rows);
  writer.member("fhirVersion", plan.fhir_version ? fhir::name_of(*plan.fhir_version) : "");
  write_filter(plan.filter, writer);
  writer.key("views").begin_array();
  for (const Subject& subject : plan.subjects) {
    writer.begin_object().member("output", subject.name).member("file", subject.stem);
    writer.member("view", subject.text).end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).take();
}

base::Result<PlanPtr> read_record(std::string_view text, const Draft& rest,
                                  dataset::SnapshotPtr data, const std::stop_token& stop) {
  KILN_ASSIGN(const json::DocumentPtr document,
              json::Document::parse(std::string(text), "job record"));
  const json::Value root = document->root();
  Plan plan;
  plan.layout = rest.layout;
  plan.rules = rest.rules;
  plan.fhir_version = rest.fhir_version;
  plan.data = std::move(data);
  KILN_TRY(read_layout(root, plan.layout));
  KILN_TRY(read_version(root["fhirVersion"], plan.fhir_version));
  read_filter(root, plan.filter);
  for (const json::Value item : root["views"].items()) {
    Subject subject;
    subject.name = item["output"].text();
    subject.stem = item["file"].text();
    subject.text = item["view"].text();
    KILN_ASSIGN(subject.view, compile_text(subject.text, subject.name, {plan.fhir_version, stop}));
    plan.subjects.push_back(std::move(subject));
  }
  return std::make_shared<const Plan>(std::move(plan));
}

}  // namespace kiln::plan
