#include "app/signals.h"

#include <atomic>
#include <csignal>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/pending_file.h"
#include "base/thread.h"

namespace kiln::app {
namespace {

bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

/// The signals are blocked in all threads and read from a descriptor by one, so that a handler's
/// restrictions do not apply.
struct SignalStop::State {
  std::function<void()> on_hangup;
  std::stop_source source;
  std::atomic<int> signal{0};
  int signals = -1;
  int end = -1;
  sigset_t old_mask{};
  base::Thread watcher;

  void watch() {
    for (;;) {
      pollfd wanted[2] = {{signals, POLLIN, 0}, {end, POLLIN, 0}};
      if (poll(wanted, 2, -1) < 0) continue;
      if (wanted[1].revents != 0) return;
      signalfd_siginfo info{};
      if (read(signals, &info, sizeof(info)) != static_cast<ssize_t>(sizeof(info))) continue;
      const int number = static_cast<int>(info.ssi_signo);
      if (number == SIGHUP && on_hangup) {
        on_hangup();
        continue;
      }
      if (signal.exchange(number) != 0) remove_pending_files_and_exit(128 + number);
      source.request_stop();
    }
  }
};

SignalStop::SignalStop(std::function<void()> on_hangup) : state_(std::make_unique<State>()) {
  state_->on_hangup = std::move(on_hangup);
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGINT);
  sigaddset(&mask, SIGTERM);
  if (state_->on_hangup || !is_ignored(SIGHUP)) sigaddset(&mask, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &mask, &state_->old_mask);
  state_->signals = signalfd(-1, &mask, SFD_CLOEXEC);
  state_->end = eventfd(0, EFD_CLOEXEC);
  auto watcher = base::start_thread([state = state_.get()] { state->watch(); }, [](base::Error) {});
  if (watcher.ok()) {
    state_->watcher = std::move(*watcher);
  } else {  // the signals end the process, as they do without Kiln
    pthread_sigmask(SIG_SETMASK, &state_->old_mask, nullptr);
  }
}

SignalStop::~SignalStop() {
  const uint64_t one = 1;
  if (write(state_->end, &one, sizeof(one)) == static_cast<ssize_t>(sizeof(one))) {
    state_->watcher.join();
  }
  close(state_->signals);
  close(state_->end);
  pthread_sigmask(SIG_SETMASK, &state_->old_mask, nullptr);
}

std::stop_token SignalStop::token() const { return state_->source.get_token(); }
int SignalStop::signal() const { return state_->signal.load(); }

}  // namespace kiln::app
