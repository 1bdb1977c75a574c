// A whole hub, with its verdict helper, on real sockets. While it handles one
// message, one allocation is denied: in turn the first, the second, and so on,
// until the message needs no further one. Whichever it is, at most the
// connection that sent the message is closed: the hub serves all others.

#include "actors/base/block_cache.hpp"
#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "actors/executor/helper_executor.hpp"
#include "actors/hub/hub.hpp"
#include "actors/hub/verdict_helper.hpp"
#include "actors/io/socket/socket_listener.hpp"
#include "actors/io/socket/stream.hpp"
#include "actors/operator/prompts.hpp"
#include "test/actors/io/loop/stepped_loop.hpp"
#include "test/support/allocation_count.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/net/raw_socket.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace denied_memory_tests {

using namespace clearance;
using namespace clearance::test;

namespace {

using namespace std::string_literals;

int internal_errors = 0;
int blocks_without_open_request = 0;

// Allocates nothing, because a program's sink must not fail either.
void count_lines(const actors::log_entry& x) {
  if (x.text == "internal error")
    ++internal_errors;
  if (x.text.starts_with("out of memory for a container's open request"))
    ++blocks_without_open_request;
}

/// Hosts actors on a stepped loop.
class stepped_host final : public actors::io_host {
public:
  explicit stepped_host(stepped_loop& loop) : loop_(loop) {
    // nop
  }

  caf::actor_system& system() override { return loop_.system(); }
  caf::execution_unit* unit() override { return &loop_.unit(); }

  void keep(caf::strong_actor_ptr actor) override {
    loop_.unit().reserve(kept_.size() + 1);
    kept_.push_back(std::move(actor));
  }
  caf::expected<std::unique_ptr<actors::listener>>
  listen(const actors::listen_spec& spec,
         actors::listener_owner owner) override {
    return io::socket_listener::open(loop_.context(), spec, std::move(owner));
  }
  caf::expected<actors::connection_ptr> dial(const std::string& path,
                                             actors::framing kind) override {
    return io::stream::dial(loop_.context(), path, kind);
  }
  actors::process_ptr run(actors::process_id, actors::process_spec,
                          actors::process_owner) override {
    return nullptr;
  }

  void end_all() {
    for (auto& x : kept_)
      caf::anon_send_exit(caf::actor_cast<caf::actor>(x),
                          caf::exit_reason::user_shutdown);
    loop_.step();
    kept_.clear();
  }

private:
  stepped_loop& loop_;
  std::vector<caf::strong_actor_ptr> kept_;
};

/// Applies every verdict, whatever memory is denied.
class applier {
public:
  static inline const char* name = "applier";
  using interface = actors::executor_actor;
  using self_type = actors::hosted<interface::base>;
  using actor_type = actors::hosted_actor<applier>;

  explicit applier(self_type* self) : self_(self) {
    // nop
  }

  interface::behavior_type make_behavior() {
    return {
        [this](const protocol::shield_call&) {
          auto answer =
              self_->make_response_promise<protocol::shield_outcome>();
          actors::insist([&] {
            answer.deliver(protocol::shield_outcome{true, {}});
          });
          return answer;
        },
        [](actors::abilities_atom) {
          return actors::shield_abilities_answer{};
        },
    };
  }

private:
  self_type* self_;
};

std::string line_of(const std::string& id) {
  return R"({"type":"pending","container":"c1","id":")" + id
         + R"(","dest":"203.0.113.7","port":443,"proto":6})" + "\n";
}

std::string verdict_on(const std::string& id) {
  return R"({"method":"org.terok.Clearance1.Verdict","parameters":{)"
         R"("container":"c1","request_id":")"
         + id + R"(","dest":"203.0.113.7","action":"allow"}})" + "\0"s;
}

const auto subscribe =
    R"({"method":"org.terok.Clearance1.Subscribe","more":true})" + "\0"s;
// Of the operator interface; `more` is what follows the parameters.
std::string operator_call(const std::string& method,
                          const std::string& parameters,
                          const std::string& more = "") {
  return R"({"method":"org.terok.ClearanceOperator1.)" + method
         + R"(","parameters":)" + parameters + more + "}\0"s;
}

const auto list = operator_call("List", "{}");
const auto get_info = R"({"method":"org.varlink.service.GetInfo"})" + "\0"s;

