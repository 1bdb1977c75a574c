// The journal makes this exact. Inboxes and the fake executor note each message
// at the moment when it is sent. So the journal has the registry's actions in
// the order in which the registry took them, however late other actors run. The
// model follows the journal.

#include "test/support/model/registry_trial.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/operator/limits.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace clearance::test {

namespace {

namespace limits = protocol::limits;
using protocol::event_type;
using namespace std::chrono_literals;

// Small limits, so that they are reached again and again.
constexpr std::size_t containers = 3;
constexpr std::size_t ids = 6;
constexpr std::size_t targets = 2;
constexpr std::size_t callers = 6;
constexpr std::size_t clients_max = 4;

// Less than any deadline of a verdict: so every answer is the executor's own.
constexpr protocol::duration passes_max = 5s;
static_assert(passes_max < protocol::operator_limits::verdict_turn_max_wait);

constexpr protocol::authorisation_limits bounds{.per_container = 4, .total = 9};

void require(bool holds, const char* what) {
  if (!holds)
    throw std::logic_error(what);
}

std::string container_name(std::size_t i) {
  return "c" + std::to_string(i);
}

std::string target_name(std::size_t i) {
  return "198.51.100." + std::to_string(i);
}

std::vector<std::string> messages_of(const std::string& wire) {
  std::vector<std::string> result;
  std::size_t at = 0;
  for (auto end = wire.find('\0'); end != wire.npos;
       end = wire.find('\0', at)) {
    result.push_back(wire.substr(at, end + 1 - at));
    at = end + 1;
  }
  return result;
}

} // namespace

registry_trial::registry_trial()
    : witness_queue_(std::make_shared<actors::queue_status>()),
      registry_(actors::spawn_registry(
          fixture_.io,
          actors::registry_config{executor_.handle(), hub_.actor().address(),
                                  bounds})),
      model_(bounds) {
  for (std::size_t i = 0; i < callers; ++i)
    callers_.push_back(std::make_unique<caller>(fixture_));
  witness_.tell(registry_,
                actors::subscribe{witness_.as<actors::subscriber_actor>(),
                                  witness_queue_});
  fixture_.run();
  look();
}

void registry_trial::step(const chooser& choose) {
  auto n = choose(32);
  if (n < 9)
    announce(choose);
  else if (n < 15)
    ask(choose);
  else if (n < 19)
    answer(choose);
  else if (n < 20)
    come();
  else if (n < 24)
    read(choose);
  else if (n < 25)
    leave(choose);
  else if (n < 27)
    pass_time(choose);
  else
    run(1 + choose(16));
  look();
}

// -- what happens to the registry ---------------------------------------------

void registry_trial::announce(const chooser& choose) {
  constexpr std::array types{
      event_type::connection_blocked, event_type::connection_blocked,
      event_type::connection_blocked, event_type::connection_blocked,
      event_type::shield_up,          event_type::shield_down,
      event_type::shield_disengaged,  event_type::container_exited};
  // Sometimes enough events to make a queue overflow.
  const auto count = choose(8) == 0 ? 1 + choose(100) : 1 + choose(3);
  std::vector<actors::event_ptr> events;
  for (std::size_t i = 0; i < count; ++i) {
    protocol::event x;
    x.type = types.at(count > 3 ? 0 : choose(types.size()));
    x.container = container_name(choose(containers));
    x.dossier.emplace_back("number", std::to_string(++number_)); // tells apart
    if (x.type == event_type::connection_blocked) {
      x.request_id = std::to_string(choose(ids));
      x.dest = target_name(choose(targets));
    }
    events.push_back(actors::make_event(x));
  }
  reader_.tell(registry_,
               actors::announce{1 + choose(2),
                                std::make_shared<const actors::event_batch>(
                                    std::move(events)),
                                choose(2) == 0 ? 0ms : 100ms});
}

void registry_trial::ask(const chooser& choose) {
  const auto who = choose(callers_.size());
  if (callers_[who]->asked)
    return;
  question x;
  x.ticket = ++last_ticket_;
  x.key = {container_name(choose(containers)), std::to_string(choose(ids))};
  x.dest = target_name(choose(targets));
  x.action = std::array{"allow", "deny", "allow", "Allow"}.at(choose(4));
  const auto& box = callers_[who]->box;
  const actors::peer by{1000, 77, "operator"};
  if (choose(3) == 0)
    decide(x);
  if (x.decides())
    box.tell(registry_, actors::execute{x.key.first,
                                        {x.generation},
                                        *protocol::parse_action(x.action),
                                        by,
                                        {}});
  else
    box.tell(registry_,
             actors::verdict{x.key.first, x.key.second, x.dest, x.action, by});
  box.tell(registry_, actors::losses_of{});
  marks_.push_back(x.ticket);
  callers_[who]->asked = std::move(x);
  unseen_.push_back(who);
}

