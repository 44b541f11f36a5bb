#include "job/guard/sink_lease.h"

#include <utility>

namespace kiln::job {
namespace {

constexpr const char* kLease = "lease";
constexpr const char* kFormerLease = "former_lease";
constexpr const char* kHome = "home";
constexpr const char* kSettled = "settled";

}  // namespace

SinkLease::SinkLease(JobStore& store, sink::ExportSink& sink, base::Clock& clock,
                     base::RandomSource& random, std::string home,
                     std::chrono::milliseconds settling)
    : store_(store),
      sink_(sink),
      clock_(clock),
      home_(std::move(home)),
      settling_(settling),
      text_(base::random_hex(random, 16)) {}

base::Status SinkLease::check(const std::stop_token& stop) {
  if (!lost_ && !taken_) {
    KILN_TRY(take(stop));
  } else if (!lost_) {
    if (!noted_) noted_ = note().ok();
    KILN_ASSIGN(const std::string found, sink_.lease(stop));
    if (found.empty()) {  // removed by hand
      KILN_TRY(sink_.put_lease(text_, stop));
    } else {
      lost_ = found != text_;
    }
  }
  if (!lost_) return {};
  return base::Error(base::ErrorCode::kConflict,
                     "another server has taken over this instance's output in the sink");
}

base::Status SinkLease::note() {
  return store_.note({{kLease, text_},
                      {kFormerLease, former_},
                      {kHome, home_},
                      {kSettled, std::to_string(settled_.time_since_epoch().count())}});
}

/// What is noted before the sink is told makes a crash in between one's own. A disk so full that it
/// cannot be noted needs deletions more than it needs that.
base::Status SinkLease::take(const std::stop_token& stop) {
  KILN_ASSIGN(const std::string found, sink_.lease(stop));
  KILN_ASSIGN(const std::string last, store_.noted(kLease));
  KILN_ASSIGN(const std::string former, store_.noted(kFormerLease));
  KILN_ASSIGN(const std::string home, store_.noted(kHome));
  KILN_ASSIGN(const std::string settled, store_.noted(kSettled));
  const bool is_own = found.empty() || found == last || found == former;
  const bool is_home = home.empty() || home == home_;
  settled_ = settled.empty() ? base::WallTime()
                             : base::WallTime(std::chrono::milliseconds(std::stoll(settled)));
  if (!is_own || !is_home) settled_ = clock_.now() + settling_;
  former_ = found;
  const base::Status noted = note();
  noted_ = noted.ok();
  if (!noted_ && noted.error().code() != base::ErrorCode::kUnavailable) {
    return noted.error().clone();
  }
  KILN_TRY(sink_.put_lease(text_, stop));
  taken_ = true;
  return {};
}

}  // namespace kiln::job
