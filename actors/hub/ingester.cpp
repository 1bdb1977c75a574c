// For each reader, one at a time:
//
//   read() --> received --> judge lines, until there is a batch of events
//     ^                        |            ^
//     |                     announce        |
//     |                        v            |
//     '-- no lines left <-- batch_announced -- lines left
//
// The first batch has at most reader_batch_max_events events. `batch_announced`
// says the size of each further one: the more subscribers, the smaller.
//
// A reader is not read while its batch waits for `batch_announced`. This is the
// backpressure in a burst. It also bounds what one connection can make us hold:
// one read and one unfinished line.

#include "actors/hub/ingester.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace clearance::actors {

namespace limits = protocol::limits;

ingester::ingester(self_type* self, ingester_config config)
    : self_(self),
      registry_(std::move(config.registry)),
      hub_(std::move(config.hub)),
      only_container_(std::move(config.only_container)),
      shown_(show_counters(config.board, [this](protocol::counter_list& to) {
        add_counters(to);
      })) {
  // nop
}

ingester::~ingester() {
  for (auto& [id, x] : readers_)
    x.connection->close();
}

ingester::interface::behavior_type ingester::make_behavior() {
  self_->link_to(hub_);
  return {
      [this](const accepted& x) { on_accepted(x); },
      [this](const received& x) { on_received(x); },
      [](const writable&) { /* readers are never written to */ },
      [](const hung_up&) { /* readers are not watched: they are read */ },
      [this](const batch_announced& x) { on_batch_announced(x); },
      [this](report_atom) { if_memory_allows([this] { on_report(); }); },
  };
}

void ingester::on_accepted(const accepted& x) try {
  auto [it, fresh] = readers_.try_emplace(x.value->id());
  it->second.connection = x.value;
  it->second.complaints = log_limiter{limits::log_max_lines, complaints_};
  x.value->own(ingester_actor{self_});
  x.value->read();
} catch (const std::exception& fault) {
  report_closed(name, x.value->who().pid, fault);
  x.value->close();
  readers_.erase(x.value->id());
}

void ingester::on_received(const received& x) {
  auto it = readers_.find(x.from);
  if (it == readers_.end())
    return;
  auto& from = it->second;
  from.frames = x.frames;
  from.next = 0;
  from.end = x.end;
  counters_.overlong += x.overlong;
  for (std::uint64_t i = 0; i < x.overlong; ++i)
    complain(from, "the line is longer than the limit", {});
  counters_.starved += x.starved;
  for (std::uint64_t i = 0; i < x.starved; ++i)
    complain(from, "a long line, and the memory that readers share is used up",
             {});
  advance(from);
}

void ingester::on_batch_announced(const batch_announced& x) {
  auto it = readers_.find(x.reader);
  if (it == readers_.end())
    return;
  it->second.batch_max_events = x.next_max_events;
  it->second.pause_budget.waited(x.waited);
  if (x.calm)
    it->second.pause_budget.rested();
  advance(it->second);
}

// Judges the next lines and announces what they say, or reads on.
void ingester::advance(reader& x) try {
  std::shared_ptr<event_batch> events;
  auto size = x.frames ? x.frames->size() : 0;
  while (x.next < size
         && (!events
             || (events->size() < x.batch_max_events
                 && events->bytes() < limits::event_batch_max_bytes))) {
    if (auto event =
            judge(x, x.frames->at(x.next), x.frames->capacity_at(x.next))) {
      if (!events) {
        events = std::make_shared<event_batch>();
        events->reserve(std::min(size - x.next, x.batch_max_events));
      }
      events->add(std::move(event));
    }
    ++x.next;
  }
  if (events) {
    events->fit();
    x.pause_budget.brought(events->size());
    self_->send(registry_, announce{x.connection->id(), std::move(events),
                                    x.pause_budget.left()});
    return;
  }
  x.frames.reset();
  if (x.end != stream_end::none)
    leave(x);
  else
    x.connection->read();
} catch (const std::exception& fault) {
  report_closed(name, x.connection->who().pid, fault);
  leave(x);
}

// The event of the line, or null.
event_ptr ingester::judge(reader& x, std::string_view line,
                          std::size_t capacity) {
  if ((!only_container_ || only_container_->has_plain_label())
      && parser_.parse_plain(line, capacity, plain_event_)) {
    ++counters_.lines;
    return claim(x, line, plain_event_) ? make_event(plain_event_) : nullptr;
  }
  using judged = protocol::reader_line_parser::outcome;
  switch (parser_.parse(line, capacity, event_)) {
  case judged::complete:
    ++counters_.lines;
    counters_.repaired += parser_.repaired() ? 1 : 0;
    return claim(x, line, event_) ? make_event(event_) : nullptr;
  case judged::blank:
    break;
  case judged::unknown:
    ++counters_.lines;
    ++counters_.unknown;
    complain_of_type(x, line);
    break;
  case judged::malformed:
    ++counters_.lines;
    ++counters_.malformed;
    complain(x, parser_.why(), line);
    break;
  }
  return nullptr;
}

// False: the line is another container's.
template <class Event>
bool ingester::claim(reader& x, std::string_view line, Event& event) {
  if (!only_container_ || only_container_->claim(event))
    return true;
  ++counters_.foreign;
  complain(x, "the line names another container", line);
  return false;
}

// A reader that is newer than this hub may send one new type again and again:
// that is said once, until the reader sends another one.
void ingester::complain_of_type(reader& x, std::string_view line) {
  const auto& type = parser_.unknown_type();
  if (x.unknown_type != type)
    complain(x, type.empty() ? "no type" : "a type that is not known", line);
  x.unknown_type = type;
}

void ingester::complain(reader& x, std::string_view why,
                        std::string_view line) {
  if (!x.complaints.allow(self_->clock().now()))
    return;
  auto withheld = x.complaints.take_withheld();
  auto others = x.complaints.take_rest_of_others();
  if_memory_allows([&] {
    log(severity::warning, name, "dropped a reader's line",
        {{"why", why},
         {"pid", std::to_string(x.connection->who().pid)},
         {"command", x.connection->who().command},
         {"line", protocol::escaped(line, limits::reader_line_log_max_bytes)},
         {"not_logged", withheld > 0 ? std::to_string(withheld) : ""},
         {"others_not_logged", others > 0 ? std::to_string(others) : ""}});
  });
}

void ingester::leave(reader& x) {
  if (auto withheld = x.complaints.take_rest(self_->clock().now());
      withheld > 0)
    if_memory_allows([&] {
      log(severity::warning, name, "dropped more lines of a reader that left",
          {{"pid", std::to_string(x.connection->who().pid)},
           {"not_logged", std::to_string(withheld)}});
    });
  x.connection->close();
  readers_.erase(x.connection->id());
}

void ingester::on_report() const {
  protocol::counter_list all;
  add_counters(all);
  log_counters(name, all);
}

void ingester::add_counters(protocol::counter_list& to) const {
  const auto add = [&to](std::string_view what, std::uint64_t value) {
    to.push_back({name, what, value});
  };
  add("readers", readers_.size());
  add("lines", counters_.lines);
  add("malformed", counters_.malformed);
  add("overlong", counters_.overlong);
  add("starved", counters_.starved);
  add("repaired", counters_.repaired);
  add("unknown", counters_.unknown);
  add("foreign", counters_.foreign);
}

ingester_actor spawn_ingester(io_host& io, ingester_config config) {
  return spawn_hosted<ingester>(io, std::move(config));
}

} // namespace clearance::actors
