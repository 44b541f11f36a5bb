#include "door/view_door.h"

#include "door/diagnostics.h"
#include "plan/view_source.h"
#include "table/arrow/export.h"

namespace kiln::door {
namespace {

/// `compile` makes a plan::Compilation of options.
template <typename Compile>
base::Status open(const char* fhir_version, kiln_view** out, kiln_diagnostics& found,
                  Compile compile) {
  view::CompileOptions options;
  if (fhir_version != nullptr) {
    options.version = fhir::version_of(fhir_version);
    if (!options.version) {
      return usage("not one of R4, R4B, R5, R6: " + std::string(fhir_version));
    }
  }
  KILN_ASSIGN(plan::Compilation compiled, compile(options));
  for (const base::Error& error : compiled.problems.errors) add(found, error, KILN_ERROR);
  for (const base::Error& warning : compiled.problems.warnings) add(found, warning, KILN_WARNING);
  if (compiled.view) *out = new kiln_view{std::move(compiled.view), options.version};
  return {};
}

}  // namespace
}  // namespace kiln::door

using kiln::base::Result;
using kiln::base::Status;

kiln_status kiln_view_open(const char* json, size_t size, const char* name,
                           const char* fhir_version, kiln_view** view,
                           kiln_diagnostics** diagnostics) {
  return kiln::door::call(diagnostics, [&](kiln_diagnostics& found) -> Status {
    if (json == nullptr || view == nullptr) return kiln::door::usage("no text, or no view");
    *view = nullptr;
    const std::string source = name == nullptr ? "view" : name;
    return kiln::door::open(
        fhir_version, view, found,
        [&](const kiln::view::CompileOptions& options) -> Result<kiln::plan::Compilation> {
          KILN_ASSIGN(const auto document,
                      kiln::json::Document::parse(std::string(json, size), source));
          return kiln::plan::view_of_document(document, source, options);
        });
  });
}

kiln_status kiln_view_open_file(const char* path, const char* fhir_version, kiln_view** view,
                                kiln_diagnostics** diagnostics) {
  return kiln::door::call(diagnostics, [&](kiln_diagnostics& found) -> Status {
    if (path == nullptr || view == nullptr) return kiln::door::usage("no path, or no view");
    *view = nullptr;
    if (std::string_view(path) == "-") return kiln::door::usage("standard input is the program's");
    return kiln::door::open(
        fhir_version, view, found,
        [&](const kiln::view::CompileOptions& options) -> Result<kiln::plan::Compilation> {
          return kiln::plan::load_view(path, options);
        });
  });
}

void kiln_view_free(kiln_view* view) { delete view; }

const char* kiln_view_name(const kiln_view* view) { return view->view->name().c_str(); }

const char* kiln_view_resource(const kiln_view* view) { return view->view->resource().c_str(); }

kiln_status kiln_view_schema(const kiln_view* view, ArrowSchema* schema) {
  return kiln::door::call(nullptr, [&](kiln_diagnostics&) -> Status {
    *schema = {};
    kiln::table::export_schema(view->view->schema(), schema);
    return {};
  });
}
