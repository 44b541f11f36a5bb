// One table that was asked for.
#pragma once

#include <string>

#include "view/view.h"

namespace kiln::plan {

struct Subject {
  std::string name;    ///< of the output; "" in a draft if nothing gives one
  view::ViewPtr view;  ///< null in a draft if there was a problem with it
  std::string text;    ///< the ViewDefinition as JSON, for a record; "" if it came from a file
  std::string place;   ///< the parameter or file that names it
  std::string stem{};  ///< the names of its files begin so
  /// Whether the view is a published one, which others hold too.
  bool is_shared = false;
};

}  // namespace kiln::plan
