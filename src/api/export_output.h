// The files of one exported view: rows into objects of the sink, in parts if they are asked for.
#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include "api/export_request.h"
#include "engine/output.h"
#include "job/job.h"
#include "job/job_runner.h"

namespace kiln::api {

/// What an ExportOutput needs to know. Everything referred to must outlive it.
struct ExportTarget {
  const job::Attempt& attempt;
  const ExportRequest& request;
  const ExportedView& view;
  const table::Schema& schema;
  uint64_t part_rows;              ///< 0: one file
  const std::string& scratch_dir;  ///< Parquet is made here first
  uint64_t process_memory;         ///< bytes; 0: unbounded
};

/// An engine::Output whose finished files can be asked for.
class ExportOutput : public engine::Output {
 public:
  /// The files that have been finished, in order.
  const std::vector<job::OutputFile>& files() const { return files_; }

 protected:
  std::vector<job::OutputFile> files_;
};

base::Result<std::unique_ptr<ExportOutput>> make_export_output(const ExportTarget& target);

}  // namespace kiln::api
