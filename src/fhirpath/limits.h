// What evaluating an expression on one resource may cost.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kiln::base {
class MemoryReservation;
}

namespace kiln::fhirpath {

/// Bounds for one resource, so that no expression can run or grow without end. What passes one of
/// them is an error of code kLimit.
struct Limits {
  uint64_t steps = 20'000'000;
  size_t memory = 256U << 20;
  size_t string_size = 16U << 20;
  uint64_t steps_per_node = 256;                   ///< more steps for each node of the tape
  base::MemoryReservation* reservation = nullptr;  ///< what the arena draws from; null: unbounded
};

}  // namespace kiln::fhirpath
