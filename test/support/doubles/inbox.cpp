#include "test/support/doubles/inbox.hpp"

#include "test/support/fixture/actor_fixture.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>
#include <doctest/doctest.h>

#include <algorithm>

namespace clearance::test {

namespace {

using callback_ptr = std::shared_ptr<std::function<void(const caf::message&)>>;

// Only exit and down messages reach its mailbox.
class inbox_actor final : public caf::event_based_actor {
public:
  inbox_actor(caf::actor_config& cfg, journal& where, callback_ptr callback)
      : event_based_actor(cfg), journal_(where), callback_(callback) {
    // nop
  }

  const char* name() const override { return "inbox"; }

  using event_based_actor::enqueue;

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* eu) override {
    auto& content = what->content();
    if (content.match_elements<caf::exit_msg>()
        || content.match_elements<caf::down_msg>()) {
      event_based_actor::enqueue(std::move(what), eu);
      return;
    }
    auto copy = what->copy_content_to_message();
    journal_.entries.push_back({id(), copy});
    if (*callback_)
      (*callback_)(copy);
  }

protected:
  caf::behavior make_behavior() override {
    return {[](caf::unit_t) { /* keeps it alive */ }};
  }

private:
  journal& journal_;
  callback_ptr callback_;
};

} // namespace

inbox::inbox(actor_fixture& fixture)
    : fixture_(fixture),
      journal_(fixture.journal),
      callback_(std::make_shared<std::function<void(const caf::message&)>>()),
      actor_(fixture.system.spawn<inbox_actor>(journal_, callback_)) {
  fixture.io.keep(caf::actor_cast<caf::strong_actor_ptr>(actor_));
}

std::size_t inbox::size() const {
  return static_cast<std::size_t>(
      std::count_if(journal_.entries.begin(), journal_.entries.end(),
                    [&](auto& x) { return x.to == actor_.id(); }));
}

void inbox::leave() {
  fixture_.crash(actor_, caf::exit_reason::user_shutdown);
}

void inbox::require_one(std::size_t count) {
  REQUIRE(count == 1);
}

} // namespace clearance::test
