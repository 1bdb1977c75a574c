// Puts a hub (which executes verdicts itself) and a gate under the loads of
// load.hpp, for a given time. README.md says how the result is judged.

#include "test/soak/load.hpp"
#include "test/soak/record.hpp"
#include "test/support/process/machine_facts.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/wire/json.hpp"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <poll.h>
#include <sys/timerfd.h>

namespace clearance::soak {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto step_interval = 50ms;

struct options {
  double minutes = 30;
  std::uint64_t seed = 1;
  std::string json;
  bool judged = true; ///< the growth of memory is checked
  std::vector<std::string> gate_words;
};

constexpr auto usage_text =
    "soak [--minutes N] [--seed N] [--json FILE] [--leaks-only]\n";

[[noreturn]] void usage_error(const std::string& what) {
  std::cerr << "soak: " << what << "\n" << usage_text;
  std::exit(2);
}

template <class Number>
Number parse_number(const std::string& option, const std::string& x) {
  Number result{};
  const auto end = x.data() + x.size();
  const auto parsed = std::from_chars(x.data(), end, result);
  if (parsed.ec != std::errc{} || parsed.ptr != end || result <= 0)
    usage_error(option + " takes a number above 0");
  return result;
}

options parse(const std::vector<std::string>& words) {
  options result;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto value = [&] {
      if (i + 1 == words.size())
        usage_error(words[i] + " takes one value");
      return words[++i];
    };
    const auto word = words[i];
    if (word == "--minutes")
      result.minutes = parse_number<double>(word, value());
    else if (word == "--seed")
      result.seed = parse_number<std::uint64_t>(word, value());
    else if (word == "--json")
      result.json = value();
    else if (word == "--leaks-only") {
      result.judged = false;
      result.gate_words = {"--sandbox", "off"}; // a leak checker needs more
    } else
      usage_error("unknown word " + word);
  }
  return result;
}

/// Ticks at a fixed rate: each tick is a step of the soak.
class pacemaker {
public:
  pacemaker() : fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
    const timespec interval{0, std::chrono::nanoseconds(step_interval).count()};
    const itimerspec when{interval, interval};
    if (!fd_ || ::timerfd_settime(fd_.get(), 0, &when, nullptr) != 0)
      test::fail_with_errno("timerfd");
  }

  void await() const {
    std::uint64_t missed = 0;
    if (::read(fd_.get(), &missed, sizeof(missed)) < 0)
      test::fail_with_errno("read of a timer");
  }

private:
  test::unique_fd fd_;
};

std::string now() {
  const auto t = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&t, &utc);
  char buffer[32];
  std::strftime(buffer, sizeof(buffer), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return buffer;
}

template <class Range, class F>
std::string json_list(const Range& xs, F&& f) {
  std::string result;
  for (const auto& x : xs)
    result += (result.empty() ? "" : ",") + f(x);
  return result;
}

void write_json(const options& how, const std::string& began,
                const std::vector<double>& seconds,
                const std::vector<series>& all, const counts& done,
                const std::vector<std::string>& wrong) {
  std::ofstream out{how.json};
  out << R"({"date":)" << test::json_string(began) << R"(,"machine":)"
      << test::json_string(test::machine()) << R"(,"version":")"
      << CLEARANCE_VERSION << R"(","minutes":)" << how.minutes << R"(,"seed":)"
      << how.seed << R"(,"wrong":[)" << json_list(wrong, test::json_string)
      << R"(],"done":{)"
      << json_list(done,
                   [](const auto& x) {
                     return test::json_string(x.first) + ":"
                            + std::to_string(x.second);
                   })
      << R"(},"seconds":[)"
      << json_list(seconds, [](double x) { return std::to_string(x); })
      << R"(],"programs":[)"
      << json_list(all,
                   [](const series& x) {
                     auto of = [&](std::size_t sample::*what) {
                       return "["
                              + json_list(x.samples,
                                          [what](const sample& y) {
                                            return std::to_string(y.*what);
                                          })
                              + "]";
                     };
                     return R"({"name":)" + test::json_string(x.name)
                            + R"(,"resident_bytes":)"
                            + of(&sample::resident_bytes) + R"(,"descriptors":)"
                            + of(&sample::descriptors) + R"(,"threads":)"
                            + of(&sample::threads) + R"(,"children":)"
                            + of(&sample::children) + "}";
                   })
      << "]}\n";
  if (!out.flush())
    test::fail_with_errno("write " + how.json);
}

