// System calls go by a list of what is allowed, as there are more every year; the others fail with
// EPERM, as a libc that tries a new one and then the old shall not end a query. No thread is
// started behind the doors, so that there is no clone.
#include "sql/worker/sandbox.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <vector>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kiln::sql {
namespace {

using base::Error;
using base::ErrorCode;

#if defined(__x86_64__)
constexpr uint32_t kMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kMachine = AUDIT_ARCH_AARCH64;
#else
constexpr uint32_t kMachine = 0;
#endif

constexpr int kAllowed[] = {
    // The channel.
    SYS_read,
    SYS_write,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_sendto,
    SYS_sendmsg,
    SYS_ppoll,
    // Memory.
    SYS_brk,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    // Itself.
    SYS_futex,
    SYS_exit,
    SYS_exit_group,
    SYS_getpid,
    SYS_gettid,
    SYS_getrandom,
    SYS_getrusage,
    SYS_getcpu,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_restart_syscall,
    SYS_uname,
    SYS_sysinfo,
    SYS_getcwd,
    SYS_close,
#ifdef SYS_poll
    SYS_poll,
    SYS_time,
#endif
};

/// With Landlock alone, which knows which.
constexpr int kFileCalls[] = {
    SYS_openat,     SYS_fstat,     SYS_statx,      SYS_lseek,   SYS_pread64,
    SYS_pwrite64,   SYS_ftruncate, SYS_fcntl,      SYS_flock,   SYS_fallocate,
    SYS_getdents64, SYS_unlinkat,  SYS_mkdirat,    SYS_fsync,   SYS_fdatasync,
    SYS_readlinkat, SYS_faccessat, SYS_newfstatat, SYS_fstatfs, SYS_statfs,
    SYS_readv,      SYS_writev,    SYS_pwritev,    SYS_preadv,  SYS_fadvise64,
#ifdef SYS_open
    SYS_open,       SYS_stat,      SYS_lstat,      SYS_access,  SYS_unlink,
    SYS_mkdir,      SYS_rmdir,     SYS_readlink,
#endif
};

base::Status bound(int resource, uint64_t most, const char* what) {
  rlimit now{};
  (void)::getrlimit(static_cast<__rlimit_resource_t>(resource), &now);
  const rlim_t least = std::min<rlim_t>(most, now.rlim_max);
  const rlimit wanted{least, least};
  if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted) == 0) return {};
  return base::io_error(std::string("cannot bound ") + what, errno);
}

/// Bytes of addresses that the process has now.
uint64_t address_space() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long pages = 0;
  const int read = std::fscanf(file, "%llu", &pages);
  std::fclose(file);
  return read == 1 ? pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

base::Status set_limits(const SandboxLimits& limits) {
  static constexpr uint64_t kDescriptors = 64;
  if (limits.memory != 0) {
    const uint64_t before = address_space();
    if (before == 0) return Error(ErrorCode::kIo, "cannot read /proc/self/statm");
    KILN_TRY(bound(RLIMIT_AS, before + limits.memory, "memory"));
  }
  if (limits.file_size != 0) KILN_TRY(bound(RLIMIT_FSIZE, limits.file_size, "files"));
  KILN_TRY(bound(RLIMIT_NOFILE, kDescriptors, "descriptors"));
  (void)::signal(SIGXFSZ, SIG_IGN);  // writing fails
  return bound(RLIMIT_NPROC, 0, "processes");
}

// Landlock as of its sixth version; headers are older.
namespace landlock {

struct Ruleset {
  uint64_t files;
  uint64_t network;
  uint64_t scoped;
};
struct [[gnu::packed]] Beneath {
  uint64_t allowed;
  int32_t folder;
};
constexpr long kCreate = 444;
constexpr long kAddRule = 445;
constexpr long kRestrict = 446;
constexpr uint64_t kReadWriteList = (1U << 1) | (1U << 2) | (1U << 3);
constexpr uint64_t kRemove = (1U << 4) | (1U << 5);
constexpr uint64_t kMake = (1U << 7) | (1U << 8);  // folders, files
constexpr uint64_t kTruncate = 1U << 14;
constexpr uint64_t kFirst = (1U << 13) - 1;

/// What each version has more.
Ruleset all_of(long version, size_t& size) {
  Ruleset all{kFirst, 0, 0};
  if (version >= 2) all.files |= 1U << 13;
  if (version >= 3) all.files |= kTruncate;
  if (version >= 5) all.files |= 1U << 15;
  if (version >= 4) all.network = 3;
  if (version >= 6) all.scoped = 3;
  size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  return all;
}

/// False if the kernel has none.
base::Result<bool> restrict_to(const std::string& folder) {
  const long version = ::syscall(kCreate, nullptr, 0, 1);
  if (version < 1) return false;
  size_t size = 0;
  const Ruleset all = all_of(version, size);
  const auto rules = static_cast<int>(::syscall(kCreate, &all, size, 0));
  if (rules < 0) return base::io_error("Landlock", errno);
  int error = 0;
  if (!folder.empty()) {
    const int opened = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    const Beneath beneath{(kReadWriteList | kRemove | kMake | kTruncate) & all.files, opened};
    if (opened < 0 || ::syscall(kAddRule, rules, 1, &beneath, 0) != 0) error = errno;
    if (opened >= 0) ::close(opened);
  }
  if (error == 0 && ::syscall(kRestrict, rules, 0) != 0) error = errno;
  ::close(rules);
  if (error != 0) return base::io_error("Landlock", error);
  return true;
}

}  // namespace landlock

/// False if the kernel has none.
base::Result<bool> filter_calls(bool with_files) {
  if (kMachine == 0 || ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) return false;
  std::vector<sock_filter> program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kMachine, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  const auto allow = [&](int call) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  };
  for (const int call : kAllowed) allow(call);
  if (with_files) {
    for (const int call : kFileCalls) allow(call);
  }
  // abort(), of itself alone.
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  const auto self = static_cast<uint32_t>(::getpid());
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 3));
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, self, 0, 1));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  const sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) == 0) return true;
  if (errno == EINVAL || errno == ENOSYS) return false;
  return base::io_error("seccomp", errno);
}

}  // namespace

bool isolate(int parent, int last) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
  (void)::close_range(static_cast<unsigned>(last) + 1, ~0U, 0);
  return ::getppid() == parent;
}

base::Result<std::string> close_doors(const SandboxLimits& limits) {
  std::string open;
  KILN_TRY(set_limits(limits));
  KILN_ASSIGN(const bool has_landlock, landlock::restrict_to(limits.folder));
  if (!has_landlock) open = "Landlock";
  KILN_ASSIGN(const bool has_seccomp, filter_calls(has_landlock));
  if (!has_seccomp) open += open.empty() ? "seccomp" : " and seccomp";
  return open;
}

}  // namespace kiln::sql
