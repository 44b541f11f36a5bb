// The process of a query by itself, for the library's tests. "sql-probe" closes the doors and tries
// them: a line for each that is open.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql/sql_worker.h"
#include "sql/worker/sandbox.h"

namespace {

int open_doors = 0;

void expect_closed(bool refused, const char* what) {
  if (refused) return;
  std::printf("open: %s\n", what);
  ++open_doors;
}

int probe(const std::string& folder) {
  using kiln::sql::close_doors;
  if (!kiln::sql::isolate(::getppid(), STDERR_FILENO)) return 2;
  const auto closed = close_doors({.memory = uint64_t{64} << 20, .folder = folder});
  if (!closed.ok()) std::printf("%s\n", closed.error().message().c_str());
  if (!closed.ok()) return 2;
  if (!closed->empty()) std::printf("missing: %s\n", closed->c_str());
  expect_closed(::open("/etc/passwd", O_RDONLY) < 0, "a file");
  expect_closed(::open("/proc/self/environ", O_RDONLY) < 0, "the environment");
  expect_closed(::open((folder + "/../other").c_str(), O_WRONLY | O_CREAT, 0600) < 0,
                "the folder above");
  expect_closed(::socket(AF_INET, SOCK_STREAM, 0) < 0, "a socket");
  expect_closed(::socket(AF_UNIX, SOCK_STREAM, 0) < 0, "a local socket");
  expect_closed(::execl("/bin/true", "true", nullptr) < 0, "a program");
  expect_closed(::fork() < 0, "a process");
  expect_closed(::kill(::getppid(), 0) < 0, "signals");
  expect_closed(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) < 0, "ptrace");
  const std::string own = folder + "/own";
  const int file = ::open(own.c_str(), O_RDWR | O_CREAT, 0600);
  const bool can_write = file >= 0 && ::write(file, "x", 1) == 1 && ::unlink(own.c_str()) == 0;
  if (!can_write) std::printf("own folder: %s\n", std::strerror(errno));
  return open_doors == 0 && can_write ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "sql-probe") return probe(words[1]);
  if (words.empty() || words[0] != kiln::sql::kWorkerCommand) return 2;
  return kiln::sql::run_sql_worker({words.begin() + 1, words.end()});
}
