// Downloads of exported files (operations.md §4.4, RFC 9110 §13 and §14).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/access/access.h"
#include "api/service.h"
#include "net/http.h"

namespace kiln::api {

net::Response download(const Service& service, const Access& access, const net::Request& request,
                       const job::JobId& id, std::string_view file);

/// A part of a file.
struct ByteRange {
  uint64_t offset;
  uint64_t length;
};
enum class RangeKind : uint8_t { kNone, kOne, kUnsatisfiable };

/// One range of bytes; several, other units and nonsense are answered with the whole file.
RangeKind parse_range(std::string_view header, uint64_t size, ByteRange& range);

}  // namespace kiln::api
