// Values out of results that must not be errors.
#pragma once

#include <utility>

#include <gtest/gtest.h>

#include "base/error.h"

namespace kiln::job {

/// What a call gave; a failure of the test if it gave an error.
template <typename T>
T must(base::Result<T> result) {
  if (result.ok()) return std::move(result).value();
  ADD_FAILURE() << result.error().message();
  return T();
}

inline void must(const base::Status& status) {
  if (!status.ok()) ADD_FAILURE() << status.error().message();
}

}  // namespace kiln::job
