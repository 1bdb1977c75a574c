// `terok-guard reader` beside a firewall that somebody else made, as
// terok-shield's hook starts it.
#include "test/end_to_end/guard/guard_world.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <string>

namespace guard_reader_tests {

using namespace clearance::test;

namespace {

const std::string refused = "Connection refused";
const std::string v4 = "203.0.113.7";
const std::string id = "6f1d2c3b4a59" + std::string(52, '0');

// A container whose firewall stands and that nobody reads: its guard was
// killed. podman knows it.
struct reader_fixture {
  guard_world world;
  std::string state = world.runtime() + "/state";

  // `rules`: instead of those of that guard.
  explicit reader_fixture(const std::string& rules = {}) {
    if (!world.missing().empty())
      return;
    if (rules.empty()) {
      auto guard = world.attach();
      guard.kill(SIGKILL);
      guard.wait();
    } else {
      // The network belongs to the user namespace above the container's.
      auto loader = world.start_program(
          "guard-probe", {"rules", rules},
          {"/usr/bin/nsenter",
           "--user=/proc/" + std::to_string(world.internet()) + "/ns/user",
           "--net=/proc/" + std::to_string(world.container()) + "/ns/net",
           "--preserve-credentials"});
      CHECK(loader.wait() == exited(0));
    }
    std::filesystem::create_directory(state);
    const auto podman = world.runtime() + "/podman";
    write_file(podman, "#!/bin/sh\necho " + std::to_string(world.container())
                           + ' ' + id + '\n');
    std::filesystem::permissions(podman, std::filesystem::perms{0700});
  }

  child start(std::vector<std::string> more) const {
    std::vector<std::string> words{"reader", state, "c1", "--emit=json",
                                   "--container-id=" + id};
    words.insert(words.end(), more.begin(), more.end());
    auto reader = world.start_program(
        "terok-guard", std::move(words),
        {"/usr/bin/env", "PATH=" + world.runtime() + ":/usr/bin:/bin"});
    reader.await_err("reading the blocks of the container c1");
    return reader;
  }
};

bool fixture_stands(const reader_fixture& x) {
  if (x.world.missing().empty())
    return true;
  skipped(x.world.missing());
  return false;
}

} // namespace

TEST_CASE("the reader names blocks by dnsmasq's log and by a file of facts") {
  reader_fixture x;
  if (!fixture_stands(x))
    return;
  const auto meta = x.state + "/meta.json";
  auto reader = x.start({R"(--annotations={"project":"p","task":"t1",)"
                         R"("meta_path":")"
                         + meta + "\"}"});
  reader.await_out(R"({"type":"container_started","container":"c1",)"
                   R"("dossier":{"project":"p","task":"t1"}})");
  // Both files come later than the reader.
  write_file(meta, R"({"task":"t2","name":"web"})");
  write_file(x.state + "/dnsmasq.log",
             "Nov 29 10:11:12 dnsmasq[71]: reply www.example.org is <CNAME>\n"
             "Nov 29 10:11:12 dnsmasq[71]: reply example.org is "
                 + v4 + "\n");
  CHECK(x.world.ask("tcp " + v4) == refused);
  reader.await_out(R"("dest":"203.0.113.7","port":443,"proto":6,)"
                   R"("domain":"www.example.org",)"
                   R"("dossier":{"project":"p","task":"t2","name":"web"}})");
  // It keeps no right that it does not need.
  CHECK(status_of(reader.pid(), "CapEff") == "0000000000000000");
  x.world.end_container();
  CHECK(reader.wait() == exited(0));
  CHECK(
      reader.out().find(
          R"({"type":"container_exited","container":"c1","reason":"poststop")")
      != std::string::npos);
}

// What matters to a reader in the rules that terok-shield loads: the group, the
// prefixes, and that nothing is said of thresholds and numbers. Its hook gives
// the short id as the container's name.
TEST_CASE("the reader tells of what terok-shield's rules refuse, and no more") {
  reader_fixture x(R"(
table inet terok_shield {
  set allow_v4 { type ipv4_addr; flags interval; }
  chain output {
    type filter hook output priority filter; policy drop;
    oifname "lo" accept
    ct state established,related accept
    ip daddr 203.0.113.9 log group 100 prefix "TEROK_SHIELD_ALLOWED: " accept
    ip daddr 203.0.113.8 log group 100 prefix "TEROK_SHIELD_BYPASS: " accept
    log group 100 prefix "TEROK_SHIELD_BLOCKED: " counter
    reject with icmpx admin-prohibited
  }
})");
  if (!fixture_stands(x))
    return;
  auto reader = x.start({});
  CHECK(x.world.ask("tcp 203.0.113.9") == "connected");
  CHECK(x.world.ask("tcp 203.0.113.8") == "connected");
  x.world.ask("tcp " + v4);
  reader.await_out(R"("dest":"203.0.113.7","port":443,"proto":6})");
  CHECK(reader.out().find("203.0.113.9") == std::string::npos);
  CHECK(reader.out().find("203.0.113.8") == std::string::npos);
}

TEST_CASE("a hook that ends the reader of an ended container loses no end") {
  reader_fixture x;
  if (!fixture_stands(x))
    return;
  auto reader = x.start({"--annotations=nonsense"});
  CHECK(reader.err().find("the annotations are ignored") != std::string::npos);
  reader.kill(SIGSTOP);
  x.world.end_container();
  // A hook runs when the process has ended; the kernel needs a moment.
  deadline ended;
  while (::kill(x.world.container(), 0) == 0)
    ended.pace("the container's end");
  reader.kill(SIGTERM);
  reader.kill(SIGCONT);
  CHECK(reader.wait() == exited(0));
  CHECK(reader.out().find("container_exited") != std::string::npos);
}

TEST_CASE("a second reader of a container is refused") {
  reader_fixture x;
  if (!fixture_stands(x))
    return;
  auto first = x.start({});
  auto second = x.world.start_program(
      "terok-guard", {"reader", x.state, "c1", "--emit=json"},
      {"/usr/bin/env", "PATH=" + x.world.runtime() + ":/usr/bin:/bin"});
  CHECK(second.wait() == exited(1));
  CHECK(second.err().find("another process reads the NFLOG group")
        != std::string::npos);
}

} // namespace guard_reader_tests
