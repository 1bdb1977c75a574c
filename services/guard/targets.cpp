#include "services/guard/targets.hpp"

#include "protocol/operator/name.hpp"
#include "protocol/text/text.hpp"

#include <memory>
#include <netdb.h>
#include <sys/socket.h>

namespace clearance::services {

namespace {

using protocol::ip_range;

struct address_list_deleter {
  void operator()(addrinfo* x) const noexcept { ::freeaddrinfo(x); }
};

// The addresses of a name, as this machine resolves it.
std::variant<std::vector<ip_range>, std::string>
resolve(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, address_list_deleter> owner{found};
  if (error != 0)
    return "the name " + name + " cannot be resolved: " + ::gai_strerror(error);
  std::vector<ip_range> result;
  std::string left_out;
  for (const auto* x = found; x != nullptr; x = x->ai_next) {
    const bool v6 = x->ai_family == AF_INET6;
    if (!v6 && x->ai_family != AF_INET)
      continue;
    // In both structures the address has a fixed place.
    const auto* bytes =
        reinterpret_cast<const char*>(x->ai_addr) + (v6 ? 8 : 4);
    const auto address = protocol::wire_address(bytes, v6);
    if (protocol::is_special(address))
      left_out += ' ' + to_string(address);
    else
      result.push_back({address, 128});
  }
  if (result.empty())
    return "the name " + name + " has no public address"
           + (left_out.empty() ? "" : " (but" + left_out + ")")
           + ": allow an address instead";
  return result;
}

} // namespace

std::variant<std::vector<ip_range>, std::string>
targets_of(const std::string& dest) {
  if (const auto range = protocol::parse_ip_range(dest))
    return std::vector{*range};
  if (const auto name = protocol::canonical_name(dest))
    return resolve(*name);
  return "`" + protocol::escaped(dest)
         + "` is neither an address nor a network nor a name";
}

} // namespace clearance::services
