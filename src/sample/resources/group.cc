#include "sample/resources/elements.h"
#include "sample/resources/resources.h"

namespace kiln::sample {

void write_group(json::Writer& out, const Register& group) {
  begin_resource(out, "Group", group.id, Moment(kLastDay));
  out.key("active").boolean(true).member("type", "person").key("actual").boolean(true);
  out.member("name", group.name).key("quantity").number(uint64_t{group.patients.size()});
  // An empty array is no FHIR.
  if (!group.patients.empty()) out.key("member").begin_array();
  for (const std::string& patient : group.patients) {
    out.begin_object().key("entity");
    write_reference(out, "Patient", patient);
    out.end_object();
  }
  if (!group.patients.empty()) out.end_array();
  end_resource(out);
}

}  // namespace kiln::sample
