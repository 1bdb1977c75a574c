// Decisions by the policy, with an audit trail: how many a second a hub makes.
// Denies execute nothing. Allows are executed by a verdict helper that answers
// at once: a double, which costs the hub what a helper costs it.

#include "test/bench/workload.hpp"
#include "test/support/doubles/fake_server.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/net/raw_socket.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

namespace clearance::bench {

namespace {

using clock = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

/// Answers every call: it was executed. It has no words for more.
class quick_helper {
public:
  explicit quick_helper(const std::filesystem::path& path)
      : listener_(path),
        thread_([this](const std::stop_token& stop) { serve(stop); }) {
    // nop
  }

private:
  void serve(const std::stop_token& stop) {
    std::vector<test::raw_socket> clients;
    while (!stop.stop_requested()) {
      while (listener_.connection_waits())
        clients.push_back(listener_.accept());
      std::vector<pollfd> waited;
      waited.reserve(clients.size());
      for (const auto& x : clients)
        waited.push_back({x.fd(), POLLIN, 0});
      constexpr int look_for_clients_ms = 1;
      ::poll(waited.data(), waited.size(), look_for_clients_ms);
      for (std::size_t i = clients.size(); i-- > 0;)
        if (waited[i].revents != 0 && !answer(clients[i]))
          clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  // False: the client has left.
  static bool answer(test::raw_socket& client) {
    const auto call = client.read_frame();
    if (!call)
      return false;
    const bool is_question = call->find("Capabilities") != call->npos;
    client.send(std::string{is_question
                                ? R"({"parameters":{"words":[]}})"
                                : R"({"parameters":{"ok":true,"stderr":""}})"}
                + '\0');
    return true;
  }

  test::fake_server listener_;
  std::jthread thread_; // the last member, because it uses the other
};

struct policy_load {
  std::string name;
  std::string rule;
  std::size_t containers = 0;
  std::size_t targets_of_each = 0;
  double least = 0; ///< decisions a second that a hub must make

  std::size_t count() const { return containers * targets_of_each; }
};

// A block of each target of each container, the containers in turn.
std::string blocks_of(const policy_load& x) {
  std::string result;
  for (std::size_t i = 0; i < x.count(); ++i) {
    const auto container = std::to_string(100'000'000'000 + i % x.containers);
    const auto number = std::to_string(i);
    result += R"({"type":"pending","container":")" + container + R"(","id":"r)"
              + number + R"(","dest":"198.51.100.)"
              + std::to_string(i % 250 + 1)
              + R"(","port":443,"proto":6,"domain":"n)" + number
              + R"(.example.com"})" + "\n";
  }
  return result;
}

// How many decisions the hub has made. It counts them when they begin, and two
// may end in the other order.
std::size_t decisions_of(test::raw_socket& client) {
  client.send(
      R"({"method":"org.terok.ClearanceOperator1.History","parameters":)"
      R"({"limit":2}})"
      + std::string(1, '\0'));
  const auto reply = client.read_frame();
  const std::string before = "\"seq\":";
  std::size_t result = 0;
  for (auto at = reply ? reply->find(before) : std::string::npos;
       at != std::string::npos; at = reply->find(before, at + 1))
    result = std::max(result, std::stoul(reply->substr(at + before.size())));
  return result;
}

std::size_t records_in(const std::filesystem::path& trail,
                       const std::string& event) {
  std::ifstream in{trail};
  std::size_t result = 0;
  for (std::string line; std::getline(in, line);)
    result += line.find(event) != line.npos ? 1 : 0;
  return result;
}

void measure_decisions(const plan& how, report& out, const policy_load& x) {
  auto& rate =
      out.at(x.name, "decisions/s", "", value_min(x.least), value_min(10'000));
  const auto lines = blocks_of(x);
  for (int round = 0; round < how.rounds; ++round) {
    const test::temp_dir dir;
    const auto policy = dir / "policy";
    std::filesystem::create_directory(policy);
    std::filesystem::permissions(policy, std::filesystem::perms::owner_all);
    std::ofstream{policy / "a.toml"} << "version = 1\n" << x.rule;
    const auto trail = dir / "trail.jsonl";
    quick_helper helper{dir / "helper/v.sock"};
    hub_setting setting;
    setting.helper = dir / "helper/v.sock";
    setting.options = {"--policy", policy,        "--audit",
                       trail,      "--log-level", "error"};
    server on{how.which, server_kind::hub, setting};
    test::raw_socket client{on.clearance()};
    test::raw_socket reader{on.reader()};
    const auto begin = clock::now();
    std::jthread writer{[&] { reader.send(lines); }};
    std::size_t made = 0;
    while (made < x.count()
           && clock::now() - begin < std::chrono::seconds{60}) {
      made = decisions_of(client);
      if (made < x.count()) // the hub has only one thread to answer with
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    const auto took = seconds{clock::now() - begin}.count();
    writer.join();
    on.stop();
    if (made != x.count())
      out.wrong(x.name + ": " + std::to_string(made) + " of "
                + std::to_string(x.count()) + " decisions were made");
    const auto recorded = records_in(trail, R"("event":"decision_result")");
    if (recorded != x.count())
      out.wrong(x.name + ": " + std::to_string(recorded)
                + " of them are in the audit trail");
    rate.hub.push_back(static_cast<double>(made) / took);
  }
}

} // namespace

void decisions(const plan& how, report& out) {
  constexpr std::size_t all = 20'000;
  const auto count = how.scaled(all);
  // The prompts of more containers have no room in the table.
  constexpr std::size_t containers = 8'000;
  measure_decisions(how, out,
                    {"denies by the policy",
                     "[[rule]]\nname = \"no\"\nwhy = \"a benchmark\"\n"
                     "to = [\"*.example.com\"]\naction = \"deny\"\n",
                     20, count / 20, 10'000});
  // The policy allows one target of a container in a second.
  measure_decisions(how, out,
                    {"allows by the policy",
                     "[[rule]]\nname = \"yes\"\nwhy = \"a benchmark\"\n"
                     "to = [\"*.example.com\"]\naction = \"allow\"\n"
                     "opens = \"everything\"\nexpires = 2999-01-01\n",
                     how.scaled(containers), 1, 2'000});
}

} // namespace clearance::bench
