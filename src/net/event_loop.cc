#include "net/event_loop.h"

#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unistd.h>

namespace kiln::net {
namespace asio = boost::asio;
using boost::system::error_code;

struct EventLoop::Impl {
  // The hint is that one thread runs it; locks stay, since others post to it.
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
  for (;;) {
    try {
      impl_->context.run();
      return;
    } catch (...) {  // of a callback, which sees to its connection itself
    }
  }
}
void EventLoop::finish() {
  post([this] { impl_->guard.reset(); });
}
void EventLoop::deliver(const std::shared_ptr<Callback>& task) {
  const auto run = [kept = task] { std::exchange(*kept, nullptr)(); };
  while (!base::guarded([&] { asio::post(impl_->context, run); }).ok()) wait_for_memory();
}

void EventLoop::wait_for_memory() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

struct Timer::Impl {
  explicit Impl(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  /// A wait that has ended may already be queued when it is cancelled: it knows by this.
  uint64_t turn = 0;
};

Timer::Timer(EventLoop& loop) : impl_(std::make_shared<Impl>(loop.impl_->context)) {}
Timer::~Timer() { impl_->timer.cancel(); }

void Timer::start(std::chrono::milliseconds after, EventLoop::Callback then) {
  const uint64_t turn = ++impl_->turn;
  impl_->timer.expires_after(after);
  impl_->timer.async_wait(
      [impl = impl_, turn, callback = std::move(then)](const error_code& error) {
        if (!error && impl->turn == turn) callback();
      });
}

void Timer::cancel() {
  ++impl_->turn;
  impl_->timer.cancel();
}

struct Descriptor::Impl {
  explicit Impl(asio::io_context& context) : descriptor(context) {}
  asio::posix::stream_descriptor descriptor;

  static void wait(const std::shared_ptr<Impl>& self,
                   asio::posix::stream_descriptor::wait_type what, EventLoop::Callback then) {
    self->descriptor.async_wait(what, [self, callback = std::move(then)](const error_code& error) {
      if (!error && self->descriptor.is_open()) callback();
    });
  }
};

Descriptor::Descriptor(EventLoop& loop, int descriptor)
    : impl_(std::make_shared<Impl>(loop.impl_->context)) {
  error_code error;
  impl_->descriptor.assign(descriptor, error);
  if (error) ::close(descriptor);
}
Descriptor::~Descriptor() { close(); }

int Descriptor::get() const {
  return impl_->descriptor.is_open() ? impl_->descriptor.native_handle() : -1;
}

void Descriptor::when_readable(EventLoop::Callback then) {
  Impl::wait(impl_, asio::posix::stream_descriptor::wait_read, std::move(then));
}

void Descriptor::when_writable(EventLoop::Callback then) {
  Impl::wait(impl_, asio::posix::stream_descriptor::wait_write, std::move(then));
}

void Descriptor::close() {
  error_code ignored;
  impl_->descriptor.close(ignored);
}

}  // namespace kiln::net
