#include "test/support/doubles/fake_executor.hpp"

#include "actors/base/hosted.hpp"
#include "test/support/fixture/actor_fixture.hpp"

#include <caf/exit_reason.hpp>
#include <caf/typed_response_promise.hpp>
#include <doctest/doctest.h>

#include <utility>

namespace clearance::test {

/// Sent by the test: answer that call.
struct play {
  std::size_t index = 0;
  protocol::shield_outcome outcome;
};

} // namespace clearance::test

CLEARANCE_MESSAGE(clearance::test::play)

namespace clearance::test {

namespace {

using call_list = std::shared_ptr<std::vector<protocol::shield_call>>;
using abilities_setting =
    std::shared_ptr<std::optional<protocol::shield_abilities>>;

// Notes a call at the moment when it is sent, also if the scheduler is stopped.
template <class Base>
class journaled : public Base {
public:
  using Base::Base;
  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* eu) override {
    if (what->content().template match_elements<protocol::shield_call>())
      where_->entries.push_back({this->id(), what->copy_content_to_message()});
    Base::enqueue(std::move(what), eu);
  }

  void note_in(journal& where) { where_ = &where; }

private:
  journal* where_ = nullptr;
};

// Answers in a handler, because a promise works only in its actor's context.
class player {
public:
  static inline const char* name = "executor";
  using interface = actors::executor_actor::extend<caf::reacts_to<play>>;
  using self_type = journaled<actors::hosted<interface::base>>;
  using actor_type = actors::hosted_actor<player, self_type>;
  using promise = caf::typed_response_promise<protocol::shield_outcome>;

  player(self_type* self, call_list calls, abilities_setting abilities,
         journal* where)
      : self_(self),
        calls_(std::move(calls)),
        abilities_(std::move(abilities)) {
    self_->note_in(*where);
  }

  interface::behavior_type make_behavior() {
    return {
        [this](protocol::shield_call& x) {
          calls_->push_back(std::move(x));
          promises_.push_back(
              self_->make_response_promise<protocol::shield_outcome>());
          return promises_.back();
        },
        [this](actors::abilities_atom) {
          return actors::shield_abilities_answer{
              abilities_->has_value(),
              abilities_->value_or(protocol::shield_abilities{})};
        },
        [this](play& x) {
          promises_.at(x.index).deliver(std::move(x.outcome));
        },
    };
  }

private:
  self_type* self_;
  call_list calls_;
  abilities_setting abilities_;
  std::vector<promise> promises_;
};

} // namespace

fake_executor::fake_executor(actor_fixture& fixture)
    : fixture_(fixture),
      calls_(std::make_shared<std::vector<protocol::shield_call>>()),
      abilities_(std::make_shared<std::optional<protocol::shield_abilities>>(
          protocol::shield_abilities{})),
      handle_(actors::spawn_hosted<player>(fixture.io, calls_, abilities_,
                                           &fixture.journal)) {
  // nop
}

void fake_executor::play(std::size_t index, protocol::shield_outcome outcome) {
  REQUIRE_MESSAGE(index < calls_->size(), "no such call to the executor");
  caf::anon_send(caf::actor_cast<caf::actor>(handle_),
                 test::play{index, std::move(outcome)});
}

void fake_executor::answer(std::size_t index,
                           protocol::shield_outcome outcome) {
  play(index, std::move(outcome));
  fixture_.run();
}

void fake_executor::die() {
  fixture_.crash(handle_, caf::exit_reason::kill);
}

} // namespace clearance::test
