// In which representation a run answers (operations.md §2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/issue/issue.h"
#include "net/http.h"
#include "table/format/encoder.h"

namespace kiln::api {

/// Of a code or media type as `_format` takes them.
std::optional<table::Format> row_format_of(std::string_view text);
/// 400 `not-supported` with what is supported.
void add_unsupported_format(std::string_view text, bool with_fhir, Issues& issues);

struct Representation {
  table::Format format = table::Format::kNdjson;
  bool as_binary = false;  ///< the rows are the data of a Binary resource
};

/// Whether `_format=json` is the bare array also for those who take nothing but FHIR JSON, as BI
/// clients of $sqlquery-run ask for it.
enum class Bare : uint8_t { kByAccept, kJson };

/// `format` is what _format says, if it was given. 406 if the client takes nothing that we have.
std::optional<Representation> negotiate(const std::optional<table::Format>& format,
                                        const net::Headers& headers, Issues& issues,
                                        Bare bare = Bare::kByAccept);

/// True if the Accept header lets us answer with FHIR JSON, as all but runs and downloads do.
bool accepts_fhir_json(const net::Headers& headers);

}  // namespace kiln::api
