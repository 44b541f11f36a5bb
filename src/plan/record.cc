#include "plan/record.h"

#include <algorithm>
#include <utility>

#include "json/document.h"
#include "json/writer.h"
#include "plan/compilation.h"
#include "plan/query_subject.h"

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

void write_labels(const std::vector<sql::Label>& labels, json::Writer& writer) {
  writer.key("labels").begin_array();
  for (const sql::Label& label : labels) {
    writer.begin_object().member("name", label.name);
    writer.key("relation").number(static_cast<uint64_t>(label.relation));
    writer.end_object();
  }
  writer.end_array();
}

void write_statement(const sql::Statement& statement, json::Writer& writer) {
  writer.member("sql", statement.text()).member("source", statement.source());
}

void write_query(const sql::Query& query, json::Writer& writer) {
  writer.key("query").begin_object();
  write_statement(query.statement, writer);
  write_labels(query.labels, writer);
  writer.key("relations").begin_array();
  for (const sql::Relation& relation : query.relations) {
    writer.begin_object().member("name", relation.name);
    if (relation.statement) {
      write_statement(*relation.statement, writer);
      write_labels(relation.labels, writer);
    } else {
      writer.member("view", relation.text);
    }
    writer.end_object();
  }
  writer.end_array().key("values").begin_array();
  for (const sql::Binding& binding : query.bindings) {
    writer.begin_object().member("name", binding.name).member("type", binding.type);
    if (binding.value) writer.member("value", *binding.value);
    writer.end_object();
  }
  writer.end_array().end_object();
}

std::vector<sql::Label> read_labels(json::Value list) {
  std::vector<sql::Label> labels;
  for (const json::Value item : list.items()) {
    labels.push_back({std::string(item["name"].text()),
                      static_cast<size_t>(item["relation"].integer().value_or(0))});
  }
  return labels;
}

base::Result<sql::Statement> read_statement(json::Value value) {
  return sql::Statement::parse(std::string(value["sql"].text()),
                               std::string(value["source"].text()));
}

/// Each reads what comes before it.
bool in_order(const std::vector<sql::Label>& labels, size_t end) {
  return std::all_of(labels.begin(), labels.end(),
                     [&](const sql::Label& label) { return label.relation < end; });
}

base::Result<sql::QueryPtr> read_query(json::Value value, const view::CompileOptions& options) {
  KILN_ASSIGN(sql::Statement statement, read_statement(value));
  sql::Query query{{}, std::move(statement), read_labels(value["labels"]), {}};
  for (const json::Value item : value["relations"].items()) {
    sql::Relation relation{std::string(item["name"].text()), nullptr};
    if (item["view"].missing()) {
      KILN_ASSIGN(relation.statement, read_statement(item));
      relation.labels = read_labels(item["labels"]);
    } else {
      relation.text = item["view"].text();
      KILN_ASSIGN(relation.view, compile_text(relation.text, relation.name, options));
    }
    if (!in_order(relation.labels, query.relations.size())) {
      return not_understood("relation", item["name"]);
    }
    query.relations.push_back(std::move(relation));
  }
  if (!in_order(query.labels, query.relations.size())) return not_understood("label", value["sql"]);
  for (const json::Value item : value["values"].items()) {
    const json::Value text = item["value"];
    query.bindings.push_back(
        {std::string(item["name"].text()), std::string(item["type"].text()),
         text.missing() ? std::nullopt : std::optional(std::string(text.text()))});
  }
  return std::make_shared<const sql::Query>(std::move(query));
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
    if (subject.query) {
      write_query(*subject.query, writer);
    } else {
      writer.member("view", subject.text);
    }
    writer.end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).take();
}

base::Result<PlanPtr> read_record(std::string_view text, const Draft& rest,
                                  dataset::SnapshotPtr data, const std::stop_token& stop,
                                  const sql::QueryRunner& runner, const sql::QueryLimits& limits) {
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
    const view::CompileOptions options{plan.fhir_version, stop};
    if (item["query"].missing()) {
      subject.text = item["view"].text();
      KILN_ASSIGN(subject.view, compile_text(subject.text, subject.name, options));
    } else {
      KILN_ASSIGN(subject.query, read_query(item["query"], options));
      Problems problems;
      describe_query(subject, problems, runner, limits, stop);
      if (!problems.ok()) return problems.all().front().error.clone();
    }
    plan.subjects.push_back(std::move(subject));
  }
  return std::make_shared<const Plan>(std::move(plan));
}

}  // namespace kiln::plan
