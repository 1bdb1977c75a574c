// bench-hub: measures a hub beside a floor. See README.md.

#include "test/bench/workload.hpp"
#include "test/support/deadline.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sys/resource.h>
#include <thread>
#include <utility>

namespace clearance::bench {

const std::vector<workload>& workloads() {
  static const std::vector<workload> all{
      {"latency-paced", "an event each millisecond to 1, 10, 100 subscribers",
       latency_paced},
      {"latency-in-turn", "the next event when all have the one before",
       latency_in_turn},
      {"throughput", "a reader floods, a line a write", throughput},
      {"throughput-bulk", "a reader floods, 64 KiB a write", throughput_bulk},
      {"burst", "50 000 events at a client that reads", burst},
      {"stuck", "one stuck client beside 99 that read", stuck},
      {"verdicts-refused", "calls that cite nothing, 8 pipelining clients",
       verdicts_refused},
      {"verdicts-executed", "the shield is /bin/true", verdicts_executed},
      {"idle", "wake-ups in 10 s", idle},
      {"connections", "memory of 1000 idle ones", connections},
      {"memory", "resident, idle and behind 100 000 events", memory},
      {"start", "from exec to the first connection", start},
  };
  return all;
}

namespace {

struct options {
  plan how;
  std::string json;
  std::vector<std::string> chosen;
  bool check = false;
};

constexpr auto usage_text =
    "bench-hub [--quick] [--check] [--rounds N] [--subscribers N] [--json FILE]"
    " [--hub PROGRAM] [--list] [WORKLOAD...]\n";

[[noreturn]] void usage_error(const std::string& what) {
  std::cerr << "bench-hub: " << what << "\n" << usage_text;
  std::exit(2);
}

void list() {
  for (auto& x : workloads())
    std::cout << x.name << std::string(20 - x.name.size(), ' ') << x.what
              << "\n";
}

int parse_number(const std::string& option, const std::string& x) {
  int result = 0;
  const auto end = x.data() + x.size();
  if (std::from_chars(x.data(), end, result).ptr != end || result < 1)
    usage_error(option + " takes a number from 1 on");
  return result;
}

options parse(const std::vector<std::string>& words) {
  options result;
  result.how.which = {BENCH_HUB, BENCH_RELAY};
  int rounds = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto value = [&] {
      if (i + 1 == words.size())
        usage_error(words[i] + " takes one value");
      return words[++i];
    };
    auto& word = words[i];
    if (word == "--quick") {
      result.how.quick = true;
    } else if (word == "--check") {
      result.check = true;
    } else if (word == "--rounds") {
      rounds = parse_number(word, value());
    } else if (word == "--subscribers") {
      const auto number = parse_number(word, value());
      result.how.only = static_cast<std::size_t>(number);
    } else if (word == "--json") {
      result.json = value();
    } else if (word == "--hub") {
      result.how.which.hub = value();
    } else if (word == "--list") {
      list();
      std::exit(0);
    } else if (word == "--help") {
      std::cout << usage_text;
      std::exit(0);
    } else if (word.starts_with("-")) {
      usage_error("unknown option " + word);
    } else {
      result.chosen.push_back(word);
    }
  }
  result.how.rounds = rounds > 0 ? rounds : result.how.quick ? 1 : 5;
  for (auto& name : result.chosen)
    if (std::none_of(workloads().begin(), workloads().end(),
                     [&](const workload& x) { return x.name == name; }))
      usage_error("no workload " + name + "; --list shows all");
  return result;
}

std::string machine() {
  std::string model = "unknown processor";
  std::ifstream in{"/proc/cpuinfo"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  return model + ", " + std::to_string(std::thread::hardware_concurrency())
         + " processors";
}

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const options& x) {
  raise_descriptor_limit();
  report out;
  std::cout << machine() << "; rounds: " << x.how.rounds
            << (x.how.quick ? "; quick: a tenth of the events" : "") << "\n\n";
  for (auto& each : workloads()) {
    if (!x.chosen.empty()
        && std::find(x.chosen.begin(), x.chosen.end(), each.name)
               == x.chosen.end())
      continue;
    const auto first = out.size();
    each.run(x.how, out);
    out.print(std::cout, first);
  }
  for (auto& what : out.wrong())
    std::cout << "wrong: " << what << "\n";
  if (!x.json.empty()) {
    std::ofstream file{x.json};
    out.write_json(file, machine(), x.how.rounds);
    if (!file.flush())
      test::fail_with_errno("write " + x.json);
  }
  return x.check && !out.wrong().empty() ? 1 : 0;
}

} // namespace

} // namespace clearance::bench

int main(int argc, char** argv) try {
  using namespace clearance::bench;
  return run(parse({argv + 1, argv + argc}));
} catch (const std::exception& e) {
  std::cerr << "bench-hub: " << e.what() << "\n";
  return 1;
}
