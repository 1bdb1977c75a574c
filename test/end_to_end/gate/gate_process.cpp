// The program: where it takes its token from, what it says when it cannot
// start, how it ends, and how much memory it takes.

#include "actors/base/sanitizers.hpp"
#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <signal.h>

namespace gate_process_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

const std::string refs = "/r.git/info/refs?service=git-upload-pack";

int status_with(const gate& server, std::string_view token) {
  return server.client()
      .call(http_request("GET", refs, {authorization(token)}))
      .status;
}

/// A gate that must not start: what it says, without its name.
std::string refusal(child_options options, int code = 1) {
  child process{std::move(options)};
  CHECK_EQ(process.wait(), exited(code));
  auto text = process.err();
  const std::string name = "terok-gate: ";
  REQUIRE(text.starts_with(name));
  REQUIRE(text.ends_with('\n'));
  text.pop_back();
  CHECK_EQ(text.find('\n'), std::string::npos); // one line
  return text.substr(name.size());
}

/// Everything but a token.
gate_options without_token() {
  return {{"--scope", "r"}, {}, false};
}

} // namespace

TEST_CASE("the token comes from a file, the environment or a credential") {
  const gate_world world;
  world.seed();
  auto options = without_token();
  SUBCASE("a file") {
    write_file(world.dir / "t", "from-file\r\n");
    options.arguments.insert(options.arguments.end(),
                             {"--token-file", (world.dir / "t").string()});
    options.environment.emplace_back("TEROK_GATE_TOKEN", "from-environment");
    const gate server{world, options};
    CHECK_EQ(status_with(server, "from-file"), 200);
    CHECK_EQ(status_with(server, "from-environment"), 403);
  }
  SUBCASE("the environment, where nobody finds it afterwards") {
    options.environment.emplace_back("TEROK_GATE_TOKEN", "from-environment");
    const gate server{world, options};
    CHECK_EQ(status_with(server, "from-environment"), 200);
    const auto environment = read_file(
        "/proc/" + std::to_string(server.process().pid()) + "/environ");
    CHECK_NE(environment.find("TEROK_GATE_TOKEN="), std::string::npos);
    CHECK_EQ(environment.find("from-environment"), std::string::npos);
  }
  SUBCASE("a credential of systemd's") {
    fs::create_directory(world.dir / "credentials");
    write_file(world.dir / "credentials/terok-gate.token", "from-systemd");
    auto on_port = gate_on_port(world, options);
    std::erase_if(on_port.environment, [](const auto& x) {
      return x.first == "CREDENTIALS_DIRECTORY";
    });
    on_port.environment.emplace_back("CREDENTIALS_DIRECTORY",
                                     (world.dir / "credentials").string());
    child process{std::move(on_port)};
    process.await_err("serving");
    CHECK(process.running());
  }
}

TEST_CASE("a token that could never be shown is refused") {
  const gate_world world;
  for (std::string token :
       {"", "\n", "a:b", "a b", "two\nlines", "tab\t", "\x01"}) {
    CAPTURE(token);
    write_file(world.token_file(), token);
    CHECK_NE(refusal(gate_on_socket(world)).find("the token in "),
             std::string::npos);
  }
  write_file(world.token_file(), std::string(1024, 'x') + "\n");
  const gate server{world};
  write_file(world.token_file(), std::string(1025, 'x'));
  CHECK_NE(refusal(gate_on_socket(world)).find("longer than 1024 bytes"),
           std::string::npos);
}

