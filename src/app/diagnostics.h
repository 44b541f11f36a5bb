// What goes to stderr: errors that point, warnings, notes. Whatever they tell of goes through
// base::visible_text().
#pragma once

#include <string>

#include "base/error.h"
#include "plan/problem.h"

namespace kiln::app {

/// "error: message", where it is, the expression with a caret, what may have been meant.
void print_error(const base::Error& error);
void print_warning(const base::Error& warning);
void print_note(const std::string& text);
/// All errors and warnings, in their order; hints, as warnings, if they are asked for.
void print_problems(const plan::Problems& problems, bool with_hints = false);

/// The exit status for an error that ended a command: 1, or 2 for wrong usage.
int exit_status(const base::Error& error);
/// The same for all of them: 0 if there are none but warnings.
int exit_status(const plan::Problems& problems);

}  // namespace kiln::app
