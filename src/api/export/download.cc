#include "api/export/download.h"

#include <algorithm>
#include <charconv>

#include "api/export/export_jobs.h"
#include "api/export/preconditions.h"
#include "api/issue/fault.h"
#include "api/issue/issue.h"
#include "base/text.h"

namespace kiln::api {
namespace {

/// One that is too large to hold is as large as can be.
std::optional<uint64_t> number_of(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return UINT64_MAX;
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

net::Response unsatisfiable(uint64_t size) {
  net::Response response =
      outcome_response(Issue{IssueCode::kOutOfRange, "the range lies outside of the file", ""});
  response.headers.add("Content-Range", "bytes */" + std::to_string(size));
  return response;
}

net::Response other_file() {
  return outcome_response(
      Issue{IssueCode::kOtherFile, "the file is not the one that is meant", ""});
}

net::Response sink_failed(const Service& service, const net::Request& request,
                          const base::Error& error) {
  if (error.code() == base::ErrorCode::kNotFound) return no_such_job();
  return fault_response(service, request, "exported file cannot be read", error);
}

}  // namespace

RangeKind parse_range(std::string_view header, uint64_t size, ByteRange& range) {
  range = {0, size};
  static constexpr std::string_view kUnit = "bytes=";
  if (base::lower(header.substr(0, kUnit.size())) != kUnit) return RangeKind::kNone;
  header.remove_prefix(kUnit.size());
  const size_t dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) {
    return RangeKind::kNone;
  }
  const auto first = number_of(header.substr(0, dash));
  const auto last = number_of(header.substr(dash + 1));
  if (dash == 0) {  // the last so many bytes
    if (!last) return RangeKind::kNone;
    if (*last == 0 || size == 0) return RangeKind::kUnsatisfiable;
    const uint64_t length = std::min(*last, size);
    range = {size - length, length};
    return RangeKind::kOne;
  }
  if (!first || (!last && dash + 1 != header.size()) || (last && *last < *first)) {
    return RangeKind::kNone;
  }
  if (*first >= size) return RangeKind::kUnsatisfiable;
  const uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  range = {*first, end - *first + 1};
  return RangeKind::kOne;
}

net::Response download(const Service& service, const Access& access, const net::Request& request,
                       const job::JobId& id, std::string_view name) {
  net::Response response;
  const auto view = find_job(service, access, request, id, response);
  if (!view) return response;
  const job::Job& job = view->job;
  const auto file = std::find_if(job.files.begin(), job.files.end(),
                                 [&](const job::OutputFile& one) { return one.name == name; });
  if (file == job.files.end()) {
    return outcome_response(Issue{IssueCode::kUnknown, "the export has no such file", ""});
  }

  const sink::ObjectKey key{id.text, job.attempt, file->name};
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(
      job.expires.value_or(service.clock.now()) - service.clock.now());
  // The signature is for a GET, and ends with the output.
  const auto seconds = static_cast<uint32_t>(std::max<int64_t>(0, left.count()));
  const auto url = request.method == "GET"
                       ? service.sink.presign(key, seconds, file->media_type, file->name)
                       : std::nullopt;
  if (url) {
    response.status = 307;
    response.headers.add("Location", *url);
    return response;
  }

  const Validators validators{"\"" + file->sha256 + "\"", job.finished};
  const Precondition precondition = evaluate_preconditions(request.headers, validators);
  if (precondition == Precondition::kFailed) return other_file();
  response.headers.add("ETag", validators.tag);
  if (job.finished) response.headers.add("Last-Modified", base::to_http_date(*job.finished));
  response.headers.add("Accept-Ranges", "bytes");
  if (precondition == Precondition::kNotModified) {
    response.status = 304;
    return response;
  }
  ByteRange range{0, file->size};
  if (const auto header = request.headers.get("Range");
      header && range_applies(request.headers, validators)) {
    const RangeKind kind = parse_range(*header, file->size, range);
    if (kind == RangeKind::kUnsatisfiable) return unsatisfiable(file->size);
    if (kind == RangeKind::kOne) {
      response.status = 206;
      response.headers.add("Content-Range", "bytes " + std::to_string(range.offset) + "-" +
                                                std::to_string(range.offset + range.length - 1) +
                                                "/" + std::to_string(file->size));
    }
  }
  response.headers.add("Content-Type", file->media_type);
  response.headers.add("Content-Disposition", "attachment; filename=\"" + file->name + "\"");
  auto source = service.sink.open(key, range.offset, range.length);
  if (!source.ok()) return sink_failed(service, request, source.error());
  response.body = net::SourceBody{std::move(source).value(), range.length,
                                  [&service, &request](const base::Error& error) {
                                    return sink_failed(service, request, error);
                                  }};
  return response;
}

}  // namespace kiln::api