// Longer than what a connection's buffers keep.
const std::string long_id(200, 'i');

struct world {
  temp_dir dir;
  std::string clients = dir / "clients";
  std::string readers = dir / "readers";
  stepped_loop loop;
  stepped_host io{loop};
  std::unique_ptr<raw_socket> watcher;
  std::string seen; // by the watcher

  world() {
    const std::string helper = dir / "helper";
    auto shield = actors::spawn_hosted<applier>(io);
    actors::spawn_verdict_helper(io, {&io, helper, shield});
    actors::hub_config config;
    config.io = &io;
    config.clearance_socket = clients;
    config.reader_socket = readers;
    config.executor = actors::spawn_helper_executor(io, {&io, helper});
    config.spawn_operators = [this](actors::operators_place x) {
      actors::prompts_config mine;
      mine.io = x.io;
      mine.registry = x.registry;
      mine.hub = x.hub;
      mine.boot = "boot";
      return actors::operators_actor{actors::spawn_prompts(io, mine)};
    };
    actors::spawn_hub(io, std::move(config));
    loop.step();
    watcher = connect(clients);
    ask(*watcher, subscribe);
    emit(line_of("first"));
    REQUIRE(watcher_sees("first"));
    // Folds it into a prompt.
    REQUIRE(reply_to(list).find("\"boot-1\"") != std::string::npos);
  }

  ~world() {
    watcher.reset();
    io.end_all();
  }

  std::unique_ptr<raw_socket> connect(const std::string& path) {
    auto result = std::make_unique<raw_socket>(path);
    loop.step();
    return result;
  }

  void ask(raw_socket& by, std::string_view what) {
    by.send(what);
    loop.step();
  }

  void emit(const std::string& line) { ask(*connect(readers), line); }

  bool watcher_sees(std::string_view what) {
    watcher->read_some(seen);
    return seen.find(what) != std::string::npos;
  }

  /// The reply to a call on a new connection.
  std::string reply_to(std::string_view call) {
    auto client = connect(clients);
    ask(*client, call);
    std::string result;
    client->read_some(result);
    return result;
  }

  /// Events reach the watcher, and a verdict on one is applied.
  bool serves_others() {
    emit(line_of("after"));
    return watcher_sees(R"("request_id":"after")")
           && reply_to(verdict_on("after")).find(R"("ok":true)")
                  != std::string::npos
           && watcher_sees("verdict_applied");
  }
};

enum class end_of { served, closed, waiting };

/// Whether the connection got what it asked for, or was closed, or neither.
end_of how_it_went(raw_socket& x, std::string_view reply) {
  std::string got;
  const auto open = !x.readable() || x.read_some(got);
  if (got.find(reply) != std::string::npos)
    return end_of::served;
  return open ? end_of::waiting : end_of::closed;
}

/// Denies each allocation of the step after `act` in turn. `act` gets a fresh
/// world and says how to judge the connection that it used. Returns how many
/// there are to deny.
std::size_t
deny_each(const std::function<std::function<end_of()>(world&)>& act) {
  actors::set_log_sink(&count_lines, actors::severity::debug);
  for (std::size_t which = 1;; ++which) {
    world x;
    internal_errors = 0;
    auto judge = act(x);
    bool denied = false;
    CAPTURE(which);
    actors::free_kept_blocks(); // so that an event must ask for its memory
    {
      const denied_allocation no_memory{which};
      x.loop.step();
      denied = no_memory.happened();
    }
    x.loop.step();
    const auto went = judge();
    CHECK(went != end_of::waiting);
    CHECK((denied || went == end_of::served));
    CHECK(x.serves_others());
    CHECK(internal_errors == 0);
    if (!denied) {
      actors::set_log_sink(nullptr, actors::severity::info);
      return which - 1;
    }
  }
}

} // namespace

TEST_CASE("memory that a block is denied costs at most its reader's "
          "connection") {
  blocks_without_open_request = 0;
  for (const auto& id : {"short"s, long_id}) {
    CHECK(deny_each([&](world& x) -> std::function<end_of()> {
            auto reader =
                std::shared_ptr<raw_socket>(x.connect(x.readers).release());
            reader->send(line_of(id));
            return [&x, reader, id] {
              if (x.watcher_sees(id))
                return end_of::served;
              // Nobody was told of the block, and the reader knows.
              return reader->readable() ? end_of::closed : end_of::waiting;
            };
          })
          > 10);
  }
  CHECK(blocks_without_open_request > 0);
}

