// Whole clones and pushes with the real git, of a repository with large files.
// Compared with file://, where the same two programs of git share a pipe, and
// with nginx and fcgiwrap over HTTP. The three are measured in turn.

#include "test/bench/nginx.hpp"
#include "test/bench/workload.hpp"
#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/process/process_facts.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace clearance::bench {

namespace fs = std::filesystem;

namespace {

/// Single runs differ by a quarter, so fewer runs would say nothing.
constexpr int runs_min = 9;

constexpr std::size_t clones_at_once = 8;

double timed(const std::function<void()>& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

double peak_mib(const test::gate& x) {
  return std::stod(test::status_of(x.process().pid(), "VmHWM")) / 1024;
}

struct fixture {
  explicit fixture(const plan& how)
      : rounds(how.quick ? 1 : std::max(how.rounds, runs_min)) {
    const std::size_t files = how.quick ? 5 : 200;
    fs::create_directory(world.dir / "seed");
    for (std::size_t i = 0; i < files; ++i)
      test::write_file(world.dir / ("seed/" + std::to_string(i)),
                       test::noise(1024 * 1024, static_cast<unsigned>(i) + 1));
    world.must_git({"init", "-q"}, "seed");
    world.must_git({"add", "."}, "seed");
    world.must_git({"commit", "-q", "-m", "all"}, "seed");
    world.must_git({"repack", "-q", "-a", "-d"}, "seed");
    if (nginx::installed())
      rival.emplace(world);
  }

  // An empty repository in the same directory: the sandbox allows only that
  // one.
  void renew() const {
    for (const auto& entry : fs::directory_iterator{world.repository()})
      fs::remove_all(entry);
    world.must_git(
        {"init", "-q", "--bare", "-b", "main", world.repository().string()});
  }

  std::string file_url() const {
    return "file://" + world.repository().string();
  }

  double push(const std::string& url) const {
    renew();
    return timed([&] { world.must_git({"push", "-q", url, "main"}, "seed"); });
  }

  double clone(const std::string& url) const {
    const auto result = timed([&] {
      world.must_git({"clone", "-q", url, "clone"});
    });
    fs::remove_all(world.dir / "clone");
    return result;
  }

  test::gate_world world;
  test::gate gate{world};
  std::optional<nginx> rival;
  int rounds;
};

/// Calls `run` with each of the three URLs in turn. Returns the seconds.
void take_turns(const fixture& on, report& out, const std::string& name,
                std::optional<bound> must, std::optional<bound> goal,
                const std::function<double(const std::string&)>& run) {
  auto& beside_file = out.at(name + ", file://", "200 MB", "s", must, goal);
  auto& beside_nginx =
      out.at(name + ", nginx", "200 MB", "s", ratio_max(1), ratio_max(1));
  for (int i = 0; i < on.rounds; ++i) {
    beside_file.floor.push_back(run(on.file_url()));
    const auto seconds = run(on.gate.url());
    beside_file.hub.push_back(seconds);
    beside_nginx.hub.push_back(seconds);
    if (on.rival)
      beside_nginx.floor.push_back(run(on.rival->url("r")));
  }
  if (!on.rival)
    out.skipped("nginx or fcgiwrap is not installed: nothing to hold clone and "
                "push against but file://");
}

} // namespace

void gate_clone(const plan& how, report& out) {
  const fixture on{how};
  on.push(on.file_url());
  take_turns(on, out, "gate-clone", ratio_max(1.1), ratio_max(1.05),
             [&](const std::string& url) { return on.clone(url); });
  std::vector<test::child> clones;
  for (std::size_t i = 0; i < clones_at_once; ++i)
    clones.emplace_back(on.world.git_options(
        {"clone", "-q", "--bare", on.gate.url(), "c" + std::to_string(i)}));
  for (auto& x : clones)
    if (x.wait(std::chrono::minutes{10}) != test::exited(0))
      out.wrong("gate-clone: one of eight at once failed: " + x.err());
  out.at("gate-clone 8 at once", "peak", "MiB", value_max(24), value_max(24))
      .hub.push_back(peak_mib(on.gate));
}

void gate_push(const plan& how, report& out) {
  const fixture on{how};
  take_turns(on, out, "gate-push", {}, {},
             [&](const std::string& url) { return on.push(url); });
  out.at("gate-push", "peak", "MiB", value_max(24), value_max(24))
      .hub.push_back(peak_mib(on.gate));
}

} // namespace clearance::bench
