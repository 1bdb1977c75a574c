#include "actors/operator/operator_session.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"

#include <array>
#include <exception>
#include <string_view>
#include <utility>

namespace clearance::actors {

operator_session::operator_session(self_type* self,
                                   operator_session_config config)
    : self_(self), config_(std::move(config)) {
  self_->set_exception_handler(
      [this](std::exception_ptr& fault) { return on_fault(fault); });
}

operator_session::~operator_session() {
  config_.connection->close();
}

operator_session::interface::behavior_type operator_session::make_behavior() {
  self_->link_to(config_.prompts);
  config_.connection->own(operator_session_actor{self_});
  config_.connection->watch();
  self_->send(config_.prompts, pull{self_});
  return {
      [this](const changes& x) { on_changes(x); },
      [](const received&) { /* a read of the session's, answered late */ },
      [this](const writable&) { flush(); },
      [this](const hung_up&) { leave("it hung up"); },
  };
}

// One client's loss: the session ends as if the client had left. See session.
caf::error operator_session::on_fault(const std::exception_ptr& fault) {
  report_closed(name, config_.connection->who().pid, fault);
  self_->unlink_from(config_.prompts);
  return {};
}

void operator_session::on_changes(const changes& x) {
  bytes_ = x.bytes;
  sent_ = 0;
  flush();
}

void operator_session::flush() try {
  if (bytes_ == nullptr)
    return;
  std::array<std::string_view, 1> pieces{
      std::string_view{*bytes_}.substr(sent_)};
  const auto result = config_.connection->write(pieces);
  sent_ += result.bytes;
  if (result.broken)
    return leave("its connection broke");
  if (sent_ < bytes_->size())
    return config_.connection->await_writable();
  bytes_ = nullptr;
  self_->send(config_.prompts, pull{self_});
} catch (const std::exception& fault) {
  report_closed(name, config_.connection->who().pid, fault);
  self_->unlink_from(config_.prompts);
  self_->quit();
}

void operator_session::leave(std::string_view why) {
  if_memory_allows([&] {
    log(severity::info, name, "an operator's client left",
        {{"why", why},
         {"pid", std::to_string(config_.connection->who().pid)},
         {"command", config_.connection->who().command}});
  });
  self_->unlink_from(config_.prompts); // see session.cpp
  self_->quit();
}

operator_session_actor spawn_operator_session(io_host& io,
                                              operator_session_config config) {
  return spawn_hosted<operator_session>(io, std::move(config));
}

} // namespace clearance::actors
