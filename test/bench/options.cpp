#include "test/bench/options.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <iostream>

namespace clearance::bench {

namespace {

constexpr auto usage_text =
    "bench-hub [--quick] [--check] [--unpinned] [--laden] [--rounds N]"
    " [--subscribers N] [--json FILE] [--hub PROGRAM] [--gate PROGRAM] "
    "[--list] [WORKLOAD...]\n";

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

} // namespace

options parse(const std::vector<std::string>& words) {
  options result;
  result.how.which = {BENCH_HUB, BENCH_RELAY, {}};
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
    } else if (word == "--unpinned") {
      result.how.pinned = false;
    } else if (word == "--laden") {
      result.how.which.relay_mode = word;
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
    } else if (word == "--gate") {
      ::setenv("TEROK_GATE", value().c_str(), 1); // for gate_deployment.cpp
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

} // namespace clearance::bench
