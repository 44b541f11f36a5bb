// Where the rows of a command that makes one table go, and in which format.
#pragma once

#include <optional>

#include "app/data_options.h"
#include "app/output_target.h"
#include "app/signals.h"
#include "plan/plan.h"

namespace kiln::app {

/// What can be told before anything is read.
struct Destination {
  OutputTarget target;
  std::optional<table::Format> format;  ///< none: a table for a person at a terminal
};

/// By -f, else by the ending of -o, else a table at a terminal and NDJSON elsewhere. kUsage for an
/// ending that is no format, and for a target that the format cannot be written to.
base::Result<Destination> choose_destination(const OutputOptions& options);

/// Puts the format into the layout, and what the format cannot hold among the problems.
void lay_out(const Destination& to, const OutputOptions& options, plan::Draft& draft,
             plan::Problems& problems);

/// Runs a draft of one subject over the options' data. The exit status; what goes wrong is printed,
/// also if the target is there and one of the data or of `sources`.
int run_to(const Destination& to, plan::Draft draft, const std::vector<std::string>& sources,
           const DataOptions& options, const SignalStop& signals);

/// Writes rows of texts, of which the first names the columns; a text of no characters is null. The
/// exit status, as above.
int write_lines(const Destination& to, const OutputOptions& options,
                const std::vector<std::vector<std::string>>& lines,
                const std::vector<std::string>& sources, const SignalStop& signals);

}  // namespace kiln::app