TEST_CASE("memory that a verdict is denied costs at most its client's "
          "connection") {
  CHECK(deny_each([](world& x) -> std::function<end_of()> {
          auto client =
              std::shared_ptr<raw_socket>(x.connect(x.clients).release());
          client->send(verdict_on("first"));
          return [client] {
            // An error is an answer, too.
            return how_it_went(*client, "\"parameters\"");
          };
        })
        > 20);
}

TEST_CASE("memory that a call is denied costs at most its client's "
          "connection") {
  CHECK(deny_each([](world& x) -> std::function<end_of()> {
          auto client =
              std::shared_ptr<raw_socket>(x.connect(x.clients).release());
          client->send(get_info);
          return [client] { return how_it_went(*client, "\"product\""); };
        })
        > 5);
}

// Here an actor ends, too: the session, once the subscriber has the connection.
TEST_CASE("memory that a subscription is denied costs at most its client's "
          "connection") {
  CHECK(deny_each([](world& x) -> std::function<end_of()> {
          auto client =
              std::shared_ptr<raw_socket>(x.connect(x.clients).release());
          client->send(subscribe);
          return [&x, client] {
            x.emit(line_of("later"));
            return how_it_went(*client, R"("request_id":"later")");
          };
        })
        > 10);
}

TEST_CASE("memory that a question of an operator is denied costs at most its "
          "connection") {
  const std::string decide_first =
      R"({"prompt":"boot-1","revision":1,"action":"allow"})";
  const std::pair<std::string, const char*> questions[]{
      {list, "\"prompts\""},
      {operator_call("Decide", decide_first), "\"parameters\""},
      {operator_call("History", "{}"), "\"decisions\""},
      {operator_call("Explain", R"({"target":"a.org"})"), "\"decision\""},
      {operator_call("Quiet", R"({"container":"c1","on":true})"),
       "\"parameters\""},
  };
  for (const auto& [question, reply] : questions) {
    CAPTURE(question);
    CHECK(deny_each([&](world& x) -> std::function<end_of()> {
            auto client =
                std::shared_ptr<raw_socket>(x.connect(x.clients).release());
            client->send(question);
            return [&x, client, &reply] {
              const auto went = how_it_went(*client, reply);
              // Nothing stays in the middle of a decision.
              const auto now = x.reply_to(list);
              CHECK(now.find("\"deciding\"") == now.npos);
              // If there is no memory for it a decided prompt is not shown any
              // more. Nothing else may go.
              CHECK((now.find("\"boot-1\"") != now.npos
                     || x.watcher_sees("verdict_applied")));
              return went;
            };
          })
          > 5);
  }
}

TEST_CASE("memory that is denied to a client that watches costs at most its "
          "connection") {
  CHECK(deny_each([](world& x) -> std::function<end_of()> {
          auto client =
              std::shared_ptr<raw_socket>(x.connect(x.clients).release());
          client->send(operator_call("Watch", "{}", R"(,"more":true)"));
          return [client] { return how_it_went(*client, "\"complete\""); };
        })
        > 10);
}

TEST_CASE("memory that a block is denied leaves a client that watches right") {
  CHECK(deny_each([](world& x) -> std::function<end_of()> {
          auto client =
              std::shared_ptr<raw_socket>(x.connect(x.clients).release());
          x.ask(*client, operator_call("Watch", "{}", R"(,"more":true)"));
          auto reader = x.connect(x.readers);
          reader->send(line_of("watched"));
          return [client] { return how_it_went(*client, "\"complete\""); };
        })
        > 10);
}

TEST_CASE("memory that a new client is denied costs at most its connection") {
  CHECK(deny_each([](world& x) -> std::function<end_of()> {
          auto client = std::make_shared<raw_socket>(x.clients);
          return [&x, client] {
            try {
              x.ask(*client, get_info);
            } catch (const peer_closed&) {
              return end_of::closed;
            }
            return how_it_went(*client, "\"product\"");
          };
        })
        > 5);
}

} // namespace denied_memory_tests