TEST_CASE("a gate that cannot start says why in one line") {
  const gate_world world;
  CHECK_EQ(refusal(gate_on_socket(world, without_token()), 2),
           "no token: give --token-file, TEROK_GATE_TOKEN in the environment, "
           "or a credential terok-gate.token");
  auto with = [&](std::vector<std::string> words) {
    return gate_on_socket(world, {std::move(words), {}, true});
  };
  const auto nowhere = (world.dir / "nowhere").string();
  CHECK_EQ(refusal(with({"--hooks-path", nowhere})),
           "--hooks-path " + nowhere + ": No such file or directory");
  CHECK_EQ(refusal(with({"--home", world.token_file().string()})),
           "--home " + world.token_file().string() + " is not a directory");
  write_file(world.dir / "grants", "{}");
  CHECK_EQ(
      refusal(gate_on_socket(
          world, {{"--grants", (world.dir / "grants").string()}, {}, false})),
      "the grants file " + (world.dir / "grants").string() + ": no \"grants\"");
  fs::remove(world.token_file());
  CHECK_EQ(refusal(gate_on_socket(world)), "cannot read the token file "
                                               + world.token_file().string()
                                               + ": No such file or directory");
  write_file(world.token_file(), "t");
  fs::permissions(world.token_file(), fs::perms(0600));
  fs::permissions(world.dir / "run", fs::perms(0755));
  CHECK_NE(refusal(gate_on_socket(world)).find("accessible"),
           std::string::npos);
  fs::remove_all(world.mirror_root());
  CHECK_EQ(refusal(gate_on_socket(world)), "--mirror-root "
                                               + world.mirror_root().string()
                                               + ": No such file or directory");
}

TEST_CASE("what is often given wrong is refused with the cure") {
  const gate_world world;
  auto why = [&](std::vector<std::string> words, int code) {
    return refusal(gate_on_socket(world, {std::move(words), {}, true}), code);
  };
  const auto with_suffix = gate_on_socket(
      world, {{"--scope", "r.git", "--token-file", world.token_file().string()},
              {},
              false});
  CHECK_EQ(refusal(with_suffix, 1),
           "the scope r.git means r.git.git, which is not there; give it "
           "without .git: r");
  for (auto behind : {"\n\n", "\r\n\n", " ", " \n", "\n\t"}) {
    write_file(world.token_file(), std::string("the-token") + behind);
    CHECK_EQ(why({}, 1),
             "the token in " + world.token_file().string()
                 + " has white space or empty lines behind it; it is one line: "
                   "printf '%s\\n' TOKEN > FILE");
  }
}

TEST_CASE("a token file that others can read is a warning with the cure") {
  const gate_world world;
  const auto file = world.token_file().string();
  {
    const gate server{world};
    CHECK_EQ(server.process().err().find("chmod"), std::string::npos);
  }
  for (auto others : {fs::perms::group_read, fs::perms::others_read}) {
    fs::permissions(file, fs::perms::owner_read | others);
    const gate server{world};
    for (const auto& text : {std::string("other users can read the token file"),
                             std::string("chmod 600"), "file=" + file})
      server.process().await_err(text);
  }
}

TEST_CASE("a repository that borrows from outside is a warning with the cure") {
  const gate_world world;
  world.seed();
  const auto there = fs::canonical(world.mirror_root()).string() + "/x/objects";
  auto log = [&](std::string_view content, gate_options options = {}) {
    write_file(world.repository() / "objects/info/alternates", content);
    gate server{world, std::move(options)};
    CHECK_EQ(server.stop(), exited(0));
    return server.process().err();
  };
  for (auto content :
       {std::string("../../x/objects\n"), there, "#\n" + there}) {
    const auto said = log(content);
    CHECK_NE(said.find("borrows objects from outside"), std::string::npos);
    CHECK_NE(said.find(there), std::string::npos);
    CHECK_NE(said.find("git repack -a -d"), std::string::npos);
  }
  CHECK_EQ(log(there, {{"--sandbox", "off"}, {}, true}).find("borrows"),
           std::string::npos);
  CHECK_EQ(log("", {}).find("borrows"), std::string::npos);
  CHECK_EQ(log("pack\n", {}).find("borrows"), std::string::npos); // inside
}

