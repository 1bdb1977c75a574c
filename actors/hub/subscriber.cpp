// A subscriber moves events from two sources to one socket:
//
//   registry --replay_page-----> replay_ --.
//                                     >--> batch_ --write--> socket
//   registry --announced-> queue ----'
//
// First it is replaying: it writes undelivered events, which come in pages.
// Then it is live: it writes the events of its queue. In both states it is
// either writing or blocked. While it is blocked it waits for one `writable`,
// and nothing else wakes it. batch_ is refilled only when it is empty, so that
// little is held for a client beside its queue. The queue flows while the
// subscriber is live and not blocked; else it is paused.
//
// An event counts as delivered when the socket has accepted its last byte. If
// the connection breaks before, the event goes to the next client.

#include "actors/hub/subscriber.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "protocol/base/limits.hpp"

#include <array>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace clearance::actors {

namespace limits = protocol::limits;

subscriber::subscriber(self_type* self, subscriber_config config)
    : self_(self),
      registry_(std::move(config.registry)),
      connection_(std::move(config.connection)),
      hub_(std::move(config.hub)) {
  self_->set_exception_handler(
      [this](std::exception_ptr& fault) { return on_fault(fault); });
}

subscriber::~subscriber() {
  connection_->close();
}

subscriber::interface::behavior_type subscriber::make_behavior() {
  self_->link_to(hub_);
  connection_->own(subscriber_actor{self_});
  connection_->watch();
  self_->on_events([this] { on_events(); });
  self_->queue().queue()->progress(0, self_->clock().now());
  self_->send(registry_,
              subscribe{self_, self_->queue().queue(), connection_->who().pid});
  return {
      [](const announced&) { /* only a request gets here: answered */ },
      [this](replay_page& x) { on_page(x); },
      [](const received&) { /* a read of the session's, answered late */ },
      [this](const writable&) { on_writable(); },
      [this](const hung_up&) {
        leave(broken_why_.empty() ? "it hung up" : broken_why_);
      },
      [this](report_atom) { if_memory_allows([this] { on_report(); }); },
  };
}

// One client's loss: the subscriber ends as if the client had left.
caf::error subscriber::on_fault(const std::exception_ptr& fault) {
  broken_ = true;
  report_closed(name, connection_->who().pid, fault);
  self_->unlink_from(hub_);
  return {};
}

void subscriber::on_events() {
  if (self_->queue().woke())
    tell_loss();
  flush();
}

void subscriber::tell_loss() const {
  if_memory_allows([this] {
    log(severity::warning, name,
        "a client is too slow and loses its oldest events",
        {{"pid", std::to_string(connection_->who().pid)},
         {"command", connection_->who().command}});
  });
}

void subscriber::on_page(replay_page& x) {
  if (x.failed) {
    leave("there is no memory for the events that it gets first");
    return;
  }
  awaiting_page_ = false;
  replay_ = std::move(x);
  replayed_ = 0;
  flush();
}

void subscriber::on_writable() {
  blocked_ = false;
  if (!replaying_)
    self_->queue().flow();
  flush();
}

void subscriber::leave(std::string_view why) {
  broken_ = true;
  if_memory_allows([&] {
    log(severity::info, name, "a client left",
        {{"why", why},
         {"pid", std::to_string(connection_->who().pid)},
         {"delivered", std::to_string(self_->queue().queue()->delivered())},
         {"lost", std::to_string(self_->queue().queue()->dropped())}});
  });
  self_->unlink_from(hub_); // see session.cpp
  self_->quit();
}

// Also called where no handler runs, which alone may quit.
void subscriber::give_up(const std::exception& fault) {
  broken_ = true;
  broken_why_ = "it could not be served";
  report_closed(name, connection_->who().pid, fault);
  insist([this] {
    self_->send(subscriber_actor{self_}, hung_up{connection_->id()});
  });
}

void subscriber::on_report() const {
  auto& queue = *self_->queue().queue();
  log(severity::notice, name, "counters",
      {{"pid", std::to_string(connection_->who().pid)},
       {"command", connection_->who().command},
       {"delivered", std::to_string(queue.delivered())},
       {"lost", std::to_string(queue.dropped())},
       {"waiting", std::to_string(queue.level().waiting)}});
}

// Writes until nothing is left or the socket blocks. This ends, because nobody
// adds to the queue while it runs.
void subscriber::flush() try {
  while (!broken_ && !blocked_ && fill())
    write();
} catch (const std::exception& fault) {
  give_up(fault);
}

// True if batch_ holds something to write.
bool subscriber::fill() {
  if (!batch_.empty())
    return true;
  if (replaying_ && replayed_ < replay_.events.size()) {
    auto events = next_batch(replay_.events, replayed_);
    batch_.push_back({events, 0, events->size()});
    return true;
  }
  if (replaying_ && !replay_.done) {
    if (!std::exchange(awaiting_page_, true))
      self_->send(registry_, replay{replay_.cursor, replay_.until});
    return false;
  }
  if (std::exchange(replaying_, false))
    self_->queue().flow();
  self_->queue().take(batch_, limits::subscriber_batch_max_events);
  if (self_->queue().queue()->take_room_wanted())
    self_->send(registry_, room_atom::value);
  return !batch_.empty();
}

void subscriber::write() {
  std::array<std::string_view, limits::subscriber_batch_max_events> pieces;
  std::size_t total = 0;
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    pieces[i] = batch_[i].batch->wire(batch_[i].from, batch_[i].to);
    total += pieces[i].size();
  }
  pieces[0].remove_prefix(front_sent_);
  total -= front_sent_;
  auto result = connection_->write({pieces.data(), batch_.size()});
  taken(result.bytes);
  if (result.broken) {
    broken_ = true;
    broken_why_ = "its connection broke";
    insist([this] {
      self_->send(subscriber_actor{self_}, hung_up{connection_->id()});
    });
  } else if (result.bytes < total) {
    blocked_ = true;
    if (self_->queue().pause())
      tell_loss();
    connection_->await_writable();
  }
}

// Removes from batch_ what the socket has accepted completely.
void subscriber::taken(std::size_t bytes) {
  bytes += front_sent_;
  std::size_t count = 0;
  auto x = batch_.begin();
  for (; x != batch_.end(); ++x) {
    auto whole = x->batch->whole(x->from, x->to, bytes);
    bytes -= x->batch->bytes(x->from, x->from + whole);
    x->batch->hand(x->from, x->from + whole);
    x->from += whole;
    count += whole;
    if (x->from < x->to)
      break;
  }
  batch_.erase(batch_.begin(), x);
  front_sent_ = bytes;
  if (count > 0)
    self_->queue().queue()->progress(count, self_->clock().now());
}

subscriber_actor spawn_subscriber(io_host& io, subscriber_config config) {
  return spawn_hosted<subscriber>(io, std::move(config));
}

} // namespace clearance::actors
