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
  std::string_view resource;  ///< of the levels below the system's; "" if there are none
  std::span<const ParameterRow> in;
};

constexpr std::array kShared = {
    ParameterRow{"header", "boolean", "1", "CSV: a first line with the column names (true)"},
    ParameterRow{"patient", "Reference", "*", "Only resources of these patients' compartments"},
    ParameterRow{"group", "Reference", "*", "Only resources of these Groups' members"},
    ParameterRow{"_since", "instant", "1", "Only resources last updated later"},
};
constexpr ParameterRow kRunFormat{"_format", "code", "1",
                                  "ndjson (default), csv, json, parquet, fhir"};
constexpr ParameterRow kLimit{"_limit", "integer", "1", "At most so many rows"};
constexpr ParameterRow kResources{"resource", "Resource", "*",
                                  "For a view: evaluate these instead of the server's data"};
constexpr ParameterRow kName{"name", "string", "1", "Of the output; else the artefact's own"};

constexpr ParameterRow kViewCanonical{"viewCanonical", "canonical", "1",
                                      "The view, by canonical URL"};
constexpr ParameterRow kViewReference{"viewReference", "Reference", "1", "The view, by reference"};
constexpr ParameterRow kViewResource{"viewResource", "ViewDefinition", "1", "The view itself"};

constexpr ParameterRow kQueryCanonical{"queryCanonical", "canonical", "1",
                                       "The SQLQuery, by canonical URL"};
constexpr ParameterRow kQueryReference{"queryReference", "Reference", "1",
                                       "The SQLQuery, by reference"};
constexpr ParameterRow kQueryResource{"queryResource", "Library", "1", "The SQLQuery itself"};

constexpr ParameterRow kSubjectCanonical{"subjectCanonical", "canonical", "1",
                                         "The ViewDefinition or Library, by canonical URL"};
constexpr ParameterRow kSubjectReference{"subjectReference", "Reference", "1",
                                         "The ViewDefinition or Library, by reference"};
constexpr ParameterRow kSubjectResource{"subjectResource", "Resource", "1",
                                        "The ViewDefinition or Library itself"};

constexpr std::array kValueParts = {
    ParameterRow{"name", "string", "1", "Of the parameter"},
    ParameterRow{"value", "Element", "1", "In the value[x] of its type"},
};
constexpr ParameterRow kValues{"parameters", "Parameters", "1", "Values for a query's parameters"};
constexpr ParameterRow kValue{"parameter", "", "*", "One such value, another way", kValueParts};
constexpr ParameterRow kContext{"context", "Resource", "*",
                                "ViewDefinitions and SQLViews that the subjects depend on"};
constexpr ParameterRow kTableSource{"tableSource", "Resource", "*",
                                    "ViewDefinitions and SQLViews that the queries depend on"};
constexpr ParameterRow kOlderTableSource{"view", "Resource", "*", "An older name of tableSource"};

constexpr std::array kViewRun = {kRunFormat,    kViewCanonical, kViewReference,
                                 kViewResource, kResources,     kLimit};
constexpr std::array kQueryRun = {kRunFormat,     kQueryCanonical,   kQueryReference,
                                  kQueryResource, kValues,           kValue,
                                  kTableSource,   kOlderTableSource, kLimit};
constexpr std::array kSqlRun = {kRunFormat,       kSubjectCanonical, kSubjectReference,
                                kSubjectResource, kValues,           kValue,
                                kContext,         kResources,        kLimit};
constexpr std::array kRunOut = {
    ParameterRow{"return", "Binary", "1", "The rows, in the format that was asked for"},
};
constexpr std::array kOutputParts = {
    ParameterRow{"name", "string", "1", "Of the subject"},
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
    ParameterRow{"percentComplete", "integer", "1", "While it runs; as those below, an addition"},
    ParameterRow{"rowsWritten", "decimal", "1", "So far"},
    ParameterRow{"bytesRead", "decimal", "1", "So far"},
    ParameterRow{"bytesTotal", "decimal", "1", "That are to be read"},
    ParameterRow{"subjectsDone", "integer", "1", "So far"},
    ParameterRow{"subjectsTotal", "integer", "1", "In the job"},
    ParameterRow{"currentSubject", "string", "1", "The name of the output that got rows last"},
    ParameterRow{"output", "", "*", "One for each subject", kOutputParts},
};
constexpr ParameterRow kExportFormat{"_format", "code", "1",
                                     "ndjson (default), csv, json, parquet"};
