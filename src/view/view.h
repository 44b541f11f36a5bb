// A compiled view: rows out of resources.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "fhir/model.h"
#include "fhirpath/evaluation.h"
#include "json/shape.h"
#include "table/batch.h"
#include "table/condition.h"
#include "view/definition.h"

namespace kiln::view {

struct CompileOptions {
  /// Without it the highest supported one that the view names, else R4.
  std::optional<fhir::Version> version;
  /// Compiling ends soon after, with an error of code kCancelled among the problems.
  std::stop_token stop{};
};

/// Steps that compiling one view may take. Beyond, the error is kLimit and says where.
constexpr uint64_t kMostViewSteps = 16'000'000;

class RowProgram;
struct SelectProgram;

/// Immutable and thread-safe. What changes while it runs belongs to a RowEvaluation.
class CompiledView {
 public:
  /// Compiles a view that was read without errors. Null if there are any; all are in `problems`.
  static std::shared_ptr<const CompiledView> compile(ViewDefinition definition,
                                                     const CompileOptions& options,
                                                     Problems& problems);
  /// The same rows in the same order with the wanted columns alone, less those of which a condition
  /// does not hold: nothing else is evaluated, and of a resource only what that needs is read.
  base::Result<std::shared_ptr<const CompiledView>> narrowed(const table::Wanted& wanted,
                                                             std::stop_token stop) const;
  ~CompiledView();

  const std::string& name() const { return name_; }
  const fhir::Model& model() const { return *model_; }
  /// The type of resource it is over, "Patient".
  const std::string& resource() const { return resource_; }
  fhir::TypeId resource_type() const { return resource_type_; }
  const table::Schema& schema() const { return schema_; }
  /// What it needs of a resource.
  const std::vector<json::ShapeNode>& demand() const { return demand_; }
  /// A text without which a line yields no row ("\"component\""); "" if there is none.
  const std::string& needle() const { return needle_; }

 private:
  friend class RowEvaluation;
  friend class ViewCompiler;
  CompiledView();

  std::shared_ptr<const ViewDefinition> definition_;
  std::string name_;
  const fhir::Model* model_ = nullptr;
  std::string resource_;
  fhir::TypeId resource_type_ = fhir::kNoType;
  table::Schema schema_;
  std::vector<json::ShapeNode> demand_;
  std::string needle_;
  std::unique_ptr<const RowProgram> rows_;
};

using ViewPtr = std::shared_ptr<const CompiledView>;

struct RowOptions {
  bool lenient_casts = false;                 ///< a value that does not fit is null, and counted
  std::stop_token stop{};                     ///< evaluation fails with kCancelled soon after
  base::MemoryReservation* memory = nullptr;  ///< what evaluation draws from; null: unbounded
};

/// Called when a batch has grown large in the midst of a resource: to take its rows out, with
/// clear_rows(). False: no more rows are wanted.
using TakeRows = std::function<bool(table::Batch&)>;

/// Runs one view over one resource after another. One per worker and view; not thread-safe.
class RowEvaluation {
 public:
  /// The view must outlive the evaluation.
  RowEvaluation(const CompiledView& view, base::WallTime now, RowOptions options);
  ~RowEvaluation();

  /// Appends the resource's rows to `batch`, all or, on an error, none. The texts of the rows stay
  /// valid as long as the line that the tape points into, and the batch's arena. One small resource
  /// can have millions of rows, where selects stand side by side: `take` is called each time that
  /// there are some megabytes in the batch; kCancelled if it wants no more.
  base::Status append_rows(const json::Tape& tape, table::Batch& batch, const TakeRows& take = {});

  /// With lenient casts: values that became null as they did not fit their column or their element.
  uint64_t casts_failed() const { return casts_failed_ + evaluation_.misfits(); }
  /// Where in the line the value stands that the last error is about; null if it is about none.
  const char* failed_at() const { return failed_at_; }

 private:
  friend class RowBuilder;
  /// The rows of a select that is more than columns.
  struct Part {
    const SelectProgram* select;
    const table::Cell* cells;
    uint32_t rows;
  };

  base::Status append(const json::Tape& tape, table::Batch& batch, const TakeRows& take);
  bool append_product(uint64_t total, table::Batch& batch, const TakeRows& take);
  size_t rows_at_once(uint64_t total) const;
  size_t most_rows() const;

  const CompiledView& view_;
  const RowOptions options_;
  fhirpath::Evaluation evaluation_;
  const size_t most_rows_;  ///< of a batch, as names and empty cells take room too
  uint64_t casts_failed_ = 0;
  const char* failed_at_ = nullptr;
  std::vector<table::Cell> row_;  ///< of the simple selects
  std::vector<Part> parts_;       ///< of the others
};

}  // namespace kiln::view
