// The executable form of an expression: instructions that call kernels. Immutable and shared; all
// that changes during evaluation belongs to an Evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fhirpath/item.h"
#include "fhirpath/token.h"

namespace kiln::fhirpath {

class Context;
struct Instruction;

/// Computes one instruction's result into `out`. False: the evaluation failed, its error is set.
using Kernel = bool (*)(Context&, const Instruction&, Collection& out);

using InstructionId = uint32_t;
constexpr InstructionId kNoInstruction = UINT32_MAX;

struct Instruction {
  Kernel kernel;
  InstructionId input = kNoInstruction;  ///< what it is called on
  uint32_t first_argument = 0;           ///< in Program::arguments
  uint16_t argument_count = 0;
  uint32_t data = 0;      ///< a kernel's own: a constant, a path
  NamedType named{};      ///< is, as, ofType: the type asked for
  std::string_view name;  ///< the function or operator, for messages
  Span span;
};

/// One step of a path from element to element.
struct PathStep {
  fhir::NameId element;  ///< the FHIRPath name
  fhir::TypeId parent;   ///< the type for which json and child were looked up at compile time;
                         ///< kNoType: look up at run time
  fhir::NameId json;     ///< key for that type
  fhir::TypeId child;    ///< type of the value
  fhir::TypeId only;     ///< of a choice, keep values of this type; kNoType: all
  bool siblings;         ///< look for the "_" key too
  uint32_t pick;         ///< keep the item at this position of the whole path so far; kAllItems
};

/// What one walk has room for. Longer paths are cut: each piece goes on where the one before ended.
constexpr size_t kMostPathSteps = 60;

struct Path {
  std::vector<PathStep> steps;
};

class Program {
 public:
  Program();
  ~Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;

  std::vector<Instruction> code;
  std::vector<InstructionId> arguments;
  std::vector<Path> paths;
  std::vector<Collection> constants;
  InstructionId root = kNoInstruction;
  /// The expression as written, for messages.
  std::string text;

  /// Keeps a constant's items and texts alive as long as the program.
  base::Arena& storage() { return *storage_; }

 private:
  std::unique_ptr<base::Arena> storage_;
};

}  // namespace kiln::fhirpath
