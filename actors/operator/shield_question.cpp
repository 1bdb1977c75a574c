// What the shield can do, which the prompts ask their hub's executor.

#include "actors/base/fault.hpp"
#include "actors/operator/prompts.hpp"
#include "protocol/base/limits.hpp"

#include <exception>
#include <functional>
#include <utility>

namespace clearance::actors {

// Whoever looks wants to know; a hub that nobody looks at asks nobody, because
// that would start the verdict helper. Until the shield could be asked it has
// no abilities. Calls `then` when there is an answer, or none.
void prompts::ask_shield(std::function<void()> then) {
  if (then)
    wait_for_shield_.push_back(std::move(then));
  if (asks_shield_)
    return;
  auto go_on = [this] {
    asks_shield_ = false;
    for (auto& each : std::exchange(wait_for_shield_, {}))
      each();
  };
  if (!config_.executor || is_shield_known_)
    return go_on();
  asks_shield_ = true;
  try {
    self_
        ->request(config_.executor, protocol::limits::executor_deadline,
                  abilities_atom::value)
        .then(
            [this, go_on](const shield_abilities_answer& x) {
              if_memory_allows([&] { on_abilities(x); });
              go_on();
            },
            [go_on](const caf::error&) { go_on(); });
  } catch (const std::exception&) {
    go_on();
  }
}

void prompts::on_abilities(const shield_abilities_answer& x) {
  is_shield_known_ = x.is_known;
  auto abilities = x.abilities;
  abilities.ports = false; // a verdict does not name ports to the shield
  if (!x.is_known || shield_ == abilities)
    return;
  catch_up();
  shield_ = abilities;
  for (auto& each : watchers_)
    each.feed->set(shield_);
  if (news_.is_on) { // a rule may be executed now that was an ask before
    news_.add_all(table_);
    judge_news(false);
  }
  tell_hub();
  serve();
}

} // namespace clearance::actors
