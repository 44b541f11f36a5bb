#include "output/scratch_file.h"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace kiln::output {

ScratchFile::ScratchFile(std::string path) : path_(std::move(path)) { ::unlink(path_.c_str()); }
ScratchFile::~ScratchFile() { ::unlink(path_.c_str()); }

base::Status ScratchFile::read(const std::function<base::Status(std::string_view)>& write) const {
  static constexpr size_t kBlock = 256 << 10;
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return base::io_error("cannot read " + path_, errno);
  std::vector<char> buffer(kBlock);
  base::Status status;
  while (status.ok()) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got == 0) break;
    if (got > 0) {
      status = write({buffer.data(), static_cast<size_t>(got)});
    } else if (errno != EINTR) {
      status = base::io_error("cannot read " + path_, errno);
    }
  }
  ::close(descriptor);
  return status;
}

}  // namespace kiln::output