constexpr ParameterRow kTracking{"clientTrackingId", "string", "1", "Comes back in every answer"};
constexpr ParameterRow kCompression{
    "_compression", "code", "1",
    "none (default), gzip, zstd: of the files; an addition of this server"};

constexpr std::array kViewParts = {kName, kViewCanonical, kViewReference, kViewResource};
constexpr std::array kQueryParts = {kName,          kQueryCanonical, kQueryReference,
                                    kQueryResource, kValues,         kValue};
constexpr std::array kSubjectParts = {
    kName, kSubjectCanonical, kSubjectReference, kSubjectResource, kValues, kValue};

constexpr std::array kViewExport = {
    kExportFormat,
    ParameterRow{"view", "", "*", "A name, and one way to say which view", kViewParts}, kTracking,
    kCompression};
constexpr std::array kQueryExport = {
    kExportFormat,
    ParameterRow{"query", "", "*", "A name, one way to say which query, and its values",
                 kQueryParts},
    kValues,
    kTableSource,
    kOlderTableSource,
    kTracking,
    kCompression};
constexpr std::array kSqlExport = {
    kExportFormat,
    ParameterRow{"subject", "", "*", "A name, one way to say which view or query, and its values",
                 kSubjectParts},
    kContext, kTracking, kCompression};

/// The two older generations have the guide's definitions as their base, the others the ballot's.
constexpr std::array kOperations = {
    OperationRow{"viewdefinition-run",
                 "http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run", false,
                 "Rows of one ViewDefinition, as they come", "ViewDefinition", kViewRun},
    OperationRow{"viewdefinition-export",
                 "http://sql-on-fhir.org/OperationDefinition/$viewdefinition-export", true,
                 "Tables of many ViewDefinitions as files, in the background", "ViewDefinition",
                 kViewExport},
    OperationRow{"sqlquery-run", "http://sql-on-fhir.org/OperationDefinition/$sqlquery-run", false,
                 "Rows of one SQL query over views", "Library", kQueryRun},
    OperationRow{"sqlquery-export", "http://sql-on-fhir.org/OperationDefinition/$sqlquery-export",
                 true, "Results of many SQL queries as files, in the background", "Library",
                 kQueryExport},
    OperationRow{"sql-run", "http://hl7.org/fhir/uv/sql-on-fhir/OperationDefinition/sql-run", false,
                 "Rows of one ViewDefinition, SQLQuery or SQLView", "", kSqlRun},
    OperationRow{"sql-export", "http://hl7.org/fhir/uv/sql-on-fhir/OperationDefinition/sql-export",
                 true, "ViewDefinitions, SQLQueries and SQLViews as files, in the background", "",
                 kSqlExport},
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

/// Those of a type of resource, or all.
void write_operations(json::Writer& writer, const Service& service, std::string_view resource) {
  writer.key("operation").begin_array();
  for (const OperationRow& row : kOperations) {
    if (resource.empty() || row.resource == resource) write_operation(writer, row, service);
  }
  writer.end_array();
}

void write_resource(json::Writer& writer, std::string_view type, const Service& service) {
  writer.begin_object().member("type", type).key("interaction").begin_array();
  for (const std::string_view code : {"read", "search-type"}) {
    writer.begin_object().member("code", code).end_object();
  }
  writer.end_array().key("searchParam").begin_array();
  for (const auto& [name, kind] : {std::pair("_id", "token"), std::pair("url", "uri"),
                                   std::pair("name", "string"), std::pair("_count", "number")}) {
    writer.begin_object().member("name", name).member("type", kind).end_object();
  }
  writer.end_array();
  write_operations(writer, service, type);
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
  write_operations(writer, service, "");
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
    writer.member("base", row.base);
    writer.key("affectsState").boolean(row.changes_state);
    const bool below = !row.resource.empty();
    if (below) writer.key("resource").begin_array().string(row.resource).end_array();
    writer.key("system").boolean(true).key("type").boolean(below).key("instance").boolean(below);
    writer.key("parameter").begin_array();
    write_parameters(writer, "in", kShared);
    write_parameters(writer, "in", row.in);
    if (row.changes_state) {
      write_parameters(writer, "out", kExportOut);
    } else {
      write_parameters(writer, "out", kRunOut);
    }
    writer.end_array().end_object();
    return fhir_response(std::move(writer));
  }
  return outcome_response(Issue{IssueCode::kUnknown, "no such OperationDefinition", ""});
}

}  // namespace kiln::api
