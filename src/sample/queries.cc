#include <span>

#include "base/base64.h"
#include "json/writer.h"
#include "sample/artefacts.h"

namespace kiln::sample {
namespace {

constexpr std::string_view kConditionCounts =
    R"sql(-- How many patients have had each condition.
SELECT c.display AS condition,
       count(DISTINCT c.patient_id) AS patients,
       count(DISTINCT c.patient_id) FILTER (WHERE p.gender = 'female') AS women,
       count(DISTINCT c.patient_id) FILTER (WHERE p.gender = 'male') AS men
FROM conditions AS c
JOIN patients AS p ON p.id = c.patient_id
GROUP BY c.display
ORDER BY patients DESC, condition
)sql";

constexpr std::string_view kBloodPressureByAge =
    R"sql(-- Mean blood pressure by decade of age.
WITH measured AS (
  SELECT year(CAST(substr(b.effective, 1, 10) AS DATE)) - year(p.birth_date) AS age,
         b.systolic,
         b.diastolic
  FROM blood_pressure AS b
  JOIN patients AS p ON p.id = b.patient_id
)
SELECT age // 10 * 10 AS from_age,
       count(*) AS measurements,
       round(avg(systolic), 1) AS mean_systolic,
       round(avg(diastolic), 1) AS mean_diastolic
FROM measured
GROUP BY from_age
ORDER BY from_age
)sql";

constexpr std::string_view kUncontrolled =
    R"sql(-- Patients with hypertension whose latest systolic blood pressure is
-- $threshold mm[Hg] or more.
WITH latest AS (
  SELECT patient_id, effective, systolic, diastolic,
         row_number() OVER (PARTITION BY patient_id ORDER BY effective DESC, id) AS place
  FROM blood_pressure
)
SELECT p.id, p.family, p.given, p.phone, l.effective, l.systolic, l.diastolic
FROM patients AS p
JOIN latest AS l ON l.patient_id = p.id AND l.place = 1
WHERE l.systolic >= $threshold
  AND p.deceased_at IS NULL
  AND EXISTS (SELECT 1 FROM conditions AS c WHERE c.patient_id = p.id AND c.code = '59621000')
ORDER BY l.systolic DESC, p.id
)sql";

struct Dependency {
  std::string_view id;     ///< of the ViewDefinition
  std::string_view label;  ///< its table in the SQL
};

struct Query {
  std::string_view id;
  std::string_view name;
  std::string_view title;
  std::string_view sql;
  std::span<const Dependency> dependencies;
  std::string_view parameter;  ///< an integer; empty: none
};

void write_parameter(json::Writer& out, std::string_view name) {
  out.key("parameter").begin_array().begin_object();
  out.member("name", name).member("use", "in").key("min").number(1).member("max", "1");
  out.member("type", "integer").end_object().end_array();
}

/// A Library of the SQLQuery profile of SQL on FHIR.
std::string library_of(const Query& query) {
  const std::string base = "https://example.org/fhir/";
  json::Writer out;
  out.begin_object().member("resourceType", "Library").member("id", query.id);
  out.member("url", base + "Library/" + std::string(query.id)).member("name", query.name);
  out.member("title", query.title).member("status", "active").key("type").begin_object();
  out.key("coding").begin_array().begin_object();
  out.member("system", "https://sql-on-fhir.org/ig/CodeSystem/LibraryTypesCodes");
  out.member("code", "sql-query").end_object().end_array().end_object();
  out.key("relatedArtifact").begin_array();
  for (const Dependency& dependency : query.dependencies) {
    out.begin_object().member("type", "depends-on").member("label", dependency.label);
    out.member("resource", base + "ViewDefinition/" + std::string(dependency.id)).end_object();
  }
  out.end_array();
  if (!query.parameter.empty()) write_parameter(out, query.parameter);
  out.key("content").begin_array().begin_object().member("contentType", "application/sql");
  out.member("data", base::base64_encode(query.sql)).end_object().end_array().end_object();
  return json::pretty(out.text()) + "\n";
}

}  // namespace

std::vector<Artefact> sample_queries() {
  static constexpr Dependency kCounted[] = {{"conditions", "conditions"}, {"patients", "patients"}};
  static constexpr Dependency kControlled[] = {
      {"conditions", "conditions"}, {"patients", "patients"}, {"blood-pressure", "blood_pressure"}};
  const Query counts{"condition-counts", "ConditionCounts", "Patients by condition",
                     kConditionCounts,   kCounted,          ""};
  const Query uncontrolled{"uncontrolled-blood-pressure",
                           "UncontrolledBloodPressure",
                           "Hypertension with a high latest blood pressure",
                           kUncontrolled,
                           kControlled,
                           "threshold"};
  return {{"queries/blood-pressure-by-age.sql", std::string(kBloodPressureByAge)},
          {"queries/condition-counts.json", library_of(counts)},
          {"queries/condition-counts.sql", std::string(kConditionCounts)},
          {"queries/uncontrolled-blood-pressure.json", library_of(uncontrolled)},
          {"queries/uncontrolled-blood-pressure.sql", std::string(kUncontrolled)}};
}

}  // namespace kiln::sample
