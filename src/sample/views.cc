#include "sample/artefacts.h"

namespace kiln::sample {
namespace {

constexpr std::string_view kPatients = R"json({
  "resourceType": "ViewDefinition",
  "id": "patients",
  "url": "https://example.org/fhir/ViewDefinition/patients",
  "name": "patients",
  "title": "One row for each patient",
  "status": "active",
  "fhirVersion": ["4.0.1"],
  "resource": "Patient",
  "constant": [{
    "name": "birth_sex",
    "valueUri": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
  }],
  "select": [{
    "column": [
      {"name": "id", "path": "getResourceKey()"},
      {"name": "mrn", "path": "identifier.where(type.coding.exists(code = 'MR')).value.first()",
       "description": "Medical record number"},
      {"name": "gender", "path": "gender"},
      {"name": "birth_date", "path": "birthDate",
       "tag": [{"name": "ansi/type", "value": "DATE"}]},
      {"name": "deceased_at", "path": "deceased.ofType(dateTime)"},
      {"name": "phone", "path": "telecom.where(system = 'phone').value.first()"},
      {"name": "birth_sex", "path": "extension(%birth_sex).value.ofType(code).first()"}
    ]
  }, {
    "forEachOrNull": "name.where(use = 'official').first()",
    "column": [
      {"name": "family", "path": "family"},
      {"name": "given", "path": "given.join(' ')"}
    ]
  }]
}
)json";

constexpr std::string_view kPatientAddresses = R"json({
  "resourceType": "ViewDefinition",
  "id": "patient-addresses",
  "url": "https://example.org/fhir/ViewDefinition/patient-addresses",
  "name": "patient_addresses",
  "title": "One row for each address of a patient",
  "status": "active",
  "fhirVersion": ["4.0.1"],
  "resource": "Patient",
  "constant": [
    {"name": "geolocation", "valueUri": "http://hl7.org/fhir/StructureDefinition/geolocation"}
  ],
  "select": [{
    "column": [{"name": "patient_id", "path": "getResourceKey()"}]
  }, {
    "forEach": "address",
    "column": [
      {"name": "number", "path": "%rowIndex", "type": "integer"},
      {"name": "use", "path": "use"},
      {"name": "street", "path": "line.join(', ')"},
      {"name": "city", "path": "city"},
      {"name": "state", "path": "state"},
      {"name": "postal_code", "path": "postalCode"},
      {"name": "latitude",
       "path": "extension(%geolocation).extension('latitude').value.ofType(decimal).first()",
       "tag": [{"name": "ansi/type", "value": "DECIMAL(9,4)"}]},
      {"name": "longitude",
       "path": "extension(%geolocation).extension('longitude').value.ofType(decimal).first()",
       "tag": [{"name": "ansi/type", "value": "DECIMAL(9,4)"}]}
    ]
  }]
}
)json";

constexpr std::string_view kEncounters = R"json({
  "resourceType": "ViewDefinition",
  "id": "encounters",
  "url": "https://example.org/fhir/ViewDefinition/encounters",
  "name": "encounters",
  "title": "One row for each visit",
  "status": "active",
  "fhirVersion": ["4.0.1"],
  "resource": "Encounter",
  "select": [{
    "column": [
      {"name": "id", "path": "getResourceKey()"},
      {"name": "patient_id", "path": "subject.getReferenceKey(Patient)"},
      {"name": "practitioner_id",
       "path": "participant.individual.getReferenceKey(Practitioner).first()"},
      {"name": "organization_id", "path": "serviceProvider.getReferenceKey(Organization)"},
      {"name": "class", "path": "class.code"},
      {"name": "type", "path": "type.first().text"},
      {"name": "reason", "path": "reasonCode.first().text"},
      {"name": "started_at", "path": "period.start"},
      {"name": "ended_at", "path": "period.end"}
    ]
  }]
}
)json";

constexpr std::string_view kConditions = R"json({
  "resourceType": "ViewDefinition",
  "id": "conditions",
  "url": "https://example.org/fhir/ViewDefinition/conditions",
  "name": "conditions",
  "title": "One row for each SNOMED CT code of a condition",
  "status": "active",
  "fhirVersion": ["4.0.1"],
  "resource": "Condition",
  "select": [{
    "column": [
      {"name": "id", "path": "getResourceKey()"},
      {"name": "patient_id", "path": "subject.getReferenceKey(Patient)"},
      {"name": "encounter_id", "path": "encounter.getReferenceKey(Encounter)"},
      {"name": "clinical_status", "path": "clinicalStatus.coding.code.first()"},
      {"name": "onset", "path": "onset.ofType(dateTime)"},
      {"name": "abatement", "path": "abatement.ofType(dateTime)"}
    ]
  }, {
    "forEach": "code.coding.where(system = 'http://snomed.info/sct')",
    "column": [
      {"name": "code", "path": "code"},
      {"name": "display", "path": "display"}
    ]
  }]
}
)json";