// A decision names an open request exactly; here one that was open a moment
// ago.
void registry_trial::decide(question& x) {
  const auto* known = model_.find(x.key);
  if (known == nullptr || !protocol::parse_action(x.action))
    return;
  x.generation = known->number;
  x.dest = known->target;
}

void registry_trial::answer(const chooser& choose) {
  // Any call that the executor has.
  const auto heard = executor_.calls().size();
  std::vector<std::size_t> open;
  for (auto who : running_)
    if (asked_by(who).call <= heard)
      open.push_back(who);
  if (open.empty())
    return;
  const auto who = open[choose(open.size())];
  std::erase(running_, who);
  auto& x = asked_by(who);
  x.ok = choose(2) == 0;
  executor_.play(x.call - 1, {x.ok, x.ok ? "" : "no"});
  answered_.push_back(who);
}

registry_trial::client& registry_trial::come() {
  if (clients_.size() >= clients_max)
    return clients_.front();
  auto& x = clients_.emplace_back();
  x.connection = std::make_shared<fake_connection>();
  x.connection->take(0);
  auto handle = actors::spawn_subscriber(
      fixture_.io, actors::subscriber_config{registry_, x.connection,
                                             hub_.actor().address()});
  x.queue = static_cast<actors::subscriber::actor_type*>(
                caf::actor_cast<caf::abstract_actor*>(handle))
                ->queue()
                .queue();
  return x;
}

void registry_trial::read(const chooser& choose) {
  if (clients_.empty())
    return;
  auto& x = *clients_[choose(clients_.size())].connection;
  const std::array<std::size_t, 4> rooms{1, 300, 5000, 100'000};
  x.take(rooms.at(choose(rooms.size())));
  if (x.awaited())
    x.become_writable();
}

void registry_trial::leave(const chooser& choose) {
  if (clients_.empty())
    return;
  const auto i = choose(clients_.size());
  auto& x = clients_[i];
  if (!x.connection->watched())
    return; // it has not come yet
  x.connection->hang_up();
  fixture_.run();
  look();
  for (const auto& each : messages_of(x.connection->taken()))
    if (auto block = blocks_.find(each); block != blocks_.end())
      block->second->hand();
  check_taken(x.connection->taken());
  clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(i));
}

void registry_trial::pass_time(const chooser& choose) {
  const auto time = std::chrono::milliseconds{1 + choose(120)};
  if (passed_ + time > passes_max)
    return;
  passed_ += time;
  fixture_.scheduler.advance_time(time);
}

// Lets one actor handle one message.
void registry_trial::run(std::size_t turns) {
  bool more = true;
  while (more && turns-- > 0)
    more = fixture_.scheduler.try_run_once();
  if (more)
    return;
  look();
  for (auto& x : clients_)
    if (!x.since)
      x.since = seen_.size();
}

// -- what the registry did ----------------------------------------------------

void registry_trial::look() {
  for (auto& [to, what] : std::exchange(fixture_.journal.entries, {})) {
    if (what.match_elements<protocol::shield_call>())
      on_call(what.get_as<protocol::shield_call>(0));
    else if (to == witness_.actor().id()
             && what.match_elements<actors::announced>()) {
      const auto& events = *what.get_as<actors::announced>(0).events;
      for (std::size_t i = 0; i < events.size(); ++i)
        on_announced(*events.at(i));
    } else if (what.match_elements<protocol::verdict_outcome>()) {
      const auto who = caller_of(to);
      on_outcome(who, what.get_as<protocol::verdict_outcome>(0));
      callers_[who]->asked.reset();
    } else if (what.match_elements<actors::executed>()) {
      const auto who = caller_of(to);
      on_executed(who, what.get_as<actors::executed>(0));
      callers_[who]->asked.reset();
    } else if (what.match_elements<actors::operator_answer>()) {
      on_mark(caller_of(to));
    }
  }
  for (const auto& x : clients_) {
    const auto level = x.queue->level();
    // If the socket is not full, it takes one batch more.
    const std::size_t batches = level.flowing ? 1 : 0;
    require(level.waiting
                <= limits::subscriber_queue_max_events
                       + batches * limits::subscriber_batch_max_events,
            "a queue holds at most its bound of events");
    require(level.bytes <= limits::subscriber_queue_max_bytes
                               + batches * limits::subscriber_batch_max_bytes,
            "a queue holds at most its bound of bytes");
  }
}

