#include "fhirpath/program.h"

namespace kiln::fhirpath {

Program::Program() : storage_(std::make_unique<base::Arena>()) {}
Program::~Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;

}  // namespace kiln::fhirpath
