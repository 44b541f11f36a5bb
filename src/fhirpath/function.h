// Functions and operators as data: each is a row with its name, signature and kernel. A family's
// rows stand in one file of functions/; nothing else names a function.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "fhirpath/program.h"

namespace kiln::fhirpath {

/// What an input or argument has to be. A static type that cannot be it is an error.
enum class Expect : uint8_t {
  kAnything,
  kBoolean,
  kString,
  kInteger,
  kNumber,   ///< Integer, Long, Decimal
  kAmount,   ///< a number or a Quantity
  kBounded,  ///< a number, Quantity or temporal: what has boundaries and a precision
  kTemporal,
  kReference,  ///< a FHIR Reference (or what may be one: canonical, uri)
};

/// How an argument is passed.
enum class Pass : uint8_t {
  kValue,   ///< evaluated once, with the outer $this
  kLambda,  ///< evaluated for each item, as $this
  kType,    ///< a type's name
};

struct Argument {
  Pass pass = Pass::kValue;
  Expect expect = Expect::kAnything;
};

/// The type of the result.
enum class Returns : uint8_t {
  kBoolean,
  kInteger,
  kLong,
  kDecimal,
  kString,
  kStrings,  ///< many
  kDate,
  kDateTime,
  kTime,
  kQuantity,
  kTypeInfo,
  kInput,         ///< like the input
  kInputItem,     ///< one item of the input
  kInputNumber,   ///< the input's type: abs(), -x
  kArgument,      ///< like the first argument, once per item of the input
  kRepeat,        ///< like the first argument, many
  kBranches,      ///< like the second or third argument
  kWithArgument,  ///< input and argument together, many
  kNamedType,     ///< the input, cut down to the type that was named
  kNamedTypeOne,  ///< the same, single
  kChildren,      ///< open, unordered
  kExtensions,
  kReference,   ///< a resource of some type
  kArithmetic,  ///< by the operands
  kSum,         ///< by the operands; strings too
  kAnything,
};

/// What a function reads of its input, so that only that is parsed (see demand.h).
enum class Reads : uint8_t {
  kValue,       ///< the values of its items
  kExistence,   ///< whether there are items: a primitive with only extensions counts
  kItems,       ///< passes its input on (where(), trace())
  kFirst,       ///< passes the first item on
  kPosition,    ///< passes on the item at the position that a constant argument names
  kEquality,    ///< values; complex items as a whole
  kProjection,  ///< yields what its argument yields
  kRepeat,      ///< the same, and again of that
  kBranches,    ///< yields what its later arguments yield
  kUnion,       ///< passes its input and argument on, compared for equality
  kCombine,     ///< passes both on
  kWhole,       ///< everything below its items
  kExtension,
  kReferenceKey,
  kResourceKey,
  kNothing,
};

struct FunctionRow {
  std::string_view name;
  uint8_t min_arguments;
  uint8_t max_arguments;
  std::array<Argument, 3> arguments;  ///< the last stands for all further ones
  Expect input;
  Returns returns;
  Reads reads;
  Kernel kernel;
  bool needs_order = false;  ///< meaningless on an unordered input: an error if strict

  const Argument& argument(size_t index) const { return arguments[index < 3 ? index : 2]; }
};

/// The functions, by name; null if there is none.
const FunctionRow* find_function(std::string_view name);
/// The operators: "+", "and", "is", unary ones as "-x".
const FunctionRow* find_operator(std::string_view name);
/// For suggestions.
std::span<const std::string_view> function_names();

// Kernels that the compiler places itself.
bool run_constant(Evaluation&, const Instruction&, Collection& out);
bool run_this(Evaluation&, const Instruction&, Collection& out);
bool run_index(Evaluation&, const Instruction&, Collection& out);
bool run_total(Evaluation&, const Instruction&, Collection& out);
bool run_root(Evaluation&, const Instruction&, Collection& out);
bool run_row_index(Evaluation&, const Instruction&, Collection& out);
bool run_path(Evaluation&, const Instruction&, Collection& out);

}  // namespace kiln::fhirpath
