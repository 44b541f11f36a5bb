#include "fhir/model.h"

#include <algorithm>

#include "base/text.h"
#include "fhir/generated/tables.h"

namespace kiln::fhir {
namespace {

// All constants: a Model costs nothing before main, and its tables stay in read-only pages.
constinit const Model kModels[] = {
    Model(Version::kR4, generated::kR4),
    Model(Version::kR4B, generated::kR4B),
    Model(Version::kR5, generated::kR5),
    Model(Version::kR6, generated::kR6),
};

constexpr std::string_view kNames[] = {"R4", "R4B", "R5", "R6"};

// The numbers of each version's releases, with or without ".patch" at the end. The previews in
// between (4.1 to 4.6 but 4.3) have no tables.
constexpr struct {
  std::string_view number;
  Version version;
} kReleases[] = {
    {"4.0", Version::kR4}, {"4.3", Version::kR4B}, {"5.0", Version::kR5}, {"6.0", Version::kR6}};

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return base::is_digit(c); });
}

bool is_of_release(std::string_view text, std::string_view number) {
  if (!text.starts_with(number)) return false;
  text.remove_prefix(number.size());
  return text.empty() || (text.front() == '.' && is_digits(text.substr(1)));
}

bool equal_ignoring_case(std::string_view text, std::string_view upper) {
  return std::ranges::equal(text, upper, {}, [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
}

/// The rows whose key is the value; an empty span where they would be if there are none.
/// (std::ranges::equal_range does not compile with clang 14.)
template <typename Row, typename Id>
std::span<const Row> rows_of(std::span<const Row> sorted, Id Row::*key, Id value) {
  const auto begin = std::lower_bound(sorted.begin(), sorted.end(), value,
                                      [key](const Row& row, Id id) { return row.*key < id; });
  const auto end = std::upper_bound(begin, sorted.end(), value,
                                    [key](Id id, const Row& row) { return id < row.*key; });
  return {begin, end};
}

}  // namespace

std::string_view name_of(Version version) { return kNames[static_cast<size_t>(version)]; }

std::optional<Version> version_of(std::string_view text) {
  for (const Model& model : kModels) {
    if (equal_ignoring_case(text, name_of(model.version()))) return model.version();
  }
  if (const size_t dash = text.find('-'); dash != std::string_view::npos) {
    if (dash + 1 == text.size()) return std::nullopt;
    text = text.substr(0, dash);
  }
  if (text == "4") return Version::kR4;
  if (text == "5") return Version::kR5;
  if (text == "6") return Version::kR6;
  for (const auto& [number, version] : kReleases) {
    if (is_of_release(text, number)) return version;
  }
  return std::nullopt;
}

bool is_resource_type(std::string_view name) {
  return std::ranges::any_of(
      kModels, [&](const Model& model) { return model.find_resource(name) != kNoType; });
}

bool is_primitive_type(std::string_view name) {
  return std::ranges::any_of(
      kModels, [&](const Model& model) { return model.is_primitive(model.find_type(name)); });
}

size_t name_count() { return generated::kNameCount; }

std::string_view text_of(NameId name) {
  const uint32_t begin = generated::kNameOffsets[name];
  return {generated::kNameText + begin, generated::kNameOffsets[name + 1] - begin};
}

NameId find_name(std::string_view text) {
  NameId first = 0;  // Empty, so that it is before any text, and found for the empty one.
  for (size_t past = name_count(); past - first > 1;) {
    const auto middle = static_cast<NameId>((first + past) / 2);
    if (text_of(middle) <= text) {
      first = middle;
    } else {
      past = middle;
    }
  }
  return text_of(first) == text ? first : kNoName;
}

const Model& Model::of(Version version) { return kModels[static_cast<size_t>(version)]; }

TypeId Model::find_type(std::string_view name) const {
  const NameId id = find_name(name);
  if (id == kNoName) return kNoType;
  const auto types = rows_of(tables_.types.subspan(kFirstFhirType), &TypeRow::name, id);
  if (!types.empty()) return static_cast<TypeId>(types.data() - tables_.types.data());
  const auto profiles = rows_of(tables_.profiles, &ProfileRow::name, id);
  return profiles.empty() ? kNoType : profiles.front().type;
}

TypeId Model::find_resource(std::string_view name) const {
  const TypeId type = find_type(name);
  return kind(type) == TypeKind::kResource ? type : kNoType;
}

TypeId Model::find_system_type(std::string_view name) const {
  for (TypeId type = kSystemAny; type < kFirstFhirType; ++type) {
    if (this->name(type) == name) return type;
  }
  return kNoType;
}

bool Model::is_subtype(TypeId type, TypeId of) const {
  while (type != kNoType && type != of) type = base(type);
  return type != kNoType;
}

TypeId Model::system_type(TypeId primitive) const {
  if (kind(primitive) != TypeKind::kPrimitive) return kNoType;
  // Of a primitive's id, extension and value, the value alone has a System type.
  for (const Field& field : fields(primitive)) {
    if (kind(field.type) == TypeKind::kSystem) return field.type;
  }
  return kNoType;
}

std::span<const Field> Model::fields(TypeId type) const {
  return tables_.fields.subspan(row(type).first_field, row(type).field_count);
}

std::span<const Field> Model::element(TypeId type, NameId element) const {
  return rows_of(fields(type), &Field::element, element);
}

const Field* Model::json_field(TypeId type, NameId json) const {
  // Not sorted by key ("valueSet" may be another element than "value"), and a type's dozen rows of
  // eight bytes are read through as fast as they are halved.
  const auto rows = fields(type);
  const auto found = std::ranges::find(rows, json, &Field::json);
  return found == rows.end() ? nullptr : &*found;
}

template <typename Test>
std::vector<std::string_view> Model::names_of(Test test) const {
  std::vector<std::string_view> names;
  for (const TypeRow& row : tables_.types.subspan(1)) {
    if (test(row)) names.push_back(text_of(row.name));
  }
  return names;
}

std::vector<std::string_view> Model::type_names() const {
  return names_of([](const TypeRow&) { return true; });
}

std::vector<std::string_view> Model::primitive_names() const {
  return names_of([](const TypeRow& row) { return row.kind == TypeKind::kPrimitive; });
}

std::vector<std::string_view> Model::resource_names() const {
  return names_of(
      [](const TypeRow& row) { return row.kind == TypeKind::kResource && !row.abstract; });
}

std::span<const CompartmentRow> Model::patient_compartment(TypeId resource) const {
  return rows_of(tables_.patient_compartment, &CompartmentRow::resource, resource);
}

}  // namespace kiln::fhir
