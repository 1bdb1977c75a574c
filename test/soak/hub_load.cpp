#include "protocol/base/limits.hpp"
#include "test/soak/load.hpp"

namespace clearance::soak {

using namespace test;

namespace {

constexpr std::size_t lines_per_step = 15;
constexpr std::size_t passers_by_max = 40;
constexpr std::size_t callers_max = 6;
// Unanswered blocks that a caller may choose from. The hub keeps far more open
// requests for each container, so most verdicts find their open request.
constexpr std::size_t announced_max = 200;

// Each container is at its limit, and all are below the limit of the hub.
constexpr std::size_t containers = 7;
static_assert((containers + 1)
                  * protocol::limits::open_requests_per_container_max
              <= protocol::limits::open_requests_total_max);
constexpr std::uint64_t lines_per_passing_container = 100;

constexpr auto subscribe = "org.terok.Clearance1.Subscribe";

/// Reads and drops the bytes. False if the peer has left.
bool drain(raw_socket& x) {
  std::string bytes;
  while (x.readable()) {
    bytes.clear();
    if (!x.read_some(bytes))
      return false;
  }
  return true;
}

} // namespace

bool one_in(dice& random, unsigned n) {
  return random() % n == 0;
}

hub_load::hub_load(hub& server, fake_shield& shield, std::uint64_t seed,
                   const std::filesystem::path& clearance,
                   const std::filesystem::path& reader)
    : random_(seed), shield_(shield), clearance_(clearance), reader_(reader) {
  for (int i = 0; i < 4; ++i)
    readers_.emplace_back(reader_);
  for (int i = 0; i < 3; ++i) {
    watchers_.emplace_back(clearance_);
    watchers_.back().send(call_bytes(subscribe, {}, R"("more":true)"));
  }
  stuck_.emplace(clearance_);
  stuck_->send(call_bytes(subscribe, {}, R"("more":true)"));
  for (std::size_t i = 0; i < callers_max; ++i)
    callers_.push_back({varlink_client{clearance_}, {}, false, false});
  // The hub knows all of them now, and has room for all that follow.
  server.subscriber();
}

void hub_load::fill() {
  constexpr auto many = protocol::limits::open_requests_per_container_max;
  for (std::size_t i = 0; i < containers * many * 9 / 8; ++i) {
    block x;
    x.container = "c" + std::to_string(i % containers);
    x.request_id = x.container + ":f" + std::to_string(i);
    readers_[i % readers_.size()].send(x.line());
    if (i % 64 == 0)
      read_watchers();
  }
}

std::string hub_load::good_line() {
  ++next_;
  block x;
  x.container = "c" + std::to_string(random_() % containers);
  if (one_in(random_, 10)) // new containers all the time, which end soon
    x.container = "x" + std::to_string(next_ / lines_per_passing_container);
  if (next_ % lines_per_passing_container == 0)
    return plain_line(
        "container_exited",
        "x" + std::to_string(next_ / lines_per_passing_container - 1));
  if (one_in(random_, 10'000))
    return plain_line("container_exited", x.container);
  if (one_in(random_, 40))
    return plain_line("shield_up", x.container);
  x.request_id = x.container + ":" + std::to_string(next_);
  x.dest = "d" + std::to_string(next_) + ".example";
  sent_.emplace(x.request_id, x);
  return x.line();
}

std::string hub_load::bad_line() {
  ++done_["hostile lines"];
  switch (random_() % 6) {
  case 0:
    return "no JSON at all\n";
  case 1:
    return std::string(200, '[') + "\n";
  case 2:
    return std::string(protocol::limits::reader_line_max_bytes + 10, 'x')
           + "\n";
  case 3:
    return R"({"type":"pending","container":7,"id":null})"
           "\n";
  case 4:
    return std::string("\x00\xff\xfe{}\n", 6);
  default:
    return block{}.line().substr(0, 40) + "\n";
  }
}

void hub_load::emit_lines(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    auto& reader = readers_[random_() % readers_.size()];
    ++done_["lines"];
    if (one_in(random_, 30))
      reader.send(bad_line());
    else
      reader.send(good_line());
  }
}

void hub_load::come_and_go() {
  while (passers_by_.size() > passers_by_max)
    passers_by_.pop_front();
  if (!passers_by_.empty() && one_in(random_, 3))
    passers_by_.erase(
        passers_by_.begin()
        + static_cast<std::ptrdiff_t>(random_() % passers_by_.size()));
  for (auto& x : passers_by_)
    if (one_in(random_, 4))
      drain(x);
  if (!one_in(random_, 2))
    return;
  ++done_["passers-by"];
  const bool speaks_varlink = one_in(random_, 2);
  auto& x = passers_by_.emplace_back(speaks_varlink ? clearance_ : reader_);
  const auto call = call_bytes("org.varlink.service.GetInfo");
  switch (random_() % 6) {
  case 0: // sends nothing
    break;
  case 1: // sends half of a message
    x.send(speaks_varlink ? call.substr(0, 9) : block{}.line().substr(0, 9));
    break;
  case 2:
    x.send(speaks_varlink ? call : plain_line("shield_up", "p"));
    x.half_close();
    break;
  case 3: // bytes that the hub rejects
    x.send(speaks_varlink ? std::string("}{\0", 3) : bad_line());
    break;
  case 4: // a subscriber that reads now and then
    x.send(speaks_varlink ? call_bytes(subscribe, {}, R"("more":true)")
                          : plain_line("shield_down", "p"));
    break;
  default: // causes a reset, because it has not read everything
    x.send(speaks_varlink ? call + call : bad_line());
    passers_by_.pop_back();
  }
}

void hub_load::read_watchers() {
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    if (i > 0 ? !drain(watchers_[i])
              : watchers_[0].readable() && !watchers_[0].read_some(seen_))
      wrong_.push_back("a subscriber that reads was closed");
  }
  std::size_t begin = 0;
  for (auto end = seen_.find('\0'); end != std::string::npos;
       begin = end + 1, end = seen_.find('\0', begin)) {
    ++done_["events seen"];
    const std::string_view event{seen_.data() + begin, end - begin};
    constexpr std::string_view key = R"("request_id":")";
    const auto at = event.find(key);
    if (at == std::string_view::npos)
      continue;
    const auto from = at + key.size();
    const auto found = sent_.find(
        std::string(event.substr(from, event.find('"', from) - from)));
    if (found == sent_.end())
      continue;
    announced_.push_back(found->second);
    sent_.erase(found);
  }
  seen_.erase(0, begin);
  while (announced_.size() > announced_max)
    announced_.pop_front();
  if (sent_.size() > 10'000) // the hub dropped the others for a late watcher
    sent_.clear();
}

void hub_load::send_verdict(caller& x) {
  auto chosen = announced_.front();
  announced_.pop_front();
  x.must_run = true;
  if (one_in(random_, 5)) {
    chosen.container += "x"; // a block of another container
    x.must_run = false;
  }
  x.dest = chosen.dest;
  x.busy = true;
  x.client.send_verdict(chosen.container, chosen.request_id, chosen.dest,
                        one_in(random_, 2) ? "allow" : "deny");
}

void hub_load::read_runs() {
  while (shield_.waiting_runs() > 0) {
    const auto run = shield_.next_run();
    ++done_["shield runs"];
    if (!ran_.insert(run.arguments.at(2)).second)
      wrong_.push_back("the shield ran twice for " + run.arguments[2]);
  }
}

void hub_load::read_replies() {
  for (auto& x : callers_) {
    if (!x.busy || !x.client.socket().readable())
      continue;
    const auto reply = x.client.next_reply();
    x.busy = false;
    ++done_[reply.error.empty() ? "verdicts applied" : reply.error];
    read_runs(); // the shield reports its run before the reply comes
    if (reply.error.empty() != ran_.contains(x.dest))
      wrong_.push_back("a reply is at odds with the shield: " + x.dest + " "
                       + to_string(reply));
    // The open request may be gone: its container exited or was at its limit.
    if (!x.must_run && reply.error.empty())
      wrong_.push_back("another container's block was answered: " + x.dest);
  }
}

void hub_load::behave() {
  // Each shield succeeds, so no block may be answered twice.
  constexpr const char* ways[] = {"exit 0", "flood exit 0", "leave exit 0"};
  shield_.behave(ways[random_() % std::size(ways)]);
}

void hub_load::step() {
  emit_lines(lines_per_step);
  come_and_go();
  read_watchers();
  read_runs();
  read_replies();
  if (one_in(random_, 50))
    behave();
  if (one_in(random_, 4) && !announced_.empty())
    if (auto& x = callers_[random_() % callers_.size()]; !x.busy)
      send_verdict(x);
}

void hub_load::leave() {
  const deadline guard;
  for (auto& x : callers_)
    while (x.busy) {
      guard.pace("the last replies", {x.client.socket().fd()});
      read_watchers();
      read_replies();
    }
  if (done_["verdicts applied"] != done_["shield runs"])
    wrong_.push_back("there are not as many verdicts as runs of the shield");
  if (done_["shield runs"] == 0)
    wrong_.push_back("no verdict was executed");
  callers_.clear();
  passers_by_.clear();
  watchers_.clear();
  readers_.clear();
  stuck_.reset();
}

} // namespace clearance::soak
