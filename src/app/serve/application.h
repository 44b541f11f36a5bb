// A running server: every part wired to the others.
#pragma once

#include <stop_token>

#include "app/serve/hangups.h"
#include "app/serve/serve_options.h"
#include "base/error.h"

namespace kiln::app {

/// Serves until a stop is requested, then ends requests and jobs in order; reloads the views at a
/// hangup. Prints the line that
/// tells the address to stdout when it is ready to answer. An error is one of the start.
base::Status serve(const ServeOptions& options, const std::stop_token& stop, Hangups& hangups);

}  // namespace kiln::app
