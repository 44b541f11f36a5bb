#include "fhir/model.h"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace kiln::fhir {
namespace {

const Model& r4() { return Model::of(Version::kR4); }
const Model& r5() { return Model::of(Version::kR5); }
const Model& r6() { return Model::of(Version::kR6); }

/// Type names of an element's rows, in the order of the table.
std::vector<std::string_view> types_of(const Model& model, std::string_view type,
                                       std::string_view element) {
  std::vector<std::string_view> names;
  for (const Field& field : model.element(model.find_type(type), find_name(element))) {
    names.push_back(model.name(field.type));
  }
  return names;
}

/// The one row of a plain element.
Field only_row(const Model& model, std::string_view type, std::string_view element) {
  const auto rows = model.element(model.find_type(type), find_name(element));
  EXPECT_EQ(rows.size(), 1u) << type << "." << element;
  return rows.empty() ? Field{} : rows.front();
}

std::string compartment_of(const Model& model, std::string_view resource) {
  std::string paths;
  for (const CompartmentRow& row : model.patient_compartment(model.find_resource(resource))) {
    paths += (paths.empty() ? "" : " ") + std::string(row.path);
  }
  return paths;
}

TypeId system_type_of(const Model& model, std::string_view primitive) {
  return model.system_type(model.find_type(primitive));
}

bool is_subtype(const Model& model, std::string_view type, std::string_view of) {
  return model.is_subtype(model.find_type(type), model.find_type(of));
}

TEST(VersionTest, HasNames) {
  for (const Version version : kVersions) EXPECT_EQ(version_of(name_of(version)), version);
  EXPECT_EQ(name_of(Version::kR4B), "R4B");
}

TEST(VersionTest, IsReadFromReleaseNumbers) {
  for (const auto text : {"R4", "r4", "4", "4.0", "4.0.0", "4.0.1"}) {
    EXPECT_EQ(version_of(text), Version::kR4) << text;
  }
  for (const auto text : {"R4B", "r4b", "R4b", "4.3", "4.3.0"}) {
    EXPECT_EQ(version_of(text), Version::kR4B) << text;
  }
  for (const auto text : {"R5", "5", "5.0", "5.0.0", "5.0.0-ballot"}) {
    EXPECT_EQ(version_of(text), Version::kR5) << text;
  }
  for (const auto text : {"R6", "6", "6.0", "6.0.0", "6.0.0-ballot3"}) {
    EXPECT_EQ(version_of(text), Version::kR6) << text;
  }
}

TEST(VersionTest, IsNothingForAnythingElse) {
  for (const auto text : {"", "R", "R3", "3.0.2", "1.0.2", "R4 ", "R40", "4.", "4.0.", "4.0.x",
                          "4.00", "4.1.0", "4.6.0", "4.0.1.1", "6.0.0-", "-", "four"}) {
    EXPECT_EQ(version_of(text), std::nullopt) << text;
  }
}

TEST(NamePoolTest, FindsEveryNameAgain) {
  EXPECT_EQ(text_of(kNoName), "");
  for (size_t i = 1; i < name_count(); ++i) {
    const auto name = static_cast<NameId>(i);
    ASSERT_EQ(find_name(text_of(name)), name) << text_of(name);
    ASSERT_LT(text_of(static_cast<NameId>(name - 1)), text_of(name));
  }
}

TEST(NamePoolTest, HasWhatTheCodeLooksUpAndNothingElse) {
  for (const auto text : {"resourceType", "reference", "id", "extension", "url", "meta",
                          "lastUpdated", "Patient", "Patient.contact", "valueQuantity", "value"}) {
    EXPECT_NE(find_name(text), kNoName) << text;
  }
  for (const auto text : {"", "A", "zzz", "_birthDate", "value[x]", "Patient_Contact", "patienT"}) {
    EXPECT_EQ(find_name(text), kNoName) << text;
  }
}

TEST(ModelTest, IsWhole) {
  for (const Version version : kVersions) {
    const Model& model = Model::of(version);
    SCOPED_TRACE(name_of(version));
    EXPECT_EQ(model.version(), version);
    for (size_t i = kSystemAny; i < model.type_count(); ++i) {
      const auto type = static_cast<TypeId>(i);
      ASSERT_NE(model.name(type), "");
      ASSERT_LT(model.base(type), model.type_count());
      ASSERT_EQ(model.kind(type) == TypeKind::kSystem, type < kFirstFhirType);
      if (type >= kFirstFhirType) {
        ASSERT_EQ(model.find_type(model.name(type)), type);
      }
      for (const Field& field : model.fields(type)) {
        ASSERT_GT(field.type, kNoType) << model.name(type);
        ASSERT_LT(field.type, model.type_count()) << model.name(type);
        ASSERT_EQ(model.json_field(type, field.json), &field) << model.name(type);
        const auto rows = model.element(type, field.element);
        ASSERT_TRUE(rows.data() <= &field && &field < rows.data() + rows.size());
        ASSERT_EQ(rows.size() == 1, !field.choice) << text_of(field.json);
      }
    }
  }
}

TEST(ModelTest, HasTheCommonResourcesInEveryVersion) {
  for (const Version version : kVersions) {
    const Model& model = Model::of(version);
    SCOPED_TRACE(name_of(version));
    for (const auto name : {"Patient", "Observation", "Encounter", "Bundle", "Parameters"}) {
      const TypeId type = model.find_resource(name);
      ASSERT_NE(type, kNoType) << name;
      EXPECT_EQ(model.name(type), name);
      EXPECT_FALSE(model.is_abstract(type));
      EXPECT_TRUE(model.is_subtype(type, model.find_type("Resource")));
      EXPECT_EQ(only_row(model, name, "id").type, model.find_type("id"));
    }
    EXPECT_TRUE(is_subtype(model, "Patient", "DomainResource"));
    EXPECT_FALSE(is_subtype(model, "Bundle", "DomainResource"));
    EXPECT_TRUE(model.is_abstract(model.find_resource("DomainResource")));
  }
}

TEST(ModelTest, NamesTheResourcesThatCanBe) {
  const auto names = r4().resource_names();
  EXPECT_EQ(names.size(), 146u);
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_FALSE(std::ranges::binary_search(names, "DomainResource"));
  EXPECT_FALSE(std::ranges::binary_search(names, "HumanName"));
  EXPECT_TRUE(std::ranges::binary_search(names, "VisionPrescription"));
}

TEST(ModelTest, FindsNoTypeThatIsNotThere) {
  EXPECT_EQ(r4().find_type("Boolean"), kNoType);  // a System type
  EXPECT_EQ(r4().find_type("Patient.name"), kNoType);
  EXPECT_EQ(r4().find_type("birthDate"), kNoType);
  EXPECT_EQ(r4().find_type(""), kNoType);
  EXPECT_EQ(r4().find_type("ActorDefinition"), kNoType);  // new in R5
  EXPECT_NE(r5().find_type("ActorDefinition"), kNoType);
  EXPECT_EQ(r4().find_resource("HumanName"), kNoType);
  EXPECT_EQ(r4().find_resource("Patient.contact"), kNoType);
}

TEST(ModelTest, ExpandsChoices) {
  const auto rows = r4().element(r4().find_type("Observation"), find_name("value"));
  EXPECT_EQ(rows.size(), 11u);
  std::set<std::string_view> keys;
  for (const Field& field : rows) {
    EXPECT_TRUE(field.choice);
    EXPECT_FALSE(field.list);
    keys.insert(text_of(field.json));
  }
  EXPECT_EQ(keys, (std::set<std::string_view>{"valueQuantity", "valueCodeableConcept",
                                              "valueString", "valueBoolean", "valueInteger",
                                              "valueRange", "valueRatio", "valueSampledData",
                                              "valueTime", "valueDateTime", "valuePeriod"}));
  const Field* quantity =
      r4().json_field(r4().find_type("Observation"), find_name("valueQuantity"));
  ASSERT_NE(quantity, nullptr);
  EXPECT_EQ(quantity->type, r4().find_type("Quantity"));
  EXPECT_EQ(r4().json_field(r4().find_type("Observation"), find_name("value")), nullptr);
  EXPECT_EQ(r4().json_field(r4().find_type("Observation"), find_name("valueMoney")), nullptr);
}

TEST(ModelTest, KeepsAnElementApartFromAChoiceOfWhichItHasTheName) {
  const TypeId type = r5().find_type("ConceptMap.group.element.target.dependsOn");
  EXPECT_TRUE(r5().json_field(type, find_name("valueString"))->choice);
  const Field* value_set = r5().json_field(type, find_name("valueSet"));
  ASSERT_NE(value_set, nullptr);
  EXPECT_EQ(value_set->element, find_name("valueSet"));
  EXPECT_FALSE(value_set->choice);
}

TEST(ModelTest, FollowsContentReferences) {
  const Field inner = only_row(r4(), "Questionnaire.item", "item");
  EXPECT_EQ(inner.type, r4().find_type("Questionnaire.item"));
  EXPECT_TRUE(inner.list);
  // Whether it repeats is a matter of the referring element, not of the one referred to.
  EXPECT_FALSE(only_row(r4(), "Consent", "provision").list);
  EXPECT_TRUE(only_row(r4(), "Consent.provision", "provision").list);
  EXPECT_TRUE(only_row(r4(), "ExampleScenario.instance", "containedInstance").list);
  const Field request = only_row(r4(), "ExampleScenario.process.step.operation", "request");
  EXPECT_EQ(r4().name(request.type), "ExampleScenario.instance.containedInstance");
  EXPECT_FALSE(request.list);
}

TEST(ModelTest, HasTheFieldsOfBackboneElements) {
  for (const Version version : kVersions) {
    const Model& model = Model::of(version);
    SCOPED_TRACE(name_of(version));
    const TypeId contact = model.find_type("Patient.contact");
    EXPECT_EQ(model.kind(contact), TypeKind::kBackbone);
    EXPECT_EQ(model.name(model.base(contact)), "BackboneElement");
    const Field row = only_row(model, "Patient", "contact");
    EXPECT_EQ(row.type, contact);
    EXPECT_TRUE(row.list);
    for (const auto name : {"id", "extension", "modifierExtension", "relationship", "name",
                            "telecom", "address", "gender", "organization", "period"}) {
      EXPECT_EQ(model.element(contact, find_name(name)).size(), 1u) << name;
    }
    EXPECT_EQ(only_row(model, "Patient.contact", "id").type, model.find_type("string"));
    EXPECT_TRUE(only_row(model, "Patient.contact", "telecom").list);
    EXPECT_TRUE(model.element(contact, find_name("birthDate")).empty());
    EXPECT_EQ(model.name(model.base(model.find_type("Timing.repeat"))), "Element");
  }
}

TEST(ModelTest, FlattensInheritedElements) {
  for (const auto name : {"id", "meta", "contained", "extension", "language"}) {
    EXPECT_EQ(r4().element(r4().find_type("Patient"), find_name(name)).size(), 1u) << name;
  }
  EXPECT_EQ(only_row(r4(), "Patient", "contained").type, r4().find_type("Resource"));
  EXPECT_EQ(only_row(r4(), "Age", "value").type, r4().find_type("decimal"));
}

TEST(ModelTest, KnowsThePrimitiveHierarchy) {
  for (const Version version : kVersions) {
    const Model& model = Model::of(version);
    SCOPED_TRACE(name_of(version));
    for (const auto name : {"code", "id", "markdown"})
      EXPECT_TRUE(is_subtype(model, name, "string"));
    for (const auto name : {"url", "canonical", "uuid", "oid"}) {
      EXPECT_TRUE(is_subtype(model, name, "uri"));
    }
    EXPECT_TRUE(is_subtype(model, "positiveInt", "integer"));
    EXPECT_TRUE(is_subtype(model, "unsignedInt", "integer"));
    EXPECT_TRUE(is_subtype(model, "string", "string"));
    EXPECT_TRUE(is_subtype(model, "string", "Element"));
    EXPECT_FALSE(is_subtype(model, "string", "code"));
    EXPECT_FALSE(is_subtype(model, "uri", "string"));
    EXPECT_FALSE(is_subtype(model, "string", "Resource"));
    EXPECT_EQ(model.kind(model.find_type("code")), TypeKind::kPrimitive);
  }
}

TEST(ModelTest, KnowsTheSystemTypeOfAPrimitive) {
  for (const Version version : kVersions) {
    const Model& model = Model::of(version);
    SCOPED_TRACE(name_of(version));
    EXPECT_EQ(system_type_of(model, "boolean"), kSystemBoolean);
    EXPECT_EQ(system_type_of(model, "positiveInt"), kSystemInteger);
    EXPECT_EQ(system_type_of(model, "decimal"), kSystemDecimal);
    EXPECT_EQ(system_type_of(model, "date"), kSystemDate);
    EXPECT_EQ(system_type_of(model, "dateTime"), kSystemDateTime);
    EXPECT_EQ(system_type_of(model, "instant"), kSystemDateTime);
    EXPECT_EQ(system_type_of(model, "time"), kSystemTime);
    for (const auto name : {"string", "code", "uri", "base64Binary", "xhtml"}) {
      EXPECT_EQ(system_type_of(model, name), kSystemString) << name;
    }
    EXPECT_EQ(system_type_of(model, "Quantity"), kNoType);
    EXPECT_EQ(system_type_of(model, "Patient"), kNoType);
  }
  EXPECT_EQ(system_type_of(r4(), "integer64"), kNoType);
  EXPECT_EQ(system_type_of(r5(), "integer64"), kSystemLong);
}

TEST(ModelTest, GivesIdsAndUrlsAFhirType) {
  EXPECT_EQ(only_row(r5(), "HumanName", "id").type, r5().find_type("string"));
  EXPECT_EQ(only_row(r5(), "Resource", "id").type, r5().find_type("id"));
  EXPECT_EQ(only_row(r4(), "Extension", "url").type, r4().find_type("uri"));
  EXPECT_EQ(types_of(r4(), "Extension", "value").size(), 50u);
}

TEST(ModelTest, KnowsQuantitiesAndTheirProfiles) {
  for (const Version version : kVersions) {
    const Model& model = Model::of(version);
    SCOPED_TRACE(name_of(version));
    EXPECT_TRUE(is_subtype(model, "Age", "Quantity"));
    EXPECT_TRUE(is_subtype(model, "Duration", "Quantity"));
    EXPECT_FALSE(is_subtype(model, "Quantity", "Age"));
    EXPECT_FALSE(is_subtype(model, "Money", "Quantity"));
    EXPECT_EQ(model.find_type("SimpleQuantity"), model.find_type("Quantity"));
    EXPECT_EQ(model.find_type("MoneyQuantity"), model.find_type("Quantity"));
  }
}

TEST(ModelTest, KnowsThePatientCompartment) {
  EXPECT_EQ(compartment_of(r4(), "Observation"), "performer subject");
  EXPECT_EQ(compartment_of(r4(), "Appointment"), "participant.actor");
  EXPECT_EQ(compartment_of(r4(), "AllergyIntolerance"), "asserter patient recorder");
  EXPECT_EQ(compartment_of(r4(), "AuditEvent"), "agent.who entity.what");
  EXPECT_EQ(compartment_of(r5(), "AllergyIntolerance"), "participant.actor patient");
  EXPECT_EQ(compartment_of(r5(), "NutritionIntake"), "reported subject");
  EXPECT_EQ(compartment_of(r6(), "EpisodeOfCare"), "subject");
  for (const Version version : kVersions) {
    const Model& model = Model::of(version);
    EXPECT_EQ(compartment_of(model, "Patient"), "link.other");
    EXPECT_EQ(compartment_of(model, "Organization"), "");
    EXPECT_EQ(compartment_of(model, "Nothing"), "");
  }
}

TEST(ModelTest, HasCompartmentPathsThatLeadToReferences) {
  for (const Version version : kVersions) {
    const Model& model = Model::of(version);
    for (const auto resource : model.resource_names()) {
      for (const CompartmentRow& row : model.patient_compartment(model.find_resource(resource))) {
        TypeId type = row.resource;
        bool reference = false;
        for (std::string_view rest = row.path; !rest.empty();) {
          const std::string_view name = rest.substr(0, rest.find('.'));
          rest.remove_prefix(std::min(rest.size(), name.size() + 1));
          const auto rows = model.element(type, find_name(name));
          ASSERT_FALSE(rows.empty()) << resource << "." << row.path;
          type = rows.front().type;
          reference = std::ranges::any_of(
              rows, [&](const Field& field) { return field.type == model.find_type("Reference"); });
        }
        EXPECT_TRUE(reference) << resource << "." << row.path;
      }
    }
  }
}

TEST(ModelTest, MakesR6OutOfItsSchema) {
  EXPECT_EQ(types_of(r6(), "Patient", "deceased"),
            (std::vector<std::string_view>{"boolean", "dateTime"}));
  EXPECT_TRUE(r6().element(r6().find_type("Patient"), find_name("deceasedBoolean")).empty());
  EXPECT_EQ(types_of(r6(), "Observation", "value").size(), 13u);
  EXPECT_EQ(only_row(r6(), "Questionnaire.item", "item").type,
            r6().find_type("Questionnaire.item"));
  EXPECT_EQ(only_row(r6(), "Consent.provision", "resourceType").type, r6().find_type("Coding"));
  // Both "type" and "typeReference" are elements, not a choice.
  EXPECT_FALSE(only_row(r6(), "PlanDefinition.action.participant", "typeReference").choice);
  EXPECT_EQ(only_row(r6(), "ViewDefinition.select", "unionAll").type,
            r6().find_type("ViewDefinition.select"));
  EXPECT_TRUE(is_subtype(r6(), "ViewDefinition", "DomainResource"));
}

TEST(ModelTest, ListsOfVersionsAndTypesAgree) {
  std::string names;
  for (const Version version : kVersions) {
    const bool last = version == kVersions[std::size(kVersions) - 1];
    names += (names.empty() ? "" : (last ? " or " : ", ")) + std::string(name_of(version));
    for (const std::string_view name : Model::of(version).primitive_names()) {
      EXPECT_TRUE(is_primitive_type(name)) << name;
    }
    for (const std::string_view name : Model::of(version).resource_names()) {
      EXPECT_TRUE(is_resource_type(name)) << name;
    }
  }
  EXPECT_EQ(names, kVersionNames);
  EXPECT_TRUE(is_primitive_type("integer64"));
  EXPECT_FALSE(r4().is_primitive(r4().find_type("integer64")));
  EXPECT_FALSE(is_primitive_type("Patient"));
  EXPECT_FALSE(is_primitive_type("String"));
  EXPECT_FALSE(is_resource_type("string"));
  EXPECT_EQ(r4().find_system_type("String"), kSystemString);
  EXPECT_EQ(r4().find_system_type("string"), kNoType);
}

/// Any other than integer64 would be a type of an R4 view that R4 does not have.
TEST(ModelTest, OnlyInteger64IsNotInAllVersions) {
  for (const Version version : kVersions) {
    for (const std::string_view name : Model::of(version).primitive_names()) {
      if (name == "integer64") continue;
      EXPECT_TRUE(r4().is_primitive(r4().find_type(name))) << name;
    }
  }
}

}  // namespace
}  // namespace kiln::fhir
