#include "actors/io/socket/socket_listener.hpp"

#include "actors/base/error.hpp"
#include "actors/io/socket/inherited.hpp"
#include "actors/io/socket/stream.hpp"

#include <boost/system/system_error.hpp>
#include <caf/send.hpp>

#include <utility>
#include <variant>

namespace clearance::io {

namespace {

// Over varlink verdicts are given. Lines come from readers and from containers.
peer_place place_of(actors::framing kind) {
  switch (kind) {
  case actors::framing::varlink:
    return peer_place::outside_containers;
  case actors::framing::lines:
    break;
  }
  return peer_place::anywhere;
}

} // namespace

caf::expected<std::unique_ptr<actors::listener>>
socket_listener::open(boost::asio::io_context& context,
                      const actors::listen_spec& spec,
                      actors::listener_owner owner) {
  auto bound = spec.inherited < 0
                   ? bind_hardened(spec.path, spec.role)
                   : inherit_unix_socket(spec.inherited, spec.role);
  if (auto why = std::get_if<std::string>(&bound))
    return make_error(actors::errc::bind_failed, std::move(*why));
  std::unique_ptr<actors::listener> result;
  try {
    result = std::make_unique<socket_listener>(
        context, std::get<bound_socket>(std::move(bound)), spec,
        std::move(owner));
  } catch (const boost::system::system_error& why) {
    return make_error(actors::errc::bind_failed, "cannot serve the " + spec.role
                                                     + " " + spec.path + ": "
                                                     + why.code().message());
  }
  return result;
}

socket_listener::socket_listener(boost::asio::io_context& context,
                                 bound_socket socket,
                                 const actors::listen_spec& spec,
                                 actors::listener_owner owner)
    : context_(context),
      framing_(spec.framing),
      owner_(std::move(owner)),
      check_(spec.role, place_of(spec.framing)),
      open_(std::make_shared<std::size_t>(0)),
      held_(spec.held),
      socket_(context, std::move(socket),
              {spec.role, spec.repair, open_, spec.connections_max,
               [this](unique_fd fd) { greet(std::move(fd)); },
               spec.on_trouble}) {
  // nop
}

// A peer is checked before a byte of it is read. One that is refused is closed.
void socket_listener::greet(unique_fd fd) {
  auto who = peer_of(fd.get());
  if (!check_.admits(who))
    return;
  caf::anon_send(owner_, actors::accepted{stream::make(context_, std::move(fd),
                                                       std::move(who), framing_,
                                                       open_, held_)});
}

} // namespace clearance::io
