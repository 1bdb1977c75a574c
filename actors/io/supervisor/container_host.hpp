/// Makes directories and watches processes, for containers.
#pragma once

#include "actors/supervisor/messages.hpp"

#include <boost/asio/io_context.hpp>

#include <string>
#include <vector>

namespace clearance::io {

/// The io_context must outlive the watches.
class container_host final : public actors::container_host {
public:
  explicit container_host(boost::asio::io_context& context);

  std::string make_private(const std::string& path) override;
  void settle_hooks(const std::string& directory,
                    const std::string& program) override;
  void look_for_locks(const std::string& repository) override;
  actors::watched watch(pid_t pid, actors::process_watcher owner) override;
  actors::started_child run_service(actors::service_child_id id,
                                    const std::vector<std::string>& argv,
                                    actors::service_child_owner owner,
                                    actors::at_hangup hangup) override;

private:
  boost::asio::io_context& context_;
};

} // namespace clearance::io