int soak(const options& how) {
  const auto began = now();
  const test::runtime where;
  test::fake_shield shield;
  test::hub_options hub_options;
  hub_options.shield = shield.program();
  test::hub hub{where, std::move(hub_options)};
  const test::gate_world world;
  test::gate gate{world, {how.gate_words, {}}};
  std::vector<series> all{{"hub", {}}, {"gate", {}}};
  const pid_t pids[] = {hub.pid(), gate.process().pid()};
  const sample idle[] = {sample_of(pids[0]), sample_of(pids[1])};

  hub_load to_hub{hub, shield, how.seed, where.clearance(), where.reader()};
  gate_load to_gate{world, gate, how.seed};
  to_hub.fill();

  std::vector<double> seconds;
  const auto start = clock::now();
  const auto end =
      start
      + std::chrono::duration_cast<clock::duration>(
          std::chrono::duration<double, std::ratio<60>>(how.minutes));
  // At least 50 samples; in a long soak one every five seconds.
  const auto interval = std::min<clock::duration>(5s, (end - start) / 50);
  auto next_sample = start;
  const pacemaker pace;
  while (clock::now() < end && hub.process().running()
         && gate.process().running()) {
    pace.await();
    to_hub.step();
    to_gate.step();
    if (clock::now() < next_sample)
      continue;
    next_sample += interval;
    seconds.push_back(
        std::chrono::duration<double>(clock::now() - start).count());
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i].samples.push_back(sample_of(pids[i]));
  }

  to_hub.leave();
  to_gate.leave();
  std::vector<std::string> wrong = to_hub.wrong();
  wrong.insert(wrong.end(), to_gate.wrong().begin(), to_gate.wrong().end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    test::await_descriptor_count(pids[i], idle[i].descriptors);
    test::await_no_descendants(pids[i]);
    if (test::thread_count(pids[i]) != idle[i].threads)
      wrong.push_back(all[i].name + ": its threads are not what they were");
    if (how.judged)
      for (auto& x : what_grows(all[i]))
        wrong.push_back(std::move(x));
  }
  for (const auto& [name, ended] :
       {std::pair{"hub", hub.stop()}, std::pair{"gate", gate.stop()}})
    if (ended != test::exited(0))
      wrong.push_back(std::string(name) + " ended with "
                      + test::to_string(ended));

  auto done = to_hub.done();
  for (const auto& [name, count] : to_gate.done())
    done[name] += count;
  if (!how.json.empty())
    write_json(how, began, seconds, all, done, wrong);
  for (const auto& [name, count] : done)
    std::cout << name << ": " << count << "\n";
  for (const auto& x : all) {
    std::cout << x.name << ": resident, medians of five fifths, KiB:";
    for (std::size_t i = 0; i < 5; ++i)
      std::cout << " " << resident_of_fifth(x, i) / 1024;
    std::cout << "\n";
  }
  for (const auto& x : wrong)
    std::cout << "wrong: " << x << "\n";
  return wrong.empty() ? 0 : 1;
}

} // namespace

} // namespace clearance::soak

int main(int argc, char** argv) try {
  return clearance::soak::soak(clearance::soak::parse({argv + 1, argv + argc}));
} catch (const std::exception& e) {
  std::cerr << "soak: " << e.what() << "\n";
  return 1;
}
