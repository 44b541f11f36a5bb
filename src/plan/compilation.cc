#include "plan/compilation.h"

#include <utility>

namespace kiln::plan {

Compilation compile_view(const json::DocumentPtr& document, json::Value value,
                         const view::CompileOptions& options, std::string_view name) {
  Compilation made;
  view::ViewDefinition definition = view::read_view(document, value, made.problems);
  if (!made.problems.ok()) return made;
  if (definition.name.empty()) definition.name = name;
  made.view = view::CompiledView::compile(std::move(definition), options, made.problems);
  return made;
}

base::Result<view::ViewPtr> compile_text(std::string text, const std::string& source,
                                         const view::CompileOptions& options) {
  KILN_ASSIGN(const json::DocumentPtr document, json::Document::parse(std::move(text), source));
  Compilation made = compile_view(document, document->root(), options);
  if (!made.view) return std::move(made.problems.errors.front());
  return std::move(made.view);
}

}  // namespace kiln::plan
