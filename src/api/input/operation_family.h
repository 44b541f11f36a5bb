// The families of operations, alike but for what they are about (operations.md §1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/resolver.h"

namespace kiln::api {

struct OperationFamily {
  std::string_view subject;    ///< what an export's parameter for each is called
  std::string_view canonical;  ///< and the ways to name one
  std::string_view reference;
  std::string_view resource;
  plan::Sought sought;
  std::vector<std::string_view> contexts{};  ///< what brings supporting artefacts along

  bool takes_sql() const { return sought != plan::Sought::kView; }
  bool takes_views() const { return sought != plan::Sought::kQuery; }
};

/// $viewdefinition-run and -export.
inline const OperationFamily kViewFamily{"view", "viewCanonical", "viewReference", "viewResource",
                                         plan::Sought::kView};
/// $sqlquery-run and -export.
inline const OperationFamily kQueryFamily{
    "query",         "queryCanonical",     "queryReference",
    "queryResource", plan::Sought::kQuery, {"tableSource", "view"}};
/// $sql-run and -export.
inline const OperationFamily kSqlFamily{
    "subject",         "subjectCanonical",       "subjectReference",
    "subjectResource", plan::Sought::kViewOrSql, {"context"}};

}  // namespace kiln::api
