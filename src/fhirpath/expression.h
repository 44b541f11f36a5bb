// One expression from text to program, for evaluating on resources that are parsed whole.
#pragma once

#include <stop_token>

#include "fhirpath/binder.h"
#include "fhirpath/program.h"

namespace kiln::fhirpath {

struct Expression {
  Program program;
  ExprType type;
  std::vector<Warning> warnings;
};

/// Steps that compiling one expression may take. Beyond, the error is kLimit and says where.
constexpr uint64_t kMostCompileSteps = 4'000'000;

/// Parses, binds and compiles `text` for resources of the context's type. Counts its work by itself
/// unless the context does. kCancelled soon after a stop.
base::Result<Expression> compile_expression(std::string_view text, const BindContext& context,
                                            std::stop_token stop = {});

/// The parsed and typed tree as JSON, for `kiln fhirpath --ast`.
base::Result<std::string> describe_tree(std::string_view text, const BindContext& context,
                                        std::stop_token stop = {});

}  // namespace kiln::fhirpath
