/// Follows with podman which containers run.
#pragma once

#include "actors/supervisor/messages.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

namespace clearance::io {

/// Runs `podman events`, which says when something happens, and lists the
/// containers with `podman ps` at the start and then after each event. See
/// podman_lister.cpp.
class podman_lister final : public actors::container_lister {
public:
  /// `program`: a path or a name, as find_program() has it. The io_context must
  /// outlive this object.
  podman_lister(boost::asio::io_context& context, std::string program);
  ~podman_lister() override;

  void start(actors::container_list_owner owner) override;

private:
  class following;

  boost::asio::io_context& context_;
  std::string program_;
  std::shared_ptr<following> following_;
};

} // namespace clearance::io
