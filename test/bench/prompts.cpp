// What the prompts cost a client: the snapshot of 4096.

#include "protocol/operator/limits.hpp"
#include "test/bench/workload.hpp"
#include "test/support/net/raw_socket.hpp"

#include <chrono>
#include <string>

namespace clearance::bench {

namespace {

using clock = std::chrono::steady_clock;
using milliseconds = std::chrono::duration<double, std::milli>;

// As many blocks, each of another target, and a name of 40 bytes. They are of
// two containers: one alone may not have so many bytes of open requests.
std::string lines_of_blocks(std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = std::to_string(10'000 + i);
    result += R"({"type":"pending","container":"6f1d2c3b4a5)"
              + std::to_string(i % 2) + R"(","id":"r)" + number
              + R"(","dest":"198.51.)" + std::to_string(i / 256) + "."
              + std::to_string(i % 256)
              + R"(","port":443,"proto":6,"domain":"name-)" + number
              + R"(.of-forty-bytes-together.example","dossier":{"project":)"
                R"("alpha","task":"bench"}})"
              + "\n";
  }
  return result;
}

struct snapshot {
  double milliseconds = 0;
  std::size_t prompts = 0;
};

snapshot read_snapshot(const server& on) {
  snapshot result;
  test::raw_socket client{on.clearance()};
  const auto begin = clock::now();
  client.send(R"({"method":"org.terok.ClearanceOperator1.Watch","more":true})"
              + std::string(1, '\0'));
  while (auto reply = client.read_frame()) {
    for (auto at = reply->find("\"revision\":"); at != reply->npos;
         at = reply->find("\"revision\":", at + 1))
      ++result.prompts;
    if (reply->find("\"complete\":true") != reply->npos)
      break;
  }
  result.milliseconds = milliseconds{clock::now() - begin}.count();
  return result;
}

} // namespace

void prompts(const plan& how, report& out) {
  constexpr auto count = protocol::operator_limits::prompts_per_container_max;
  const auto workload = "snapshot of " + std::to_string(count) + " prompts";
  auto& time = out.at(workload, "time", "ms", value_max(20), value_max(10));
  how.repeat([&](const server& on) {
    test::raw_socket reader{on.reader()};
    reader.send(lines_of_blocks(count));
    reader.await_taken();
    // Until all blocks are folded, and then once more.
    for (int i = 0; i < 100 && read_snapshot(on).prompts < count; ++i)
      continue;
    const auto result = read_snapshot(on);
    if (result.prompts != count)
      out.wrong(workload + ": " + std::to_string(result.prompts)
                + " were shown");
    time.hub.push_back(result.milliseconds);
  });
}

} // namespace clearance::bench
