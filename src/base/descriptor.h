// A file descriptor with an owner.
#pragma once

#include <utility>

#include <unistd.h>

namespace kiln::base {

/// Closes what it holds unless it was taken; standard input is not its to close.
class Descriptor {
 public:
  explicit Descriptor(int descriptor = -1) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
  }
  Descriptor(Descriptor&& other) noexcept : descriptor_(other.take()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    Descriptor old(std::exchange(descriptor_, other.take()));
    return *this;
  }

  int get() const { return descriptor_; }
  /// False for what open() gives if it fails.
  bool ok() const { return descriptor_ >= 0; }
  [[nodiscard]] int take() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

}  // namespace kiln::base
