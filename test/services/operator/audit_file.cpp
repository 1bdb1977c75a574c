#include "services/operator/audit_file.hpp"

#include "protocol/operator/audit_chain.hpp"
#include "services/operator/audit_command.hpp"
#include "services/operator/hub_audit.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/stat.h>
#include <vector>

namespace audit_file_tests {

using namespace clearance;
using namespace clearance::services;
using clearance::test::mode_of;
using clearance::test::read_file;
using clearance::test::temp_dir;
using clearance::test::write_file;
using protocol::audit_event;
using protocol::audit_record;
namespace fs = std::filesystem;

namespace {

struct trail_place {
  temp_dir dir;
  std::string path = (dir / "hub.jsonl").string();
  std::int64_t wall = 1'700'000'000'000'000;

  audit_file_config config(std::size_t file_max_bytes = 1'000'000,
                           std::size_t files_max = 16) {
    audit_file_config result;
    result.path = path;
    result.boot = "b1";
    result.version = "1.0";
    result.file_max_bytes = file_max_bytes;
    result.files_max = files_max;
    result.wall_clock = [this] { return wall; };
    return result;
  }
};

std::vector<audit_record> loads(std::size_t count) {
  audit_record x;
  x.event = audit_event::policy_load;
  x.text = "a policy";
  return std::vector<audit_record>(count, x);
}

void write_loads(audit_file& to, std::size_t count = 1) {
  const auto result = to.write(loads(count), false);
  REQUIRE(result.is_written);
  CHECK(result.why.empty());
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> result;
  const auto text = read_file(path);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    REQUIRE(end != text.npos);
    result.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return result;
}

// The events of all files, which must be one chain.
std::vector<std::string> events_of(const std::string& path) {
  std::vector<std::string> result;
  protocol::audit_verifier chain;
  for (const auto& file : audit_files_of(path)) {
    chain.begin(file);
    for (const auto& line : lines_of(file)) {
      chain.line(line);
      const auto parsed = protocol::parse_audit_line(line);
      REQUIRE(std::holds_alternative<protocol::audit_line>(parsed));
      result.push_back(std::get<protocol::audit_line>(parsed).event);
    }
  }
  if (chain.broken())
    FAIL(chain.broken()->file << ":" << chain.broken()->line << ": "
                              << chain.broken()->why);
  return result;
}

using events = std::vector<std::string>;

std::string fault_of(const audit_file_config& config) {
  try {
    audit_file x{config};
    return "none";
  } catch (const audit_fault& fault) {
    return fault.what();
  }
}

// No file of this process grows beyond `bytes` while this lives.
class small_disk {
public:
  explicit small_disk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    previous_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~small_disk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, previous_);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

private:
  rlimit before_{};
  void (*previous_)(int) = nullptr;
};

} // namespace

TEST_CASE("a trail is one chain over all runs of a hub, closed to others") {
  trail_place at;
  {
    audit_file x{at.config()};
    write_loads(x, 2);
  }
  audit_file again{at.config()};
  write_loads(again);
  CHECK(
      events_of(at.path)
      == events{"start", "policy_load", "policy_load", "start", "policy_load"});
  CHECK_EQ(mode_of(at.path), 0600U);
  const auto line = lines_of(at.path).front();
  CHECK(line.find(R"("hub":"hub","boot":"b1","event":"start","text":"1.0"})")
        != line.npos);
}

TEST_CASE("a last line that a crash cut off is set aside and said") {
  trail_place at;
  {
    audit_file x{at.config()};
    write_loads(x);
  }
  write_file(at.path, read_file(at.path) + R"({"v":1,"seq":3,"pr)");
  audit_file again{at.config()};
  write_loads(again);
  CHECK(events_of(at.path)
        == events{"start", "policy_load", "torn_line", "start", "policy_load"});
  CHECK_EQ(read_file(at.path + ".torn"), "{\"v\":1,\"seq\":3,\"pr\n");
  CHECK(lines_of(at.path)[2].find("\"count\":18") != std::string::npos);
}

TEST_CASE("a file that holds nothing but a cut off line begins a new chain") {
  trail_place at;
  write_file(at.path, R"({"v":1)");
  audit_file x{at.config()};
  write_loads(x);
  CHECK(events_of(at.path) == events{"torn_line", "start", "policy_load"});
}

TEST_CASE("two hubs never write one trail") {
  trail_place at;
  std::optional<audit_file> first{at.config()};
  const auto why = fault_of(at.config());
  CHECK(why.find("is written by another hub that runs") != why.npos);
  first.reset();
  CHECK_EQ(fault_of(at.config()), "none");
}

TEST_CASE("a file that is no audit trail is refused and left as it is") {
  trail_place at;
  for (const std::string text : {"hello\n", "hello\nworld", "{}\n"}) {
    write_file(at.path, text);
    const auto why = fault_of(at.config());
    CHECK(why.find("is no audit trail") != why.npos);
    CHECK_EQ(read_file(at.path), text);
  }
  fs::remove(at.path);
  fs::create_symlink(at.dir / "elsewhere", at.path);
  CHECK(fault_of(at.config()).find("cannot be opened") != std::string::npos);
}

TEST_CASE("a full file is renamed, and the chain goes on in the next one") {
  trail_place at;
  audit_file x{at.config(1000)};
  for (int i = 0; i < 20; ++i)
    write_loads(x);
  const auto files = audit_files_of(at.path);
  REQUIRE(files.size() > 3);
  CHECK_EQ(files.back(), at.path);
  CHECK(files.front().starts_with(at.path + ".00000000000"));
  for (const auto& file : files)
    CHECK(fs::file_size(file) <= 1000 + 300);
  const auto all = events_of(at.path);
  CHECK_EQ(std::count(all.begin(), all.end(), "policy_load"), 20);
  CHECK_EQ(std::count(all.begin(), all.end(), "file_ended"), files.size() - 1);
  // The next run goes on with them all.
  write_loads(x);
}

