// Values for the placeholders of a statement, checked against what its Library declares.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "json/document.h"
#include "plan/library.h"
#include "plan/problem.h"
#include "sql/query.h"

namespace kiln::plan {

/// A value as a client gives it.
struct GivenValue {
  std::string name;
  json::Value holder;  ///< the object that has a `value[x]`
  std::string path;    ///< "parameter[2]"
};

/// The values of a Parameters resource. Problems are kUsage at `place`, here and below, and have
/// the path of what is wrong in the resource.
std::vector<GivenValue> given_values(json::Value parameters, const std::string& place,
                                     Problems& problems);

/// A binding for each placeholder of the Library's statement. A declared parameter takes exactly
/// the `value[x]` of its type; where none is declared and none has to be, a value has the type of
/// its own `value[x]`. A name that is neither declared nor mentioned, a name twice, a placeholder
/// without a value: problems, and without a statement only the values are checked.
///
/// The texts are such as DuckDB's CAST takes. A date is a whole one, a dateTime at least a day (its
/// midnight) or has seconds: DATE '2024' is no value, and a guess would be wrong for < or for >.
/// With an offset a dateTime is TIMESTAMPTZ, without TIMESTAMP; both to the microsecond. A decimal
/// is DECIMAL of its own digits, 38 at most.
std::vector<sql::Binding> bind_values(const Library& library, const std::vector<GivenValue>& values,
                                      const std::string& place, Problems& problems);

/// The same for names and texts of a command line. What is not declared has no type (""): it is to
/// DuckDB as a text in quotes would be, so that `age > $n` compares numbers and `code = $n` texts.
std::vector<sql::Binding> bind_texts(const Library& library,
                                     const std::vector<std::pair<std::string, std::string>>& values,
                                     const std::string& place, Problems& problems);

/// NULL for each placeholder, of the type that a value of its declaration would have: for who wants
/// the columns alone.
std::vector<sql::Binding> bind_nulls(const Library& library);

}  // namespace kiln::plan
