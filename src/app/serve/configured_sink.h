// The sink that the options name, as the one that holds a state directory's output.
#pragma once

#include <memory>
#include <stop_token>

#include "app/serve/serve_options.h"
#include "app/serve/state_directory.h"
#include "base/clock.h"
#include "job/job_store.h"
#include "sink/export_sink.h"

namespace kiln::app {

/// Opens the sink under the instance id of the state directory, which is made at the first time.
/// kConflict if there is output in another sink, files that were promised or deletions that are
/// owed, and not all of it is in this one, as if it had been moved. From a memory sink one can
/// always go, as it is empty: its jobs expire.
base::Result<std::unique_ptr<sink::ExportSink>> open_configured_sink(
    const ServeOptions& options, const StateDirectory& state, job::JobStore& store,
    base::Clock& clock, base::RandomSource& random, const std::stop_token& stop);

}  // namespace kiln::app
