#include "app/descriptor_limit.h"

#include <sys/resource.h>

namespace kiln::app {

size_t raise_descriptor_limit() {
  static constexpr size_t kUsual = 1024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUsual;
  rlimit raised = limit;
  raised.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

}  // namespace kiln::app
