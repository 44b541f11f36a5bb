// What systemd, or whoever else starts the server, is told: sd_notify(3)'s datagrams.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/log.h"

namespace kiln::app {

/// Used by one thread. Who cannot be told is no reason not to serve: that is a line in the log.
class ServiceManager {
 public:
  /// `address` is what $NOTIFY_SOCKET says: a path, or "@name" in the abstract space; null: nobody
  /// wants to know. `log` must outlive the object.
  ServiceManager(const char* address, base::Logger& log);

  /// Requests are answered, at first or again after reloading(). `status` is for people.
  void ready(std::string_view status);
  void reloading();
  void stopping();

 private:
  void tell(std::string_view state);

  const std::string address_;
  base::Logger& log_;
};

}  // namespace kiln::app
