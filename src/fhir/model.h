// What FHIR says of its types, for each version: generated tables behind a few lookups.
//
// The tables in generated/ are made by tools/generate_fhir_tables.py from HL7's definitions. All
// names of all versions share one pool in alphabetical order, so that a name is a small number
// everywhere: in a compiled expression, in a parsed resource, in a type's table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace kiln::fhir {

enum class Version : uint8_t { kR4, kR4B, kR5, kR6 };
/// All of them, in their order.
inline constexpr Version kVersions[] = {Version::kR4, Version::kR4B, Version::kR5, Version::kR6};
/// What is taken where nobody names one.
inline constexpr Version kDefaultVersion = Version::kR4;

/// For whoever has to choose one.
inline constexpr std::string_view kVersionNames = "R4, R4B, R5 or R6";

/// "R4", "R4B", "R5", "R6".
std::string_view name_of(Version version);
/// Of "R4", "4.0.1", "4.0", "5.0.0" and their like (as in ViewDefinition.fhirVersion); nothing for
/// a version that Kiln has no tables for. A label ("6.0.0-ballot3") does not matter.
std::optional<Version> version_of(std::string_view text);
/// True for a type of resource of any version: "Patient".
bool is_resource_type(std::string_view name);
/// True for a primitive of any version: "integer64", which R4 does not have.
bool is_primitive_type(std::string_view name);

/// A name in the pool: an element ("birthDate"), a JSON key ("valueQuantity") or a type
/// ("Patient.contact"). 0 is no name.
using NameId = uint16_t;
constexpr NameId kNoName = 0;

/// Number of names in the pool; valid ids are 1 .. name_count() - 1.
size_t name_count();
std::string_view text_of(NameId name);
/// kNoName when no version has such a name.
NameId find_name(std::string_view text);

/// A type of one version's model. 0 is no type. The System types have the same ids everywhere.
using TypeId = uint16_t;
constexpr TypeId kNoType = 0;
constexpr TypeId kSystemAny = 1;
constexpr TypeId kSystemBoolean = 2;
constexpr TypeId kSystemString = 3;
constexpr TypeId kSystemInteger = 4;
constexpr TypeId kSystemLong = 5;
constexpr TypeId kSystemDecimal = 6;
constexpr TypeId kSystemDate = 7;
constexpr TypeId kSystemDateTime = 8;
constexpr TypeId kSystemTime = 9;
constexpr TypeId kSystemQuantity = 10;
constexpr TypeId kFirstFhirType = 11;

enum class TypeKind : uint8_t { kSystem, kPrimitive, kComplex, kBackbone, kResource };

/// One possible JSON key of a type: a plain element has one row, a choice element one for each of
/// its types. Rows of a type are sorted by (element, json); inherited elements are included.
struct Field {
  NameId element;  ///< the FHIRPath name: "value"
  NameId json;     ///< the JSON key: "valueQuantity"
  TypeId type;
  bool list;    ///< may repeat: a JSON array
  bool choice;  ///< one type of several
};

/// Rows of the generated tables.
struct TypeRow {
  NameId name;  ///< "Patient", "Patient.contact"
  TypeId base;  ///< kNoType for the System types and the roots: Element and Resource, later Base
  TypeKind kind;
  bool abstract;
  uint16_t first_field;
  uint16_t field_count;
};
/// A profile of a type that definitions use as a type name ("SimpleQuantity" of Quantity).
struct ProfileRow {
  NameId name;
  TypeId type;
};
/// An element that ties a resource to a compartment: Observation.subject, or
/// Appointment.participant.actor; `path` is the dotted element path without the type.
struct CompartmentRow {
  TypeId resource;
  std::string_view path;
};
struct ModelTables {
  /// Index = TypeId: an empty row for kNoType, the System types, then the others sorted by name.
  std::span<const TypeRow> types;
  std::span<const Field> fields;
  std::span<const ProfileRow> profiles;                 ///< sorted by name
  std::span<const CompartmentRow> patient_compartment;  ///< sorted by resource
};

/// One version's model. Immutable, shared, thread-safe; lives as long as the program.
class Model {
 public:
  static const Model& of(Version version);

  constexpr explicit Model(Version version, const ModelTables& tables)
      : version_(version), tables_(tables) {}

  Version version() const { return version_; }
  size_t type_count() const { return tables_.types.size(); }

  /// A FHIR type by name, "Patient" or "Patient.contact" or a profile's ("SimpleQuantity"); kNoType
  /// if there is none. System types are not found here.
  TypeId find_type(std::string_view name) const;
  /// The same among resource types, abstract ones ("DomainResource") included.
  TypeId find_resource(std::string_view name) const;
  /// A System type by name, "String", "Any"; kNoType if there is none.
  TypeId find_system_type(std::string_view name) const;
  std::string_view name(TypeId type) const { return text_of(row(type).name); }
  TypeKind kind(TypeId type) const { return row(type).kind; }
  /// A type of FHIR whose values are JSON's own: a string, a number, a boolean.
  bool is_primitive(TypeId type) const { return kind(type) == TypeKind::kPrimitive; }
  /// A type of FHIR whose values are objects.
  bool is_complex(TypeId type) const { return kind(type) > TypeKind::kPrimitive; }
  bool is_abstract(TypeId type) const { return row(type).abstract; }
  TypeId base(TypeId type) const { return row(type).base; }
  /// True for the type itself, too.
  bool is_subtype(TypeId type, TypeId of) const;
  /// The System type that a primitive's value has: boolean → Boolean, instant → DateTime, code →
  /// String; kNoType for anything that is not a primitive.
  TypeId system_type(TypeId primitive) const;

  std::span<const Field> fields(TypeId type) const;
  /// The rows of one element: several for a choice, none if the type has no such element.
  std::span<const Field> element(TypeId type, NameId element) const;
  /// The row that a JSON key stands for; null if the type has no such key.
  const Field* json_field(TypeId type, NameId json) const;

  /// Names for suggestions: of all types, of the primitives, of the resource types that can be
  /// instantiated.
  std::vector<std::string_view> type_names() const;
  std::vector<std::string_view> primitive_names() const;
  std::vector<std::string_view> resource_names() const;
  /// The paths that tie a resource type to the patient compartment; empty for a type outside it.
  std::span<const CompartmentRow> patient_compartment(TypeId resource) const;

 private:
  template <typename Test>
  std::vector<std::string_view> names_of(Test test) const;
  const TypeRow& row(TypeId type) const { return tables_.types[type]; }
  Version version_;
  ModelTables tables_;
};

}  // namespace kiln::fhir
