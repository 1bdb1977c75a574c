#include "test/soak/record.hpp"

#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/process/process_facts.hpp"

#include <algorithm>

namespace clearance::soak {

namespace {

std::size_t median_of_fifth(const series& x, std::size_t sample::*what,
                            std::size_t n) {
  const auto size = x.samples.size();
  std::vector<std::size_t> values;
  for (auto i = size * n / 5; i < size * (n + 1) / 5; ++i)
    values.push_back(x.samples[i].*what);
  if (values.empty())
    return 0;
  std::ranges::sort(values);
  return values[values.size() / 2];
}

} // namespace

sample sample_of(pid_t pid) {
  return {test::resident_bytes(pid), test::descriptor_count(pid),
          test::thread_count(pid), test::descendants(pid).size()};
}

std::size_t resident_of_fifth(const series& x, std::size_t n) {
  return median_of_fifth(x, &sample::resident_bytes, n);
}

std::vector<std::string> what_grows(const series& x) {
  std::vector<std::string> result;
  if (x.samples.size() < 10)
    return {x.name + ": too few samples to judge"};
  auto judge = [&](const char* name, std::size_t sample::*what,
                   std::size_t percent, std::size_t more) {
    const auto before = median_of_fifth(x, what, 1);
    const auto after = median_of_fifth(x, what, 4);
    if (after > before + before * percent / 100 + more)
      result.push_back(x.name + ": " + name + " grew from "
                       + std::to_string(before) + " to "
                       + std::to_string(after));
  };
  judge("resident bytes", &sample::resident_bytes, 3, 512 * 1024);
  judge("threads", &sample::threads, 0, 0);
  judge("descriptors", &sample::descriptors, 0, 16);
  judge("children", &sample::children, 0, 16);
  return result;
}

} // namespace clearance::soak
