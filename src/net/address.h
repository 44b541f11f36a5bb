// Names and addresses of hosts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kiln::net {

/// The addresses that a name stands for, in numbers ("127.0.0.1", "::1", "fe80::1%eth0"), at least
/// one. A name that nobody knows is kUsage. May block as long as name servers take.
base::Result<std::vector<std::string>> resolve_host(const std::string& host);

/// Whether numbers mean this machine itself: 127.0.0.0/8, ::1, and the former inside of an IPv6
/// address. A name is no number, however it looks ("127.example").
bool is_loopback(std::string_view address);

}  // namespace kiln::net
