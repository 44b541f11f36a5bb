#include "sql/worker/worker_arguments.h"

#include "base/number.h"

namespace kiln::sql {

std::vector<std::string> worker_words(const WorkerArguments& arguments) {
  const SandboxLimits& limits = arguments.limits;
  return {std::to_string(arguments.parent), std::to_string(limits.memory),
          std::to_string(limits.file_size), limits.folder};
}

std::optional<WorkerArguments> read_worker_arguments(const std::vector<std::string>& words) {
  static constexpr size_t kWords = 4;
  if (words.size() != kWords) return std::nullopt;
  const auto parent = base::whole_number<int>(words[0]);
  const auto memory = base::whole_number<uint64_t>(words[1]);
  const auto file_size = base::whole_number<uint64_t>(words[2]);
  if (!parent || !memory || !file_size) return std::nullopt;
  return WorkerArguments{*parent, {*memory, *file_size, words[3]}};
}

}  // namespace kiln::sql
