#include "test/support/stage/registry_stage.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace clearance::test {

registry_stage::registry_stage(protocol::authorisation_limits limits)
    : registry(actors::spawn_registry(
        io, actors::registry_config{executor.handle(), hub.actor().address(),
                                    limits})) {
  run();
}

void registry_stage::announce(event_list events, protocol::duration max_pause) {
  reader.tell(registry,
              actors::announce{1, batch_of(std::move(events)), max_pause});
  run();
}

void registry_stage::ask(std::string request_id, std::string dest,
                         std::string action, std::string container) {
  caller.tell(registry, actors::verdict{std::move(container),
                                        std::move(request_id),
                                        std::move(dest),
                                        std::move(action),
                                        {1000, 77, "operator"}});
  run();
}

bool registry_stage::live(std::string request_id, std::string dest,
                          std::string container) {
  auto before = executor.calls().size();
  ask(std::move(request_id), std::move(dest), "deny", std::move(container));
  auto result = executor.calls().size() > before;
  if (result)
    executor.answer(before, {false, "only asking"});
  outcome();
  return result;
}

subscriber_client::subscriber_client(registry_stage& s) : box(s) {
  queue->progress(0, s.system.clock().now());
  box.tell(s.registry,
           actors::subscribe{box.as<actors::subscriber_actor>(), queue});
  s.run();
  CHECK(box.take<actors::replay_page>().size() == 1);
}

std::string subscriber_client::heard() {
  std::string result;
  for (auto& x : box.take<actors::announced>())
    result += wire_of(*x.events);
  return result;
}

} // namespace clearance::test
