// A line on stderr that shows how far a run has come.
#pragma once

#include <memory>

#include "engine/pipeline.h"

namespace kiln::app {

/// Draws from a thread of its own until it is destroyed, then wipes the line.
class ProgressBar {
 public:
  explicit ProgressBar(const engine::Progress& progress);
  ~ProgressBar();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "1.5 GB", "320 kB".
std::string format_bytes(double bytes);

}  // namespace kiln::app
