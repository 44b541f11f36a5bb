#include "api/export_request.h"

#include <cctype>
#include <set>

#include "base/text.h"
#include "json/writer.h"

namespace kiln::api {
namespace {

constexpr size_t kLongestStem = 100;

std::string safe_stem(std::string_view name) {
  std::string stem;
  for (const char c : name.substr(0, kLongestStem)) {
    const bool safe = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
                      (c == '.' && !stem.empty());
    stem += safe ? c : '_';
  }
  return stem.empty() ? "output" : stem;
}

}  // namespace

std::string ExportRequest::to_json() const {
  json::Writer writer;
  writer.begin_object().member("operation", operation).member("format", table::name_of(format));
  writer.key("header").boolean(header).member("compression", output::name_of(compression));
  if (filter.patients) {
    writer.key("patients").begin_array();
    for (const std::string& id : *filter.patients) writer.string(id);
    writer.end_array();
  }
  if (filter.since) writer.key("since").number(*filter.since);
  writer.key("views").begin_array();
  for (const ExportedView& view : views) {
    writer.begin_object().member("output", view.output).member("file", view.file);
    writer.member("view", view.text).end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).take();
}

base::Result<ExportRequest> ExportRequest::from_json(std::string_view text) {
  KILN_ASSIGN(const json::DocumentPtr document,
              json::Document::parse(std::string(text), "job record"));
  const json::Value root = document->root();
  ExportRequest request;
  request.operation = std::string(root["operation"].text());
  request.format = table::format_of(root["format"].text()).value_or(table::Format::kNdjson);
  request.header = root["header"].boolean();
  request.compression =
      output::compression_of(root["compression"].text()).value_or(output::Compression::kNone);
  request.filter.since = root["since"].integer();
  if (const json::Value patients = root["patients"]) {
    auto& ids = request.filter.patients.emplace();
    for (const json::Value id : patients.items()) ids.emplace(id.text());
  }
  for (const json::Value item : root["views"].items()) {
    request.views.push_back({std::string(item["output"].text()), std::string(item["file"].text()),
                             std::string(item["view"].text())});
  }
  return request;
}

std::vector<std::string> file_stems(const std::vector<std::string>& output_names) {
  std::set<std::string> taken;
  std::vector<std::string> stems;
  for (const std::string& name : output_names) {
    const std::string stem = safe_stem(name);
    std::string candidate = stem;
    for (int i = 2; !taken.insert(base::lower(candidate)).second; ++i) {
      candidate = stem + "_" + std::to_string(i);
    }
    stems.push_back(std::move(candidate));
  }
  return stems;
}

}  // namespace kiln::api
