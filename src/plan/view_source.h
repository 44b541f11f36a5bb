// Views from files.
#pragma once

#include <string>
#include <vector>

#include "base/open_path.h"
#include "base/patience.h"
#include "json/document.h"
#include "plan/compilation.h"
#include "plan/problem.h"
#include "plan/subject.h"

namespace kiln::plan {

/// How a file is read.
struct ReadRules {
  base::SpecialFiles special = base::SpecialFiles::kAllowed;
  /// For how long; null: the usual time.
  base::Patience* patience = nullptr;
};

/// A file of at most 64 MiB; "-" is stdin. For one that is not there, a near name in its folder is
/// suggested. What is no regular file may be refused: see open_path(); if it is not, it is waited
/// for. A regular file that does not answer in time is kUnavailable, and named.
base::Result<std::string> read_text(const std::string& path, const ReadRules& rules = {});
/// Reads and parses a JSON file; "-" is stdin.
base::Result<json::DocumentPtr> read_document(const std::string& path, const ReadRules& rules = {});

/// Finds the ViewDefinition in a document: the document itself, or the one in a Bundle or in
/// Parameters; anything else is an error.
base::Result<json::Value> find_view(const json::DocumentPtr& document);

/// A view from a file, compiled. A view without a name is named after its file.
Compilation load_view(const std::string& path, const view::CompileOptions& options);
/// The same from what read_document(path) has read.
Compilation view_of_document(const json::DocumentPtr& document, const std::string& path,
                             const view::CompileOptions& options);

/// What was compiled of the file, named after its view, which is null if there are errors;
/// everything that is wrong or suspicious goes to `problems`, with the file as its place.
Subject subject_of(Compilation made, const std::string& path, Problems& problems);
/// Such subjects from files.
std::vector<Subject> load_views(const std::vector<std::string>& paths,
                                const view::CompileOptions& options, Problems& problems);

/// The file's name without folder and ".json".
std::string stem_of(const std::string& path);

}  // namespace kiln::plan