registry_trial::question& registry_trial::asked_by(std::size_t who) {
  require(callers_.at(who)->asked.has_value(), "a verdict that nobody asked");
  return *callers_[who]->asked;
}

void registry_trial::on_announced(const actors::announced_event& x) {
  const auto& wire = seen_.emplace_back(x.wire());
  switch (x.type()) {
  case event_type::connection_blocked: {
    auto event = make_event(wire.size());
    blocks_.emplace(wire, event);
    model_.announce({std::string{x.container()}, std::string{x.request_id()}},
                    std::string{x.target()}, event);
    break;
  }
  case event_type::shield_down:
  case event_type::shield_disengaged:
  case event_type::container_exited:
    model_.drop(std::string{x.container()});
    break;
  case event_type::container_started:
  case event_type::shield_up:
    break;
  case event_type::verdict_applied: {
    const bool is_closed = !closed_.empty();
    require(is_closed || !answered_.empty(),
            "an outcome before the executor's answer");
    auto& of = asked_by(is_closed ? closed_.front() : answered_.front());
    protocol::event expected;
    expected.type = event_type::verdict_applied;
    expected.container = of.key.first;
    expected.request_id = of.key.second;
    expected.action = is_closed ? closed_with_ : of.action;
    expected.ok = is_closed || of.ok;
    require(x.wire() == actors::announced_event{expected}.wire(),
            "verdict_applied says what was executed");
    model_.settle(of.ticket, expected.ok);
    of.announced = true;
    if (is_closed)
      break;
    answered_.pop_front();
    if (of.decides() && of.ok) {
      closed_with_ = of.action;
      std::copy_if(waiting_.begin(), waiting_.end(),
                   std::back_inserter(closed_), [&](std::size_t who) {
                     const auto& y = asked_by(who);
                     return y.key.first == of.key.first && y.dest == of.dest;
                   });
    }
    break;
  }
  }
}

// -- the end ------------------------------------------------------------------

// All events differ, except for verdict_applied. So the first event that equals
// the searched one is as good as any other.
void registry_trial::check_taken(const std::string& taken) const {
  auto at = seen_.begin();
  for (const auto& x : messages_of(taken)) {
    at = std::find(at, seen_.end(), x);
    require(at != seen_.end(), "a client gets what was announced, in order");
    ++at;
  }
}

// A new client gets every open block that no client was handed.
void registry_trial::check_replay() {
  for (const auto& x : clients_)
    for (const auto& each : messages_of(x.connection->taken()))
      if (auto block = blocks_.find(each); block != blocks_.end())
        block->second->hand();
  std::vector<std::string> expected;
  for (const auto& event : model_.waiting(0, model_.sequence))
    for (const auto& [wire, block] : blocks_)
      if (block == event)
        expected.push_back(wire);
  clients_.clear();
  auto& late = come();
  late.connection->take_all();
  fixture_.run();
  require(messages_of(late.connection->taken()) == expected,
          "the next client gets what nobody was handed, oldest first");
}

void registry_trial::finish() {
  const chooser first = [](std::size_t) -> std::size_t { return 0; };
  run(static_cast<std::size_t>(-1));
  while (!running_.empty()) {
    answer(first);
    run(static_cast<std::size_t>(-1));
  }
  // Batches that are held back leave when their reader's pause budget ends.
  fixture_.advance(limits::reader_pause_max + limits::subscriber_progress);
  look();
  for (auto& x : clients_) {
    x.connection->take_all();
    if (x.connection->awaited())
      x.connection->become_writable();
  }
  fixture_.run();
  look();
  require(unseen_.empty() && waiting_.empty() && answered_.empty(),
          "every verdict has an outcome");
  for (const auto& x : clients_) {
    check_taken(x.connection->taken());
    const auto got = messages_of(x.connection->taken());
    const auto newest =
        std::min({limits::subscriber_queue_max_events,
                  seen_.size() - x.since.value_or(seen_.size())});
    require(got.size() >= newest
                && std::equal(seen_.end() - static_cast<std::ptrdiff_t>(newest),
                              seen_.end(),
                              got.end() - static_cast<std::ptrdiff_t>(newest)),
            "a client that reads in the end has the newest, unbroken");
  }
  check_replay();
}

} // namespace clearance::test
