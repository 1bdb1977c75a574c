// A part that is asked for its counters may send itself a message, to count
// what it has not looked at yet. So the board is asked twice: first by the
// port, then by the actor that the port starts after that. Actors on the I/O
// thread run in the order in which they got something to do, so the part has
// handled its message before the new actor runs. (A message that an actor sends
// itself is no turn: the actor may handle the message before any other actor
// runs.)
//
// The text is kept for metrics_age_max: somebody who asks all the time
// costs no more than one who asks now and then.
//
// The new actor owns the request, because a request's connection lives as long
// as somebody holds the request. The actor ends when the answer is written or
// the client has left.

#include "actors/metrics/metrics_port.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "protocol/metrics/limits.hpp"
#include "protocol/metrics/prometheus.hpp"

#include <functional>
#include <string>
#include <utility>

namespace clearance::actors {

namespace metrics_limits = protocol::metrics_limits;

bool metrics_text::is_recent(caf::actor_clock::time_point now) const noexcept {
  return !text.empty() && now < made_at + metrics_limits::metrics_age_max;
}

namespace {

void answer(http_request& x, const std::function<const std::string&()>& text) {
  const auto& head = x.head();
  if (head.target != "/metrics")
    return x.refuse(404, "not found; the metrics are at /metrics\n");
  if (head.method != "GET")
    return x.refuse(405, "method not allowed\n", {{"Allow", "GET"}});
  x.refuse(200, text(),
           {{"Content-Type", std::string{protocol::prometheus_content_type}},
            {"Cache-Control", "no-store"}});
}

class metrics_request {
public:
  static inline const char* name = "metrics_request";
  using interface = http_request_owner;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<metrics_request>;

  metrics_request(self_type* self, http_request_ptr request,
                  counter_board_ptr board, metrics_text_ptr text)
      : self_(self),
        request_(std::move(request)),
        board_(std::move(board)),
        text_(std::move(text)) {
    // nop
  }

  // If memory is denied the actor ends, and the connection is closed.
  interface::behavior_type make_behavior() {
    request_->own(interface{self_});
    answer(*request_, [this]() -> const std::string& { return recent_text(); });
    return {
        [this](const answered&) { self_->quit(); },
        [](const backend_said&) { /* there is no backend */ },
    };
  }

private:
  const std::string& recent_text() {
    const auto now = self_->clock().now();
    if (!text_->is_recent(now)) {
      text_->text = protocol::prometheus_text(board_->collect());
      text_->made_at = now;
    }
    return text_->text;
  }

  self_type* self_;
  http_request_ptr request_;
  counter_board_ptr board_;
  metrics_text_ptr text_;
};

} // namespace

metrics_config::metrics_config() {
  listen.role = "metrics socket";
  listen.server = "terok-clearance/" CLEARANCE_VERSION;
  listen.connections_max = metrics_limits::metrics_connections_max;
  listen.closes_oldest = true;
}

metrics_port::metrics_port(self_type* self, metrics_config config)
    : self_(self), config_(std::move(config)) {
  // nop
}

metrics_port::interface::behavior_type metrics_port::make_behavior() {
  auto listening = config_.http->listen_http(config_.listen, interface{self_});
  if (listening) {
    listener_ = std::move(*listening);
    log(severity::info, name, "serving metrics", {{"at", listener_->where()}});
  } else {
    self_->quit(listening.error());
  }
  return {
      [this](const requested& x) { on_requested(x); },
      [](const malformed_request&) { /* it was refused already */ },
  };
}

// If memory is denied the request is dropped, and its connection closed.
void metrics_port::on_requested(const requested& x) {
  if_memory_allows([&] {
    if (!text_->is_recent(self_->clock().now()))
      config_.board->collect();
    spawn_hosted<metrics_request>(*config_.io, x.value, config_.board, text_);
  });
}

metrics_actor spawn_metrics(io_host& io, metrics_config config) {
  return spawn_hosted<metrics_port>(io, std::move(config));
}

} // namespace clearance::actors
