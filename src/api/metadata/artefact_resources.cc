#include "api/metadata/artefact_resources.h"

#include <algorithm>
#include <charconv>

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

namespace {

/// Artefacts of a page, unless the client asks for fewer.
constexpr uint64_t kMostOfAPage = 1000;
/// The id behind which a page begins; what a `next` link has.
constexpr std::string_view kAfter = "_after";

struct Search {
  uint64_t count = kMostOfAPage;
  std::string after;
};

Search read_search(const net::Request& request, Issues& issues) {
  Search search;
  for (const auto& [name, value] : request.query) {
    if (name == kAfter) {
      search.after = value;
    } else if (name == "_count") {
      uint64_t count = 0;
      const char* const end = value.data() + value.size();
      const auto read = std::from_chars(value.data(), end, count);
      if (value.empty() || read.ec != std::errc() || read.ptr != end) {
        issues.add(IssueCode::kInvalid, name, "'_count' must be a whole number: " + value);
      }
      search.count = std::min(count, kMostOfAPage);
    } else if (name != "_id" && name != "url" && name != "name" && name != "_format") {
      issues.add(IssueCode::kNotSupported, name, "'" + name + "' is not a search parameter here");
    }
  }
  return search;
}

bool matches(const plan::Artefact& artefact, std::string_view type, const net::Request& request) {
  if (artefact.type != type) return false;
  for (const auto& [name, value] : request.query) {
    if (name == "_id" && artefact.id != value) return false;
    if (name == "url" && artefact.url != value) return false;
    if (name == "name" && !artefact.name.starts_with(value)) return false;
  }
  return true;
}

/// The same search behind the artefact.
std::string next_page(const Service& service, std::string_view type, const net::Request& request,
                      const plan::Artefact& last) {
  std::string url = service.options.base_url + "/" + std::string(type) + "?";
  for (const auto& [name, value] : request.query) {
    if (name != kAfter) url += net::percent_encode(name) + "=" + net::percent_encode(value) + "&";
  }
  return url + std::string(kAfter) + "=" + net::percent_encode(last.id);
}

}  // namespace

net::Response search_artefacts(const Service& service, std::string_view type,
                               const net::Request& request) {
  Issues issues;
  const Search search = read_search(request, issues);
  if (!issues.empty()) return outcome_response(issues);
  const plan::ArtefactsPtr artefacts = service.artefacts.current();
  json::Writer entries;
  uint64_t total = 0;
  uint64_t shown = 0;
  const plan::Artefact* last = nullptr;
  bool more = false;
  entries.begin_array();
  for (const plan::Artefact* const artefact : artefacts->all()) {  // sorted by id
    if (!matches(*artefact, type, request)) continue;
    ++total;
    if (!search.after.empty() && artefact->id <= search.after) continue;
    more = shown == search.count;
    if (more) continue;
    ++shown;
    last = artefact;
    entries.begin_object();
    entries.member("fullUrl", service.options.base_url + "/" + artefact->type + "/" + artefact->id);
    entries.key("resource").raw(text_with_id(*artefact)).end_object();
  }
  entries.end_array();
  json::Writer writer;
  writer.begin_object().member("resourceType", "Bundle").member("type", "searchset");
  writer.key("total").number(total);
  if (more && last != nullptr) {
    writer.key("link").begin_array().begin_object().member("relation", "next");
    writer.member("url", next_page(service, type, request, *last)).end_object().end_array();
  }
  if (shown > 0) writer.key("entry").raw(entries.text());
  writer.end_object();
  net::Response response;
  response.headers.add("Content-Type", "application/fhir+json");
  response.body = std::move(writer).take();
  return response;
}

}  // namespace kiln::api
