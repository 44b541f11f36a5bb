// A view as the door hands it out.
#pragma once

#include <optional>

#include <kiln.h>

#include "view/view.h"

struct kiln_view {
  kiln::view::ViewPtr view;
  std::optional<kiln::fhir::Version> version;  ///< as it was asked for
};