TEST_CASE("too many or too old files are removed, and each is recorded") {
  trail_place at;
  audit_file x{at.config(1000, 2)};
  for (int i = 0; i < 20; ++i)
    write_loads(x);
  CHECK_EQ(audit_files_of(at.path).size(), 3);
  auto all = events_of(at.path);
  CHECK(std::count(all.begin(), all.end(), "file_removed") > 0);
  // 91 days later the others go, too.
  const timespec long_ago{at.wall / 1'000'000, 0};
  for (const auto& file : audit_files_of(at.path)) {
    const timespec times[] = {long_ago, long_ago};
    ::utimensat(AT_FDCWD, file.c_str(), times, 0);
  }
  at.wall += std::int64_t{91} * 86400 * 1'000'000;
  x.tend();
  CHECK_EQ(audit_files_of(at.path).size(), 1);
  all = events_of(at.path);
  CHECK_EQ(all.back(), "file_removed");
}

TEST_CASE("where logrotate renamed the file a new one goes on with the chain") {
  trail_place at;
  {
    audit_file x{at.config()};
    write_loads(x);
    fs::rename(at.path, at.path + ".1");
    write_loads(x); // it does not know yet
    CHECK(x.reopen().empty());
    write_loads(x);
    CHECK(x.reopen().empty());
    write_loads(x);
  }
  CHECK_EQ(lines_of(at.path + ".1").size(), 3);
  CHECK_EQ(lines_of(at.path).size(), 2);
  // And while no hub runs.
  fs::rename(at.path, at.path + "-20270101");
  audit_file again{at.config()};
  write_loads(again);
  CHECK_EQ(events_of(at.path).size(), 7);
}

TEST_CASE("on a full disk a line is written whole or not at all") {
  trail_place at;
  audit_file x{at.config()};
  write_loads(x);
  const auto before = read_file(at.path);
  {
    const small_disk disk{before.size() + 100};
    const auto result = x.write(loads(3), true);
    CHECK_FALSE(result.is_written);
    CHECK_EQ(result.why, "File too large");
    CHECK_EQ(read_file(at.path), before);
  }
  write_loads(x, 3);
  CHECK_EQ(events_of(at.path).size(), 5);
}

TEST_CASE("a trail is named after the only container of its hub") {
  CHECK_EQ(audit_name(""), "hub");
  CHECK_EQ(audit_name("0123456789abcdef"), "0123456789ab");
  CHECK_EQ(audit_name("web-1_x"), "web-1_x");
  CHECK_EQ(audit_name(std::string(64, 'x')), std::string(64, 'x'));
  CHECK_EQ(audit_name("my.web"), "my%2Eweb");
  CHECK_EQ(audit_name("../x"), "%2E%2E%2Fx");
  CHECK_EQ(audit_name("hub"), "%68ub");
  CHECK_EQ(audit_name(std::string(200, '.')),
           "%2E%2E%2E%2E%2E%2E%2E%2E%2E%2E%2="
           "20A50E937C9B97075B32B8C4E043225180CF3735A4730524F638EE7B7A44D55C");
}

// Two hubs with one file would write one chain, and only one gets its lock.
TEST_CASE("no two names of containers share the name of a trail") {
  std::vector<std::string> all{"",
                               "hub",
                               "HUB",
                               "hub.",
                               ".hub",
                               "%68ub",
                               "a%2Eb",
                               "a.b",
                               "a%2eb",
                               "a/b",
                               "a",
                               "a.jsonl",
                               "a.jsonl.lock",
                               "a.jsonl.000000000001"};
  for (int c = 0; c < 256; ++c)
    for (const std::string_view rest : {"", "x"}) {
      const std::string byte(1, static_cast<char>(c));
      if (byte + std::string{rest} != "a")
        all.push_back(byte + std::string{rest});
    }
  for (const std::size_t size : {31, 32, 33, 65, 127, 128, 129, 255, 4096})
    for (const char c : {'x', '.', '%', '='})
      all.emplace_back(size, c);
  // What the longest ones become is also a name.
  all.push_back(audit_name(std::string(255, '.')));
  std::set<std::string> seen;
  for (const auto& container : all) {
    CAPTURE(container);
    const auto name = audit_name(container);
    CAPTURE(name);
    CHECK(seen.insert(name).second);
    CHECK(!name.empty());
    CHECK(name.size() <= 128);
    CHECK(name.find_first_of(std::string_view{"./\0", 3}) == name.npos);
  }
}

TEST_CASE("trails are below the state directory") {
  const std::string below = "/terok-clearance/audit";
  CHECK_EQ(audit_directory("/s", "/h"), "/s" + below);
  CHECK_EQ(audit_directory("s", "/h"), "/h/.local/state" + below);
  CHECK_EQ(audit_directory(nullptr, "/h"), "/h/.local/state" + below);
  CHECK_EQ(audit_directory("", "h"), "");
  CHECK_EQ(audit_directory(nullptr, nullptr), "");
}

TEST_CASE("a record without uid, pid and reason says the rest as it was") {
  const auto line = redacted(
      R"({"v":1,"decision":{"by":{"kind":"operator","uid":5,"name":"a\"b"},)"
      R"("reason":"x","seq":2,"list":[true,null,1]},"pid":7,"text":"t"})");
  CHECK_EQ(line.value_or(""),
           R"({"v":1,"decision":{"by":{"kind":"operator","name":"a\"b"},)"
           R"("seq":2,"list":[true,null,1]},"text":"t"})");
  CHECK_FALSE(redacted("{"));
}

} // namespace audit_file_tests
