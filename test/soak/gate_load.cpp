#include "test/soak/load.hpp"

#include <algorithm>
#include <signal.h>

namespace clearance::soak {

using namespace test;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t content_bytes = 200'000;
constexpr std::size_t clients_max = 20;
constexpr std::size_t transfers_max = 2;

} // namespace

gate_load::gate_load(const gate_world& world, gate& server, std::uint64_t seed)
    : random_(seed), world_(world), server_(server) {
  world_.commit("work", "file", noise(content_bytes));
  world_.must_git({"push", "-q", world_.repository().string(), "main"}, "work");
}

void gate_load::start_clone() {
  const auto name = "clone" + std::to_string(++next_);
  transfers_.push_back(
      {child{world_.git_options({"clone", "-q", server_.url(), name})},
       world_.dir / name, false});
}

void gate_load::start_push() {
  // The history is always one commit long, so that clones cost the same.
  write_file(world_.dir / "work/file", noise(content_bytes, ++next_));
  world_.must_git({"commit", "-q", "-a", "--amend", "-m", "again"}, "work");
  transfers_.push_back(
      {child{world_.git_options({"push", "-q", "-f", server_.url(), "main"},
                                "work")},
       {},
       false});
}

void gate_load::finish(transfer& x) {
  const auto end = x.process.wait();
  const std::string kind = x.clone.empty() ? "pushes" : "clones";
  ++done_[x.killed ? kind + " killed" : kind];
  if (!x.killed && end != exited(0))
    wrong_.push_back(kind + ": " + x.process.err());
  if (!x.clone.empty())
    fs::remove_all(x.clone);
}

void gate_load::reap() {
  std::erase_if(transfers_, [&](transfer& x) {
    if (x.process.running())
      return false;
    finish(x);
    return true;
  });
}

void gate_load::come_and_go() {
  while (clients_.size() > clients_max)
    clients_.pop_front();
  std::string bytes;
  std::erase_if(clients_, [&](raw_socket& x) {
    return x.readable() && (bytes.clear(), !x.read_some(bytes));
  });
  if (!clients_.empty() && one_in(random_, 3))
    clients_.erase(clients_.begin()
                   + static_cast<std::ptrdiff_t>(random_() % clients_.size()));
  ++done_["HTTP clients"];
  auto& x = clients_.emplace_back(connect_tcp(server_.port()));
  const auto target = "/r.git/info/refs?service=git-upload-pack";
  const auto ours =
      http_request("GET", target, {authorization(gate_world::token)});
  switch (random_() % 6) {
  case 0: // sends nothing
    break;
  case 1:
    x.send(ours.substr(0, ours.size() / 2));
    break;
  case 2:
    x.send(http_request("GET", target, {authorization("wrong")}));
    break;
  case 3:
    x.send(ours);
    break;
  case 4: // git is started, then the client leaves
    x.send(ours);
    clients_.pop_back();
    break;
  default:
    x.send("POST /r.git/git-receive-pack HTTP/1.1\r\nHost: "
           "g\r\nContent-Length: 1\r\n"
           "Transfer-Encoding: chunked\r\n\r\n");
  }
}

void gate_load::step() {
  reap();
  // 20 steps a second: on average a transfer starts every 3 s, and a client
  // every 1 s.
  if (one_in(random_, 20))
    come_and_go();
  if (transfers_.size() < transfers_max && one_in(random_, 60)) {
    // Of two pushes at a time one would fail, because they change one branch.
    const auto pushing = std::ranges::any_of(
        transfers_, [](const transfer& x) { return x.clone.empty(); });
    if (pushing || one_in(random_, 2))
      start_clone();
    else
      start_push();
  }
  for (auto& x : transfers_)
    if (!x.killed && one_in(random_, 100)) {
      x.killed = true;
      for (auto pid : descendants(x.process.pid()))
        ::kill(pid, SIGKILL);
      x.process.kill(SIGKILL);
    }
}

void gate_load::leave() {
  for (auto& x : transfers_)
    finish(x);
  transfers_.clear();
  clients_.clear();
  world_.in_mirror({"fsck", "--full", "--strict"});
}

} // namespace clearance::soak
