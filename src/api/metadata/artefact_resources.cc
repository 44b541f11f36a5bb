#include "api/metadata/artefact_resources.h"

#include "api/issue/issue.h"
#include "json/writer.h"

namespace kiln::api {
namespace {

/// As it is, but with the id that it is known by.
std::string text_with_id(const plan::Artefact& artefact) {
  std::string text(artefact.value.raw());
  if (!artefact.value["id"].missing()) return text;
  json::Writer id;
  id.string(artefact.id);
  return text.insert(1, "\"id\":" + std::string(id.text()) + ",");
}

}  // namespace

net::Response read_artefact(const Service& service, std::string_view type, std::string_view id) {
  const plan::ArtefactsPtr artefacts = service.artefacts.current();
  const plan::Artefact* const artefact = artefacts->find_id(type, id);
  if (artefact == nullptr) {
    return outcome_response(Issue{IssueCode::kUnknown,
                                  "no such " + std::string(type) + ": " + std::string(id) +
                                      suggestion_text(artefacts->near_id(type, id)),
                                  ""});
  }
  net::Response response;
  response.headers.add("Content-Type", "application/fhir+json");
  response.body = text_with_id(*artefact);
  return response;
}

net::Response search_artefacts(const Service& service, std::string_view type,
                               const net::Request& request) {
  Issues issues;
  for (const auto& [name, value] : request.query) {
    if (name != "_id" && name != "url" && name != "name" && name != "_format") {
      issues.add(IssueCode::kNotSupported, name, "'" + name + "' is not a search parameter here");
    }
  }
  if (!issues.empty()) return outcome_response(issues);
  const auto matches = [&](const plan::Artefact& artefact) {
    if (artefact.type != type) return false;
    for (const auto& [name, value] : request.query) {
      if (name == "_id" && artefact.id != value) return false;
      if (name == "url" && artefact.url != value) return false;
      if (name == "name" && !artefact.name.starts_with(value)) return false;
    }
    return true;
  };
  const plan::ArtefactsPtr artefacts = service.artefacts.current();
  json::Writer entries;
  uint64_t total = 0;
  entries.begin_array();
  for (const plan::Artefact* const artefact : artefacts->all()) {
    if (!matches(*artefact)) continue;
    ++total;
    entries.begin_object();
    entries.member("fullUrl", service.options.base_url + "/" + artefact->type + "/" + artefact->id);
    entries.key("resource").raw(text_with_id(*artefact)).end_object();
  }
  entries.end_array();
  json::Writer writer;
  writer.begin_object().member("resourceType", "Bundle").member("type", "searchset");
  writer.key("total").number(total);
  if (total > 0) writer.key("entry").raw(entries.text());
  writer.end_object();
  net::Response response;
  response.headers.add("Content-Type", "application/fhir+json");
  response.body = std::move(writer).take();
  return response;
}

}  // namespace kiln::api