TEST_CASE("lock files that a git has left are named with the cure") {
  const gate_world world;
  world.seed();
  auto log = [&](gate_options options = {}) {
    gate server{world, std::move(options)};
    CHECK_EQ(server.stop(), exited(0));
    return server.process().err();
  };
  CHECK_EQ(log().find("lock files"), std::string::npos);
  // Not of git: a branch of that name, and what is no file.
  fs::create_directory(world.repository() / "refs/heads/x.lock");
  fs::create_symlink("nowhere", world.repository() / "y.lock");
  CHECK_EQ(log().find("lock files"), std::string::npos);
  const auto lock =
      fs::canonical(world.repository()).string() + "/refs/heads/main.lock";
  const auto other = world.repository() / "refs/heads/x.lock/z.lock";
  for (const auto& file : {fs::path(lock), other}) {
    write_file(file, "");
    fs::last_write_time(file, fs::file_time_type::clock::now()
                                  - std::chrono::hours{1});
  }
  const auto grants = world.dir / "grants.json";
  write_file(grants, R"({"grants":[{"token_sha256":")" + std::string(64, 'a')
                         + R"(","scope":"*","access":"read-only"}]})");
  for (const auto& said :
       {log(), log({{"--grants", grants.string()}, {}, false})}) {
    CHECK_NE(said.find("remove them first=" + lock + " files=2"),
             std::string::npos);
  }
}

TEST_CASE("an address that others can reach needs their leave") {
  const gate_world world;
  auto options = gate_on_port(world);
  for (auto& word : options.argv)
    if (word == "127.0.0.1:0")
      word = "0.0.0.0:0";
  CHECK_EQ(refusal(options, 2), "--listen: 0.0.0.0 is not a loopback address; "
                                "--allow-remote permits it");
}

TEST_CASE("a name is no address to listen at") {
  const gate_world world;
  auto options = gate_on_port(world);
  for (auto& word : options.argv)
    if (word == "127.0.0.1:0")
      word = "localhost:0";
  CHECK_EQ(refusal(options, 2),
           "--listen: `localhost` is a name; give the address that it stands "
           "for, 127.0.0.1 or [::1] for this machine");
}

TEST_CASE("help, version and wrong words") {
  auto run = [](std::vector<std::string> words) {
    child_options options;
    options.argv = std::move(words);
    options.argv.insert(options.argv.begin(), terok_gate());
    return child{std::move(options)};
  };
  auto help = run({"--help"});
  CHECK_EQ(help.wait(), exited(0));
  CHECK(help.out().starts_with("Usage: terok-gate"));
  auto version = run({"--version"});
  CHECK_EQ(version.wait(), exited(0));
  CHECK(version.out().starts_with("terok-gate "));
  auto wrong = run({"--socket", "/x", "--listen", "127.0.0.1:1"});
  CHECK_EQ(wrong.wait(), exited(2));
  CHECK_NE(wrong.err().find("Try 'terok-gate --help'."), std::string::npos);
}

TEST_CASE("SIGINT and SIGTERM end an idle gate at once and well") {
  const gate_world world;
  for (int signal : {SIGINT, SIGTERM}) {
    child server{gate_on_socket(world)};
    server.await_err("serving");
    const raw_socket idle{world.socket()};
    server.kill(signal);
    CHECK_EQ(server.wait(), exited(0));
    CHECK_FALSE(fs::exists(world.socket()));
  }
}

TEST_CASE("SIGUSR1 writes the counters to the log") {
  const gate_world world;
  world.seed();
  gate server{world};
  CHECK_EQ(status_with(server, gate_world::token), 200);
  server.process().kill(SIGUSR1);
  server.process().await_err("counters requests=1 malformed=0");
}

TEST_CASE("transfers of any size fit into 24 MiB") {
  if (clearance::has_address_sanitizer) {
    skipped("the address sanitizer's memory is not ours");
    return;
  }
  const gate_world world;
  gate server{world};
  world.commit("work", "file", noise(24 * 1024 * 1024));
  world.must_git({"push", "-q", server.url(), "main"}, "work");
  std::vector<child> clones;
  for (int i = 0; i < 8; ++i)
    clones.emplace_back(world.git_options(
        {"clone", "-q", "--bare", server.url(), "clone" + std::to_string(i)}));
  for (auto& x : clones)
    CHECK_EQ(x.wait(std::chrono::minutes{2}), exited(0));
  const auto peak = std::stoul(status_of(server.process().pid(), "VmHWM"));
  CHECK_LT(peak, 24 * 1024 * bytes_a_byte); // kB
}

} // namespace gate_process_tests
