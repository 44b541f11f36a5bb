// One expression from text to program, for evaluating on resources that are parsed whole.
#pragma once

#include "fhirpath/binder.h"
#include "fhirpath/program.h"

namespace kiln::fhirpath {

struct Expression {
  Program program;
  ExprType type;
  std::vector<Warning> warnings;
};

/// Parses, binds and compiles `text` for resources of the context's type.
base::Result<Expression> compile_expression(std::string_view text, const BindContext& context);

/// The name of an item's type as the official tests spell it: integer, dateTime, Quantity, code.
std::string type_name_of(const Evaluation& evaluation, const Item& item);

/// The parsed and typed tree as JSON, for `kiln fhirpath --ast`.
base::Result<std::string> describe_tree(std::string_view text, const BindContext& context);

}  // namespace kiln::fhirpath