constexpr std::string_view kBloodPressure = R"json({
  "resourceType": "ViewDefinition",
  "id": "blood-pressure",
  "url": "https://example.org/fhir/ViewDefinition/blood-pressure",
  "name": "blood_pressure",
  "title": "One row for each blood pressure, in mm[Hg]",
  "status": "active",
  "fhirVersion": ["4.0.1"],
  "resource": "Observation",
  "constant": [
    {"name": "panel", "valueCode": "85354-9"},
    {"name": "systolic", "valueCode": "8480-6"},
    {"name": "diastolic", "valueCode": "8462-4"}
  ],
  "where": [
    {"path": "code.coding.exists(system = 'http://loinc.org' and code = %panel)"}
  ],
  "select": [{
    "column": [
      {"name": "id", "path": "getResourceKey()"},
      {"name": "patient_id", "path": "subject.getReferenceKey(Patient)"},
      {"name": "encounter_id", "path": "encounter.getReferenceKey(Encounter)"},
      {"name": "effective", "path": "effective.ofType(dateTime)"}
    ]
  }, {
    "forEach": "component.where(code.coding.exists(code = %systolic)).first()",
    "column": [
      {"name": "systolic", "path": "value.ofType(Quantity).value",
       "tag": [{"name": "ansi/type", "value": "DECIMAL(5,1)"}]}
    ]
  }, {
    "forEachOrNull": "component.where(code.coding.exists(code = %diastolic)).first()",
    "column": [
      {"name": "diastolic", "path": "value.ofType(Quantity).value",
       "tag": [{"name": "ansi/type", "value": "DECIMAL(5,1)"}]}
    ]
  }]
}
)json";

constexpr std::string_view kObservations = R"json({
  "resourceType": "ViewDefinition",
  "id": "observations",
  "url": "https://example.org/fhir/ViewDefinition/observations",
  "name": "observations",
  "title": "One row for each measured or coded value, components included",
  "status": "active",
  "fhirVersion": ["4.0.1"],
  "resource": "Observation",
  "select": [{
    "column": [
      {"name": "id", "path": "getResourceKey()"},
      {"name": "patient_id", "path": "subject.getReferenceKey(Patient)"},
      {"name": "encounter_id", "path": "encounter.getReferenceKey(Encounter)"},
      {"name": "category", "path": "category.coding.code.first()"},
      {"name": "effective", "path": "effective.ofType(dateTime)"},
      {"name": "interpretation", "path": "interpretation.coding.code.first()"}
    ]
  }, {
    "unionAll": [{
      "forEach": "where(component.empty())",
      "column": [
        {"name": "code", "path": "code.coding.code.first()"},
        {"name": "display", "path": "code.text"},
        {"name": "value", "path": "value.ofType(Quantity).value",
         "tag": [{"name": "ansi/type", "value": "DECIMAL(10,2)"}]},
        {"name": "unit", "path": "value.ofType(Quantity).unit"},
        {"name": "value_text", "path": "value.ofType(CodeableConcept).text"}
      ]
    }, {
      "forEach": "component",
      "column": [
        {"name": "code", "path": "code.coding.code.first()"},
        {"name": "display", "path": "code.text"},
        {"name": "value", "path": "value.ofType(Quantity).value",
         "tag": [{"name": "ansi/type", "value": "DECIMAL(10,2)"}]},
        {"name": "unit", "path": "value.ofType(Quantity).unit"},
        {"name": "value_text", "path": "value.ofType(CodeableConcept).text"}
      ]
    }]
  }]
}
)json";

}  // namespace

std::vector<Artefact> sample_views() {
  return {{"views/blood-pressure.json", std::string(kBloodPressure)},
          {"views/conditions.json", std::string(kConditions)},
          {"views/encounters.json", std::string(kEncounters)},
          {"views/observations.json", std::string(kObservations)},
          {"views/patient-addresses.json", std::string(kPatientAddresses)},
          {"views/patients.json", std::string(kPatients)}};
}

}  // namespace kiln::sample
