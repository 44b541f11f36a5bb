// Views and queries to try on the sample.
#pragma once

#include <string>
#include <vector>

namespace kiln::sample {

struct Artefact {
  std::string path;  ///< inside the sample's folder
  std::string text;
};

/// ViewDefinitions; the stem of each file is its id, and a server may publish the folder as it is.
std::vector<Artefact> sample_views();
/// SQL over these views, some of it as a SQLQuery Library too.
std::vector<Artefact> sample_queries();

}  // namespace kiln::sample
