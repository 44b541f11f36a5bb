#include "app/progress_bar.h"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "base/thread.h"

namespace kiln::app {

struct ProgressBar::State {
  explicit State(const engine::Progress& its_progress) : progress(its_progress) {}

  const engine::Progress& progress;
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;
  bool drawn = false;
  base::Thread thread;

  void draw() {
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const auto bytes = static_cast<double>(progress.bytes.load());
    const uint64_t rows = progress.rows.load();
    const uint64_t total = progress.bytes_total.load();
    const double rate = seconds > 0 ? bytes / seconds : 0;
    std::string line = "\r\x1b[K";
    if (total != 0) {
      static constexpr int kWidth = 24;
      const double part = std::min(1.0, bytes / static_cast<double>(total));
      const int filled = static_cast<int>(part * kWidth);
      line += "[" + std::string(static_cast<size_t>(filled), '#') +
              std::string(static_cast<size_t>(kWidth - filled), '.') + "] ";
      line += std::to_string(static_cast<int>(part * 100)) + "% ";
    }
    line +=
        format_bytes(bytes) + ", " + std::to_string(rows) + " rows, " + format_bytes(rate) + "/s";
    if (total != 0 && rate > 0) {
      const double left = (static_cast<double>(total) - bytes) / rate;
      line += ", " + std::to_string(static_cast<int>(left + 0.5)) + " s left";
    }
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
    drawn = true;
  }

  void run() {
    std::unique_lock lock(mutex);
    // Nothing is shown for work that is over at once.
    if (changed.wait_for(lock, std::chrono::milliseconds(300), [this] { return ended; })) return;
    do {
      draw();
    } while (!changed.wait_for(lock, std::chrono::milliseconds(100), [this] { return ended; }));
  }
};

ProgressBar::ProgressBar(const engine::Progress& progress)
    : state_(std::make_unique<State>(progress)) {
  // Without a thread, or memory, the work goes on and is not shown.
  auto thread = base::start_thread([state = state_.get()] { state->run(); }, [](base::Error) {});
  if (thread.ok()) state_->thread = std::move(*thread);
}

ProgressBar::~ProgressBar() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ended = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
  if (state_->drawn) std::fputs("\r\x1b[K", stderr);
}

std::string format_bytes(double bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < std::size(kUnits)) {
    bytes /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes,
                kUnits[unit]);
  return text;
}

}  // namespace kiln::app
