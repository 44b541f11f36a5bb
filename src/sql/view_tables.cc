#include "sql/view_tables.h"

#include "base/thread.h"

namespace kiln::sql {
class ViewTables::Reading final : public Rows {
 public:
  Reading(ViewTables& tables, view::ViewPtr view)
      : tables_(tables),
        view_(std::move(view)),
        rows_(view_->schema()),
        on_stop_(tables.stop_, [this] { end(); }) {}

  ~Reading() override {
    end();
    thread_.join();
  }

  base::Result<std::unique_ptr<engine::RowsPiece>> next(const base::Deadline& deadline) override {
    if (!started_) {
      started_ = true;
      KILN_ASSIGN(thread_,
                  base::start_thread([this] { run(); },
                                     [this](base::Error error) { rows_.fail(std::move(error)); }));
    }
    return rows_.take(deadline);
  }

 private:
  void end() {
    stop_.request_stop();
    rows_.close();
  }

  void run() {
    engine::StreamOutput output(rows_);
    auto summary = engine::run(tables_.snapshot_, {{view_.get(), &output}}, tables_.options_,
                               stop_.get_token(), tables_.progress_);
    if (!summary.ok()) return rows_.fail(std::move(summary).error());
    tables_.add(std::move(*summary));
    rows_.end();
  }

  ViewTables& tables_;
  const view::ViewPtr view_;
  std::stop_source stop_;
  engine::RowsStream rows_;
  bool started_ = false;
  base::Thread thread_;  // ends before what it uses
  std::stop_callback<std::function<void()>> on_stop_;
};

ViewTables::ViewTables(const Query& query, const dataset::Snapshot& snapshot,
                       const engine::Options& options, std::stop_token stop,
                       base::Progress* progress)
    : query_(query),
      snapshot_(snapshot),
      options_(options),
      stop_(std::move(stop)),
      progress_(progress) {}

ViewTables::~ViewTables() = default;

base::Result<std::unique_ptr<Rows>> ViewTables::open(size_t relation, const table::Wanted& wanted) {
  if (++readings_ > 1) {
    for (const dataset::SourcePtr& source : snapshot_.sources) {
      if (!source->about().once) continue;
      return base::Error(base::ErrorCode::kUsage,
                         "the query reads the data more than once, which cannot be done with " +
                             source->about().name);
    }
  }
  const view::ViewPtr& view = query_.relations[relation].view;
  view::ViewPtr read = view;
  if (wanted.columns.size() != view->schema().columns.size() || !wanted.conditions.empty()) {
    KILN_ASSIGN(read, view->narrowed(wanted, stop_));
  }
  return std::unique_ptr<Rows>(std::make_unique<Reading>(*this, std::move(read)));
}

uint64_t ViewTables::expected_rows(size_t relation) const {
  const std::string& type = query_.relations[relation].view->resource();
  static constexpr uint64_t kResource = 1000;  // bytes, about
  uint64_t size = 0;
  for (const dataset::SourcePtr& source : snapshot_.sources) {
    if (source->may_hold(type)) size += source->about().size;
  }
  return size / kResource;
}

void ViewTables::add(engine::Summary summary) {
  base::MutexLock lock(mutex_);
  engine::add(std::move(summary), summary_);
}

engine::Summary ViewTables::take_summary() {
  base::MutexLock lock(mutex_);
  return std::move(summary_);
}

}  // namespace kiln::sql
