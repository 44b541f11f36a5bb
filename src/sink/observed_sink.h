// A sink whose failures are told to somebody.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "sink/export_sink.h"

namespace kiln::sink {

enum class SinkOperation : uint8_t {
  kCreate,
  kWrite,
  kFinish,
  kOpen,
  kRead,
  kRemove,
  kList,
  kLease
};
constexpr SinkOperation kSinkOperations[] = {
    SinkOperation::kCreate, SinkOperation::kWrite,  SinkOperation::kFinish, SinkOperation::kOpen,
    SinkOperation::kRead,   SinkOperation::kRemove, SinkOperation::kList,   SinkOperation::kLease};
/// "create", "write", …
std::string_view name_of(SinkOperation operation);

/// Called on the thread on which the operation failed, from several at once; must not block. A stop
/// is no failure.
using SinkObserver = std::function<void(SinkOperation operation, const base::Error& error)>;

std::unique_ptr<ExportSink> observe_sink(std::unique_ptr<ExportSink> sink, SinkObserver observer);

}  // namespace kiln::sink
