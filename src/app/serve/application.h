// A running server: every part wired to the others.
#pragma once

#include <stop_token>

#include "app/serve/serve_options.h"
#include "base/error.h"

namespace kiln::app {

/// Serves until a stop is requested, then ends requests and jobs in order. Prints the line that
/// tells the address to stdout when it is ready to answer. An error is one of the start.
base::Status serve(const ServeOptions& options, std::stop_token stop);

}  // namespace kiln::app
