#include "api/metadata/metadata.h"

#include <array>
#include <span>

#include "api/issue/issue.h"
#include "json/writer.h"

namespace kiln::api {
namespace {

/// A parameter of an operation.
struct ParameterRow {
  std::string_view name;
  std::string_view type;  ///< "" for one with parts
  std::string_view max;
  std::string_view documentation;
  std::span<const ParameterRow> parts{};
};

struct OperationRow {
  std::string_view code;
  std::string_view base;  ///< the guide's definition
  bool changes_state;
  std::string_view title;
};

constexpr std::string_view kGuide = "http://sql-on-fhir.org/OperationDefinition/";

constexpr std::array kOperations = {
    OperationRow{"viewdefinition-run", "$viewdefinition-run", false,
                 "Rows of one ViewDefinition, as they come"},
    OperationRow{"viewdefinition-export", "$viewdefinition-export", true,
                 "Tables of many ViewDefinitions as files, in the background"},
};

constexpr std::array kShared = {
    ParameterRow{"header", "boolean", "1", "CSV: a first line with the column names (true)"},
    ParameterRow{"patient", "Reference", "*", "Only resources of these patients' compartments"},
    ParameterRow{"group", "Reference", "*", "Only resources of these Groups' members"},
    ParameterRow{"_since", "instant", "1", "Only resources last updated later"},
};
constexpr ParameterRow kCanonical{"viewCanonical", "canonical", "1", "The view, by canonical URL"};
constexpr ParameterRow kReference{"viewReference", "Reference", "1", "The view, by reference"};
constexpr ParameterRow kResource{"viewResource", "ViewDefinition", "1", "The view itself"};
constexpr std::array kRun = {
    ParameterRow{"_format", "code", "1", "ndjson (default), csv, json, parquet, fhir"},
    kCanonical,
    kReference,
    kResource,
    ParameterRow{"resource", "Resource", "*", "Evaluate these instead of the server's data"},
    ParameterRow{"_limit", "integer", "1", "At most so many rows"},
};
constexpr std::array kViewParts = {
    ParameterRow{"name", "string", "1", "Of the output; else the view's own"},
    kCanonical,
    kReference,
    kResource,
};
constexpr std::array kRunOut = {
    ParameterRow{"return", "Binary", "1", "The rows, in the format that was asked for"},
};
constexpr std::array kOutputParts = {
    ParameterRow{"name", "string", "1", "Of the view"},
    ParameterRow{"location", "uri", "*", "Of each file"},
    ParameterRow{"rowCount", "decimal", "1", "An addition of this server"},
    ParameterRow{"file", "", "*", "location, rowCount, size, sha256: an addition of this server"},
};
constexpr std::array kExportOut = {
    ParameterRow{"exportId", "string", "1", "Of the job"},
    ParameterRow{"clientTrackingId", "string", "1", "As it was given"},
    ParameterRow{"status", "code", "1", "accepted, in-progress, completed"},
    ParameterRow{"location", "uri", "1", "Where the job is polled"},
    ParameterRow{"cancelUrl", "uri", "1", "Where it is cancelled"},
    ParameterRow{"_format", "code", "1", "Of the files"},
    ParameterRow{"exportStartTime", "instant", "1", "Of the job that did it"},
    ParameterRow{"exportEndTime", "instant", "1", "When it had ended"},
    ParameterRow{"exportDuration", "integer", "1", "Seconds"},
    ParameterRow{"estimatedTimeRemaining", "integer", "1", "Seconds"},
    ParameterRow{"output", "", "*", "One for each view", kOutputParts},
};
constexpr std::array kExport = {
    ParameterRow{"_format", "code", "1", "ndjson (default), csv, json, parquet"},
    ParameterRow{"view", "", "*", "A name, and one way to say which view", kViewParts},
    ParameterRow{"clientTrackingId", "string", "1", "Comes back in every answer"},
    ParameterRow{"_compression", "code", "1",
                 "none (default), gzip, zstd: of the files; an addition of this server"},
};

void write_parameters(json::Writer& writer, std::string_view use,
                      std::span<const ParameterRow> rows) {
  for (const ParameterRow& row : rows) {
    writer.begin_object().member("name", row.name).member("use", use).key("min").number(0);
    writer.member("max", row.max).member("documentation", row.documentation);
    if (!row.type.empty()) writer.member("type", row.type);
    if (!row.parts.empty()) {
      writer.key("part").begin_array();
      write_parameters(writer, use, row.parts);
      writer.end_array();
    }
    writer.end_object();
  }
}

void write_operation(json::Writer& writer, const OperationRow& row, const Service& service) {
  writer.begin_object().member("name", row.code);
  writer.member("definition",
                service.options.base_url + "/OperationDefinition/" + std::string(row.code));
  writer.end_object();
}

void write_operations(json::Writer& writer, const Service& service) {
  writer.key("operation").begin_array();
  for (const OperationRow& row : kOperations) write_operation(writer, row, service);
  writer.end_array();
}

void write_resource(json::Writer& writer, std::string_view type, const Service& service) {
  writer.begin_object().member("type", type).key("interaction").begin_array();
  for (const std::string_view code : {"read", "search-type"}) {
    writer.begin_object().member("code", code).end_object();
  }
  writer.end_array().key("searchParam").begin_array();
  for (const auto& [name, kind] :
       {std::pair("_id", "token"), std::pair("url", "uri"), std::pair("name", "string")}) {
    writer.begin_object().member("name", name).member("type", kind).end_object();
  }
  writer.end_array();
  if (type == "ViewDefinition") write_operations(writer, service);
  writer.end_object();
}

net::Response fhir_response(json::Writer writer) {
  net::Response response;
  response.headers.add("Content-Type", "application/fhir+json");
  response.body = std::move(writer).take();
  return response;
}

}  // namespace

net::Response capability_statement(const Service& service, const std::string& version) {
  json::Writer writer;
  writer.begin_object().member("resourceType", "CapabilityStatement").member("status", "active");
  writer.member("date", base::to_instant(service.clock.now())).member("kind", "instance");
  writer.key("software").begin_object().member("name", "Kiln").member("version", version);
  writer.end_object().key("implementation").begin_object();
  writer.member("description", "SQL on FHIR views and exports");
  writer.member("url", service.options.base_url).end_object();
  writer.member("fhirVersion", "4.0.1");
  writer.key("format").begin_array();
  for (const std::string_view format : {"application/fhir+json", "application/x-ndjson", "text/csv",
                                        "application/json", "application/vnd.apache.parquet"}) {
    writer.string(format);
  }
  writer.end_array().key("rest").begin_array().begin_object().member("mode", "server");
  writer.member(
      "documentation",
      "Exports are listed by GET [base]/export, a hundred a page; `next` is the address of the "
      "following one, `status` (accepted, in-progress, completed, failed; repeatable) chooses "
      "among them, and each has its format and the first names of its outputs. DELETE on the "
      "result address of a finished export removes it with its output "
      "before it expires. A kick-off with an Idempotency-Key header can be repeated. Manifest "
      "outputs carry rowCount, and a part `file` with size and sha256 for each file.");
  writer.key("security").begin_object();
  writer.key("cors").boolean(!service.options.cors_origins.empty()).end_object();
  writer.key("resource").begin_array();
  write_resource(writer, "Library", service);
  write_resource(writer, "ViewDefinition", service);
  writer.begin_object().member("type", "OperationDefinition").key("interaction").begin_array();
  writer.begin_object().member("code", "read").end_object().end_array().end_object();
  writer.end_array();
  write_operations(writer, service);
  writer.end_object().end_array().end_object();
  return fhir_response(std::move(writer));
}

net::Response operation_definition(const Service& service, std::string_view id) {
  for (const OperationRow& row : kOperations) {
    if (row.code != id) continue;
    json::Writer writer;
    writer.begin_object().member("resourceType", "OperationDefinition").member("id", row.code);
    writer.member("url",
                  service.options.base_url + "/OperationDefinition/" + std::string(row.code));
    writer.member("name", row.code).member("title", row.title).member("status", "active");
    writer.member("kind", "operation").member("code", row.code);
    writer.member("base", std::string(kGuide) + std::string(row.base));
    writer.key("affectsState").boolean(row.changes_state);
    writer.key("resource").begin_array().string("ViewDefinition").end_array();
    writer.key("system").boolean(true).key("type").boolean(true).key("instance").boolean(true);
    writer.key("parameter").begin_array();
    write_parameters(writer, "in", kShared);
    if (row.changes_state) {
      write_parameters(writer, "in", kExport);
      write_parameters(writer, "out", kExportOut);
    } else {
      write_parameters(writer, "in", kRun);
      write_parameters(writer, "out", kRunOut);
    }
    writer.end_array().end_object();
    return fhir_response(std::move(writer));
  }
  return outcome_response(Issue{IssueCode::kUnknown, "no such OperationDefinition", ""});
}

}  // namespace kiln::api
