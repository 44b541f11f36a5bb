#include "engine/resource_filter.h"

#include <gtest/gtest.h>

#include "fhir/temporal.h"
#include "json/line_parser.h"

namespace kiln::engine {
namespace {

/// What a filter says of a resource that was parsed for nothing but the filter.
bool accepts(const FilterSpec& spec, const std::string& type, const std::string& resource) {
  const fhir::Model& model = fhir::Model::of(fhir::Version::kR4);
  const TypeFilter filter(spec, model, model.find_type(type));
  const json::Shape shape(filter.demand(), nullptr);
  json::LineParser parser(shape);
  const std::string line = resource + "\n" + std::string(json::kPadding, '\0');
  EXPECT_EQ(parser.parse(type, line.data()).kind, json::LineResult::Kind::kResource) << resource;
  return filter.accepts(parser.tape());
}

FilterSpec of_patient(const std::string& id) {
  FilterSpec spec;
  spec.patients.emplace().insert(id);
  return spec;
}

TEST(ResourceFilterTest, TakesThePatientOutOfAReference) {
  EXPECT_EQ(patient_id_of("Patient/1"), "1");
  EXPECT_EQ(patient_id_of("Patient/1/_history/2"), "1");
  EXPECT_EQ(patient_id_of("https://example.org/fhir/Patient/1"), "1");
  EXPECT_EQ(patient_id_of("urn:uuid:1-2"), "1-2");
  EXPECT_EQ(patient_id_of("Practitioner/1"), "");
  EXPECT_EQ(patient_id_of("NotPatient/1"), "");
  EXPECT_EQ(patient_id_of("#p1"), "");
  EXPECT_EQ(patient_id_of("1"), "");
  EXPECT_EQ(patient_id_of(""), "");
}

TEST(ResourceFilterTest, KeepsThePatientAndThoseWhoLinkToIt) {
  const FilterSpec spec = of_patient("1");
  EXPECT_TRUE(accepts(spec, "Patient", R"({"resourceType":"Patient","id":"1"})"));
  EXPECT_FALSE(accepts(spec, "Patient", R"({"resourceType":"Patient","id":"2"})"));
  EXPECT_FALSE(accepts(spec, "Patient", R"({"resourceType":"Patient"})"));
  EXPECT_TRUE(accepts(
      spec, "Patient",
      R"({"resourceType":"Patient","id":"2","link":[{"other":{"reference":"Patient/1"}}]})"));
}

TEST(ResourceFilterTest, Com9KeepsTheCompartmentAndNothingElse) {
  const FilterSpec spec = of_patient("1");
  const auto observation = [&](const std::string& rest) {
    return accepts(spec, "Observation", R"({"resourceType":"Observation")" + rest + "}");
  };
  EXPECT_TRUE(observation(R"(,"subject":{"reference":"Patient/1"})"));
  EXPECT_TRUE(observation(R"(,"performer":[{"reference":"Patient/2"},{"reference":"Patient/1"}])"));
  EXPECT_FALSE(observation(R"(,"subject":{"reference":"Patient/11"})"));
  EXPECT_FALSE(observation(R"(,"subject":{"reference":"Group/1"})"));
  EXPECT_FALSE(observation(R"(,"encounter":{"reference":"Patient/1"})"));
  EXPECT_FALSE(observation(R"(,"subject":{"display":"Patient/1"})"));
  EXPECT_FALSE(observation(""));
  EXPECT_TRUE(observation(R"(,"subject":{"refer\u0065nce":"Pati\u0065nt\/1"})"));
}

TEST(ResourceFilterTest, FollowsPathsThroughArrays) {
  EXPECT_TRUE(accepts(of_patient("1"), "Appointment",
                      R"({"resourceType":"Appointment","participant":[{"status":"accepted"},)"
                      R"({"actor":{"reference":"Patient/1"}}]})"));
}

TEST(ResourceFilterTest, TypesOutsideTheCompartmentAreExcluded) {
  EXPECT_FALSE(
      accepts(of_patient("1"), "Organization", R"({"resourceType":"Organization","id":"1"})"));
}

TEST(ResourceFilterTest, NoPatientsLetNothingPass) {
  FilterSpec spec;
  spec.patients.emplace();
  EXPECT_FALSE(accepts(spec, "Patient", R"({"resourceType":"Patient","id":"1"})"));
}

TEST(ResourceFilterTest, Com15SinceIsLaterThanTheInstantOrUnknown) {
  FilterSpec spec;
  spec.since = fhir::Temporal::parse_date_time("2024-01-01T12:00:00Z")->to_unix_microseconds();
  const auto updated = [&](const std::string& meta) {
    return accepts(spec, "Patient", R"({"resourceType":"Patient")" + meta + "}");
  };
  EXPECT_TRUE(updated(R"(,"meta":{"lastUpdated":"2024-01-01T12:00:00.001Z"})"));
  EXPECT_FALSE(updated(R"(,"meta":{"lastUpdated":"2024-01-01T12:00:00Z"})"));
  EXPECT_FALSE(updated(R"(,"meta":{"lastUpdated":"2024-01-01T13:00:00+01:00"})"));
  EXPECT_TRUE(updated(R"(,"meta":{"lastUpdated":"2024-01-01T12:00:00-01:00"})"));
  EXPECT_TRUE(updated(R"(,"meta":{"versionId":"1"})"));
  EXPECT_TRUE(updated(""));
}

}  // namespace
}  // namespace kiln::engine
