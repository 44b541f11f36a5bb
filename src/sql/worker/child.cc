#include "sql/worker/child.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql/worker/worker_arguments.h"

namespace kiln::sql {

using base::Error;
using base::ErrorCode;

/// For one process.
class Child::Folder {
 public:
  static base::Result<std::unique_ptr<Folder>> make(const std::string& where) {
    std::string pattern = where + "/sql-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      return base::io_error("cannot make a folder for a query in " + where, errno);
    }
    return std::unique_ptr<Folder>(new Folder(std::move(pattern)));
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

namespace {

/// Nothing of ours but where DuckDB is.
std::vector<std::string> environment() {
  const char* const duckdb = std::getenv("KILN_DUCKDB_LIBRARY");
  if (duckdb == nullptr) return {};
  return {"KILN_DUCKDB_LIBRARY=" + std::string(duckdb)};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// posix_spawn()'s; copies nothing of this process, however large it is.
int spawn(const WorkerProgram& program, std::vector<std::string> words, int socket,
          pid_t& process) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::posix_spawn_file_actions_addopen(&files, standard, "/dev/null", O_RDWR, 0);
  }
  ::posix_spawn_file_actions_adddup2(&files, socket, kWorkerDescriptor);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> variables = environment();
  const int error = ::posix_spawn(&process, program.path.c_str(), &files, &attributes,
                                  pointers_to(words).data(), pointers_to(variables).data());
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

Error no_memory() {
  return Error(ErrorCode::kLimit, "the query needs more memory than it may have");
}

Error error_of_end(int status) {
  if (WIFEXITED(status)) {
    if (WEXITSTATUS(status) == kNoMemoryStatus) return no_memory();
    return Error(ErrorCode::kInternal, "the query's process gave up");
  }
  switch (WTERMSIG(status)) {
    case SIGXCPU:
      return took_too_long();
    case SIGKILL:  // not by us: the kernel does so when memory is short
      return Error(ErrorCode::kLimit,
                   "the query's process was killed, for want of memory if by "
                   "nobody");
    default:
      return Error(ErrorCode::kInternal,
                   "the query's process crashed: signal " + std::to_string(WTERMSIG(status)));
  }
}

}  // namespace

Child::Child() = default;

base::Result<std::unique_ptr<Child>> Child::start(const WorkerProgram& program,
                                                  const QueryLimits& limits) {
  std::unique_ptr<Child> child(new Child);
  WorkerArguments arguments{::getpid(), {limits.memory, limits.temp, ""}};
  if (!limits.temp_dir.empty()) {
    KILN_ASSIGN(child->folder_, Folder::make(limits.temp_dir));
    arguments.limits.folder = child->folder_->path();
  }
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return base::io_error("cannot start a query's process", errno);
  }
  child->channel_ = std::make_unique<Channel>(ends[0]);
  std::vector<std::string> words = {"kiln"};
  words.insert(words.end(), program.arguments.begin(), program.arguments.end());
  for (std::string& word : worker_words(arguments)) words.push_back(std::move(word));
  // A descriptor that is already the wanted one would keep its flag.
  const int other = ::fcntl(ends[1], F_DUPFD_CLOEXEC, kWorkerDescriptor + 1);
  ::close(ends[1]);
  if (other < 0) return base::io_error("cannot start a query's process", errno);
  const int error = spawn(program, std::move(words), other, child->process_);
  ::close(other);
  if (error != 0) {
    child->process_ = -1;
    return Error(ErrorCode::kUnavailable,
                 base::io_error("cannot start a query's process", error).message());
  }
  return child;
}

base::Status Child::begin(std::chrono::milliseconds timeout, base::Clock& clock) {
  if (timeout.count() == 0) return {};
  channel_->set_deadline(clock, clock.steady_now() + timeout);
  // Its time on the processor ends a little later by itself, should nobody be there to see to it.
  const auto seconds =
      static_cast<rlim_t>(std::chrono::ceil<std::chrono::seconds>(timeout).count()) + 1;
  const rlimit bound{seconds, seconds};
  if (::prlimit(process_, RLIMIT_CPU, &bound, nullptr) == 0 || errno == ESRCH) return {};
  return base::io_error("cannot bound a query's time", errno);
}

bool Child::has_ended() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid != 0;
}

Child::~Child() {
  if (process_ == -1) return;
  kill();
  (void)wait();
}

void Child::kill() const { (void)::kill(process_, SIGKILL); }

int Child::wait() {
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return status;
}

Error Child::end_of() {
  // Whoever closes the channel is about to end, or else is made to.
  static constexpr int kMilliseconds = 1000;
  pollfd end{static_cast<int>(::syscall(SYS_pidfd_open, process_, 0)), POLLIN, 0};
  if (end.fd >= 0) {
    (void)::poll(&end, 1, kMilliseconds);
    ::close(end.fd);
  }
  kill();
  return error_of_end(wait());
}

}  // namespace kiln::sql
