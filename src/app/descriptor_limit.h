// How many files and connections the process may have open.
#pragma once

#include <cstddef>

namespace kiln::app {

/// Raises the limit as far as the system lets us; what it is then.
size_t raise_descriptor_limit();

}  // namespace kiln::app
