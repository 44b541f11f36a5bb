#include "api/input/negotiation.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.h"

namespace kiln::api {
namespace {

constexpr std::string_view kFhirJson = "application/fhir+json";
constexpr std::string_view kFhirXml = "application/fhir+xml";
constexpr std::string_view kBytes = "application/octet-stream";

/// One range of an Accept header (RFC 9110 §12.5.1).
struct MediaRange {
  std::string type;
  double weight = 1;
};

/// From 0 to 1; what is no number says nothing.
double weight_of(std::string_view text) {
  double weight = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), weight, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !(weight >= 0)) return 1;
  return std::min(weight, 1.0);
}

/// The ranges in order of preference; an empty list if there is no Accept header.
std::vector<MediaRange> accepted(const net::Headers& headers) {
  std::vector<MediaRange> ranges;
  const std::string accept = headers.get("Accept").value_or("");
  base::for_each_piece(accept, ',', [&](std::string_view piece) {
    MediaRange range;
    bool first = true;
    base::for_each_piece(base::trimmed(piece), ';', [&](std::string_view untrimmed) {
      const std::string_view part = base::trimmed(untrimmed);
      if (first) {
        range.type = base::lower(part);
      } else if (base::lower(part.substr(0, 2)) == "q=") {
        range.weight = weight_of(part.substr(2));
      }
      first = false;
    });
    if (!range.type.empty()) ranges.push_back(std::move(range));
  });
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const MediaRange& a, const MediaRange& b) { return a.weight > b.weight; });
  return ranges;
}

bool matches(const MediaRange& range, std::string_view type) {
  if (range.type == "*/*" || range.type == type) return true;
  return range.type.ends_with("/*") &&
         type.starts_with(std::string_view(range.type).substr(0, range.type.size() - 1));
}

bool admits(const std::vector<MediaRange>& ranges, std::string_view type) {
  if (ranges.empty()) return true;
  // What is named exactly counts before a wildcard, also when it says no.
  for (const MediaRange& range : ranges) {
    if (range.type == type) return range.weight > 0;
  }
  return std::any_of(ranges.begin(), ranges.end(), [&](const MediaRange& range) {
    return range.weight > 0 && matches(range, type);
  });
}

std::optional<Representation> by_accept(const std::vector<MediaRange>& ranges) {
  const Representation usual{table::Format::kNdjson};
  if (ranges.empty()) return usual;
  bool any = false, any_text = false;
  for (const MediaRange& range : ranges) {
    if (range.weight <= 0) continue;
    if (const auto format = row_format_of(range.type)) return Representation{*format};
    any = any || range.type == "*/*" || range.type == "application/*" || range.type == kBytes;
    any_text = any_text || range.type == "text/*";
  }
  if (any) return usual;
  return any_text ? std::optional(Representation{table::Format::kCsv}) : std::nullopt;
}

/// Whether the client takes this type or none, as one that takes others too (or does not say)
/// leaves the choice to `_format`.
bool takes_only(const std::vector<MediaRange>& ranges, std::string_view type) {
  const auto is_taken = [](const MediaRange& range) { return range.weight > 0; };
  return std::any_of(ranges.begin(), ranges.end(), is_taken) &&
         std::all_of(ranges.begin(), ranges.end(), [&](const MediaRange& range) {
           return range.type == type || !is_taken(range);
         });
}

/// `_format` beats Accept, but for those who can take nothing else than FHIR.
std::optional<Representation> by_format(table::Format format,
                                        const std::vector<MediaRange>& ranges) {
  if (takes_only(ranges, kFhirXml)) return std::nullopt;
  if (format == table::Format::kFhir || !takes_only(ranges, kFhirJson)) {
    return Representation{format};
  }
  const bool is_text = format == table::Format::kCsv || format == table::Format::kJson;
  return is_text ? std::optional(Representation{format, true}) : std::nullopt;
}

}  // namespace

std::optional<table::Format> row_format_of(std::string_view text) {
  if (text == table::name_of(table::Format::kFhir)) return table::Format::kFhir;
  text = base::trimmed(text.substr(0, text.find(';')));
  if (text == kFhirJson) return table::Format::kFhir;
  return table::format_of(text);
}

void add_unsupported_format(std::string_view text, bool with_fhir, Issues& issues) {
  issues.add(IssueCode::kNotSupported, "_format",
             "the format '" + std::string(text) +
                 "' is not supported; supported are ndjson, csv, "
                 "json, parquet" +
                 (with_fhir ? " and fhir" : ""));
}

std::optional<Representation> negotiate(const std::optional<table::Format>& format,
                                        const net::Headers& headers, Issues& issues, Bare bare) {
  const auto ranges = accepted(headers);
  if (bare == Bare::kJson && format == table::Format::kJson && !takes_only(ranges, kFhirXml)) {
    return Representation{*format};
  }
  if (const auto chosen = format ? by_format(*format, ranges) : by_accept(ranges)) return chosen;
  issues.add(
      IssueCode::kNotAcceptable, "",
      "none of the accepted media types can be given: " + headers.get("Accept").value_or(""));
  return std::nullopt;
}

bool accepts_fhir_json(const net::Headers& headers) {
  const auto ranges = accepted(headers);
  return admits(ranges, kFhirJson) || admits(ranges, "application/json");
}

}  // namespace kiln::api
