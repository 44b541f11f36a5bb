// Functions and operators as data: a row says all that the binder, the types, the demand, the
// compiler and a view's needle have to know of one. A family's rows stand in one file of
// functions/; nothing else names a function.
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
  bool may_descend = false;  ///< a minus sign before it turns the order around: sort(-birthDate)
};

/// What stands between the parentheses. Operators have their left side as input and their right
/// side as argument.
struct Arguments {
  uint8_t least = 0;
  uint8_t most = 0;
  std::array<Argument, 3> each{};  ///< the last stands for all further ones
};

/// The type of the result.
enum class Returns : uint8_t {
  kBoolean,
  kInteger,
  kLong,
  kDecimal,
  kString,
  kStrings,     ///< many
  kStringEach,  ///< one for each item of the input
  kDate,
  kDateTime,
  kTime,
  kQuantity,
  kTypeInfo,
  kInput,         ///< like the input
  kInputItem,     ///< one item of the input
  kInputNumber,   ///< the input's type: abs(), -x
  kBoundary,      ///< the same, but a Decimal for an Integer
  kArgument,      ///< like the first argument, once per item of the input
  kRepeat,        ///< like the first argument, many
  kBranches,      ///< like the second or third argument
  kWithArgument,  ///< input and argument together, many
  kNamedType,     ///< the input, cut down to the type that was named
  kNamedTypeOne,  ///< the same, single
  kChildren,      ///< open, unordered
  kExtensions,
  kReference,   ///< a resource of some type
  kArithmetic,  ///< by the operands: an Integer for two
  kQuotient,    ///< by the operands: a Decimal for two numbers
  kSum,         ///< by the operands; also two Strings, or a date and a duration
  kDifference,  ///< by the operands; also a date and a duration
  kAnything,
};

/// What a function reads of its input, so that only that is parsed (see demand.h).
enum class Reads : uint8_t {
  kValue,       ///< the values of its items
  kExistence,   ///< how many items there are: a primitive with only extensions counts
  kAnyItem,     ///< whether there are items: without criteria, the first one tells
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
  kReferences,  ///< the same, and what they refer to, which may be anywhere in the resource
  kExtension,
  kReferenceKey,
  kResourceKey,
  kNothing,
};

/// What an operator finds out about its two sides.
enum class Compares : uint8_t {
  kNothing,
  kEqual,       ///< whether they are equal
  kEquivalent,  ///< whether they are equivalent
  kUnequal,     ///< whether they are not equal, or not equivalent
  kOrder,       ///< which of them is less
  kMembers,     ///< whether one is among the other
};

/// What must hold wherever the result does: from this a view learns what a line has to contain.
enum class Implies : uint8_t {
  kNothing,
  kBothSides,  ///< true: the input and the argument are
  kCriteria,   ///< there is something: the criteria are true of it
  kPresence,   ///< true: there is an input, and the criteria are true of it
};

/// Written as {.name = "where", .arguments = exactly(kLambda), ...}, the usual left out.
struct FunctionRow {
  std::string_view name;  ///< of an operator with one side "-x"
  Arguments arguments{};
  Expect input = Expect::kAnything;
  Returns returns = Returns::kAnything;
  Reads reads = Reads::kValue;
  Compares compares = Compares::kNothing;
  Implies implies = Implies::kNothing;
  bool needs_order = false;  ///< meaningless on an unordered input: an error if strict
  bool has_total = false;    ///< $total is known in its lambda
  Kernel kernel = nullptr;

  const Argument& argument(size_t index) const {
    const size_t last = arguments.each.size() - 1;
    return arguments.each[index < last ? index : last];
  }
};

/// The functions, by name; null if there is none.
const FunctionRow* find_function(std::string_view name);
/// The operators: "+", "and", "[]".
const FunctionRow* find_operator(std::string_view name);
/// Those with one side, by their sign.
const FunctionRow* find_sign(std::string_view sign);
/// What the binder itself puts into a tree.
const FunctionRow& of_type_function();
const FunctionRow& type_function();
/// For suggestions.
std::span<const std::string_view> function_names();

// Kernels that the compiler places itself.
bool run_constant(Context&, const Instruction&, Collection& out);
bool run_this(Context&, const Instruction&, Collection& out);
bool run_index(Context&, const Instruction&, Collection& out);
bool run_total(Context&, const Instruction&, Collection& out);
bool run_root(Context&, const Instruction&, Collection& out);
bool run_row_index(Context&, const Instruction&, Collection& out);
bool run_path(Context&, const Instruction&, Collection& out);

}  // namespace kiln::fhirpath
