// The listening socket.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace kiln::net {

/// A listening, non-blocking socket on the first address that can be had; an error names the last.
base::Result<int> listen_on(const std::vector<std::string>& addresses, uint16_t port);

/// The port that it got.
uint16_t port_of(int socket);

/// A client, non-blocking; an error of kUnavailable means that the process or the system is out of
/// descriptors or memory, any other that nobody waits (any more).
struct Accepted {
  int socket;
  std::string peer;  ///< the address, without the port
};
base::Result<Accepted> accept_from(int listener);
/// Whether somebody waits to be accepted, which an event or a lack of descriptors does not tell.
bool has_waiting_client(int listener);

}  // namespace kiln::net
