#include "actors/operator/operator_session.hpp"

#include "test/support/fixture/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace operator_session_tests {

using namespace clearance;
using namespace clearance::test;

namespace {

struct session_stage : actor_fixture {
  inbox prompts{*this};
  fake_connection_ptr connection = std::make_shared<fake_connection>();
  std::shared_ptr<int> place = std::make_shared<int>();
  actors::operator_session_actor session;

  session_stage() {
    session = actors::spawn_operator_session(
        io, actors::operator_session_config{prompts.as<actors::prompts_actor>(),
                                            connection, place});
    run();
  }
  ~session_stage() { end_hosted(); }

  void bring(const std::string& bytes) {
    prompts.tell(session,
                 actors::changes{std::make_shared<const std::string>(bytes)});
    run();
  }
};

} // namespace

TEST_CASE("an operator session asks for more when all is written") {
  session_stage s;
  CHECK_EQ(s.prompts.take<actors::pull>().size(), 1);
  CHECK(s.connection->watched());
  s.bring("one");
  CHECK_EQ(s.connection->flush_taken(), "one");
  CHECK_EQ(s.prompts.take<actors::pull>().size(), 1);
}

TEST_CASE("an operator session writes whole replies, whatever the cut") {
  const std::string bytes = "0123456789";
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    session_stage s;
    s.prompts.take<actors::pull>();
    s.connection->take(cut);
    s.bring(bytes);
    CHECK(s.connection->awaited());
    CHECK(s.prompts.take<actors::pull>().empty());
    s.connection->take_all();
    s.connection->become_writable();
    s.run();
    CHECK_EQ(s.connection->taken(), bytes);
    CHECK_EQ(s.prompts.take<actors::pull>().size(), 1);
  }
}

TEST_CASE("an operator session ends when its client leaves or breaks") {
  for (bool breaks : {false, true}) {
    session_stage s;
    if (breaks) {
      s.connection->break_when_full();
      s.connection->take(0);
      s.bring("x");
    } else {
      s.connection->hang_up();
      s.run();
    }
    CHECK(s.io.alive("operator_session").empty());
    CHECK_FALSE(s.connection->open());
    CHECK_EQ(s.place.use_count(), 1);
  }
}

TEST_CASE("an operator session ends with the prompts") {
  session_stage s;
  s.crash(s.prompts.actor(), caf::make_error(caf::sec::runtime_error));
  CHECK(s.io.alive("operator_session").empty());
}

} // namespace operator_session_tests
