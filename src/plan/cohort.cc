#include "plan/cohort.h"

#include <map>
#include <optional>
#include <set>

#include "engine/resource_filter.h"
#include "plan/compilation.h"

namespace kiln::plan {
namespace {

constexpr std::string_view kPatientView = R"json({"resourceType":"ViewDefinition",
  "name":"patients","status":"active","resource":"Patient",
  "select":[{"column":[{"name":"id","path":"id"}]}]})json";

constexpr std::string_view kGroupView = R"json({"resourceType":"ViewDefinition",
  "name":"members","status":"active","resource":"Group",
  "select":[{"column":[{"name":"id","path":"id"}]},
    {"forEachOrNull":"member.where(iif(inactive, false, true))",
     "column":[{"name":"reference","path":"entity.reference"}]}]})json";

/// Rows of texts, in the order of the input; if `ids` are given, only those that begin with one.
class RowCollector final : public engine::Output {
 public:
  using Rows = std::vector<std::vector<std::string>>;
  explicit RowCollector(const std::set<std::string>* ids) : ids_(ids) {}

  base::Result<std::unique_ptr<engine::Piece>> encode(table::Batch& batch) override {
    auto piece = std::make_unique<RowsPiece>();
    for (size_t row = 0; row < batch.rows(); ++row) {
      if (ids_ != nullptr && !ids_->contains(std::string(cell_text(batch.column(0), row))))
        continue;
      std::vector<std::string>& texts = piece->texts.emplace_back();
      for (size_t i = 0; i < batch.column_count(); ++i) {
        texts.emplace_back(cell_text(batch.column(i), row));
      }
    }
    piece->rows = batch.rows();
    return std::unique_ptr<engine::Piece>(std::move(piece));
  }
  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t) override {
    for (auto& row : static_cast<RowsPiece&>(*piece).texts) rows_.push_back(std::move(row));
    return {};
  }
  base::Status finish() override { return {}; }
  Rows take() { return std::move(rows_); }

 private:
  static std::string_view cell_text(const table::ColumnVector& column, size_t row) {
    return column.is_valid(row) ? column.text(row).view() : std::string_view();
  }
  class RowsPiece final : public engine::Piece {
   public:
    Rows texts;
  };
  const std::set<std::string>* const ids_;
  Rows rows_;
};

base::Result<RowCollector::Rows> read_rows(std::string_view view_text,
                                           const std::set<std::string>* ids,
                                           const dataset::Snapshot& snapshot,
                                           const engine::Options& options, std::stop_token stop) {
  KILN_ASSIGN(const view::ViewPtr view, compile_text(std::string(view_text), "cohort view"));
  RowCollector collector(ids);
  KILN_TRY(engine::run(snapshot, {{view.get(), &collector}}, options, std::move(stop), nullptr));
  return collector.take();
}

/// The id in "Patient/1" or "1"; no id if the reference is any other.
std::string id_of(std::string_view reference, std::string_view type) {
  const size_t slash = reference.find('/');
  if (slash == std::string_view::npos) return std::string(reference);
  return std::string(reference.substr(0, slash) == type ? reference.substr(slash + 1) : "");
}

/// The group in a member: the id in "Group/1" or ".../Group/1"; nothing if it refers to something
/// else.
std::optional<std::string> group_id_of(std::string_view reference) {
  reference = reference.substr(0, reference.find("/_history/"));
  const size_t slash = reference.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view before = reference.substr(0, slash);
  if (before != "Group" && !before.ends_with("/Group")) return std::nullopt;
  return std::string(reference.substr(slash + 1));
}

/// Groups by id with the references of their members.
using Members = std::map<std::string, std::vector<std::string>, std::less<>>;

void add_members(const Members& members, const std::string& group, std::set<std::string>& visited,
                 std::unordered_set<std::string>& patients) {
  std::vector<std::string> open = {group};
  while (!open.empty()) {
    const std::string id = std::move(open.back());
    open.pop_back();
    if (!visited.insert(id).second) continue;
    const auto found = members.find(id);
    if (found == members.end()) continue;
    for (const std::string& reference : found->second) {
      const std::string_view patient = engine::patient_id_of(reference);
      if (!patient.empty()) {
        patients.emplace(patient);
      } else if (auto inner = group_id_of(reference)) {
        open.push_back(std::move(*inner));
      }
    }
  }
}

}  // namespace

base::Result<Cohort> find_cohort(const dataset::Snapshot& snapshot,
                                 const std::vector<std::string>& patients,
                                 const std::vector<std::string>& groups,
                                 const engine::Options& options, std::stop_token stop) {
  engine::Options unfiltered = options;
  unfiltered.filter = {};
  unfiltered.limit = UINT64_MAX;
  Cohort cohort;
  if (!patients.empty()) {
    std::set<std::string> wanted;
    for (const std::string& reference : patients) {
      if (std::string id = id_of(reference, "Patient"); !id.empty()) wanted.insert(std::move(id));
    }
    KILN_ASSIGN(const auto rows, read_rows(kPatientView, &wanted, snapshot, unfiltered, stop));
    std::set<std::string> known;
    for (const auto& row : rows) known.insert(row[0]);
    for (const std::string& reference : patients) {
      const std::string id = id_of(reference, "Patient");
      if (known.contains(id)) {
        cohort.patients.insert(id);
      } else {
        cohort.unknown_patients.push_back(reference);
      }
    }
  }
  if (!groups.empty()) {
    KILN_ASSIGN(const auto rows, read_rows(kGroupView, nullptr, snapshot, unfiltered, stop));
    Members members;
    for (const auto& row : rows) {
      if (row[0].empty()) continue;
      std::vector<std::string>& references = members[row[0]];
      if (!row[1].empty()) references.push_back(row[1]);
    }
    std::set<std::string> visited;
    for (const std::string& reference : groups) {
      const std::string id = id_of(reference, "Group");
      if (members.contains(id)) {
        add_members(members, id, visited, cohort.patients);
      } else {
        cohort.unknown_groups.push_back(reference);
      }
    }
  }
  return cohort;
}

}  // namespace kiln::plan
