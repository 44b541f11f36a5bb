#include "fhirpath/direct_path.h"

#include <algorithm>
#include <array>

#include "fhirpath/function.h"
#include "json/shape.h"

namespace kiln::fhirpath {
namespace {

constexpr size_t kMostSteps = 12;

class Follower {
 public:
  Follower(const Path& path, const json::Tape& tape)
      : steps_(path.steps.data()), count_(path.steps.size()), tape_(tape) {
    std::fill_n(positions_.begin(), count_, 0);
  }

  DirectResult run(uint32_t object) {
    descend(0, object);
    return result_;
  }

 private:
  void descend(size_t depth, uint32_t object) {
    const PathStep& step = steps_[depth];
    const json::Node& holder = tape_[object];
    if (holder.kind != json::NodeKind::kObject) {
      if (holder.kind != json::NodeKind::kNull) {
        result_.count = 2;
        done_ = true;
      }
      return;
    }
    const uint32_t at = tape_.member(object, step.json);
    if (at == kNoNode) return;
    const json::Node& value = tape_[at];
    if (value.kind == json::NodeKind::kArray) {
      for (uint32_t item = at + 1; item < value.end && !done_; item = tape_[item].end) {
        visit(depth, item);
      }
    } else if (value.kind != json::NodeKind::kNull) {
      visit(depth, at);
    }
  }

  void visit(size_t depth, uint32_t node) {
    const uint32_t pick = steps_[depth].pick;
    const bool picked = pick != json::kAllItems;
    if (picked && positions_[depth]++ != pick) return;
    if (depth + 1 < count_) {
      descend(depth + 1, node);
    } else {
      if (result_.count == 0) {
        result_.node = tape_[node].kind == json::NodeKind::kNull ? kNoNode : node;
      }
      done_ = ++result_.count == 2;
    }
    done_ |= picked;
  }

  const PathStep* const steps_;
  const size_t count_;
  const json::Tape& tape_;
  std::array<uint32_t, kMostSteps> positions_;
  DirectResult result_{0, kNoNode};
  bool done_ = false;
};

}  // namespace

const Path* direct_path(const Program& program) {
  const Instruction& root = program.code[program.root];
  if (root.kernel != run_path || root.input != kNoInstruction) return nullptr;
  const Path& path = program.paths[root.data];
  const bool direct = path.steps.size() <= kMostSteps &&
                      std::all_of(path.steps.begin(), path.steps.end(), [](const PathStep& step) {
                        return step.parent != fhir::kNoType && !step.siblings;
                      });
  return direct ? &path : nullptr;
}

DirectResult follow(const Path& path, const json::Tape& tape, uint32_t object) {
  return Follower(path, tape).run(object);
}

}  // namespace kiln::fhirpath
