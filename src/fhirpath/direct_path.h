// The common column: a path whose types are all known at compile time, to at most one value.
#pragma once

#include "fhirpath/program.h"
#include "json/tape.h"

namespace kiln::fhirpath {

/// The program's path if that is all it is and no step of it needs the model or "_" keys at run
/// time; null otherwise.
const Path* direct_path(const Program& program);

struct DirectResult {
  uint32_t count;  ///< 0, 1, or 2 for what evaluation tells of: more than one, or a step that met
                   ///< something else than an object
  uint32_t node;   ///< of the first; kNoNode for an item without a value
};

/// Follows a direct path from an object of the type that its first step expects.
DirectResult follow(const Path& path, const json::Tape& tape, uint32_t object);

}  // namespace kiln::fhirpath
