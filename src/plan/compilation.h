// Reading and compiling a ViewDefinition.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "json/document.h"
#include "view/view.h"

namespace kiln::plan {

/// What came of it: a view, or errors, with warnings and hints either way.
struct Compilation {
  view::ViewPtr view;  ///< null if there are errors
  view::Problems problems;
};

/// The one place where views are read and compiled. `value` is a ViewDefinition in `document`,
/// whose source the positions of problems name. `name` is that of a view that gives none itself.
Compilation compile_view(const json::DocumentPtr& document, json::Value value,
                         const view::CompileOptions& options, std::string_view name = {});

/// The same from a text that is a ViewDefinition, for those who expect no problems: the first
/// error.
base::Result<view::ViewPtr> compile_text(std::string text, const std::string& source,
                                         const view::CompileOptions& options = {});

}  // namespace kiln::plan
