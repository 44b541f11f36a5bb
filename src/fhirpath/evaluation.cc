#include "fhirpath/evaluation.h"

#include "fhirpath/values.h"

namespace kiln::fhirpath {

std::optional<std::string> Evaluation::text_of_item(const Item& item) {
  return fhirpath::text_of_item(context_, item);
}

std::string Evaluation::json_of_item(const Item& item) {
  return fhirpath::json_of_item(context_, item);
}

std::string Evaluation::type_name_of(const Item& item) const {
  const TypeInfo info = context_.type_info(item);
  std::string name(info.name);
  if (info.space == "System" && name != "Quantity" && !name.empty()) {
    name[0] = static_cast<char>(name[0] >= 'A' && name[0] <= 'Z' ? name[0] + 32 : name[0]);
  }
  return name;
}

}  // namespace kiln::fhirpath
