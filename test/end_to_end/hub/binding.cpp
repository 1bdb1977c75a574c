// How sockets are bound and removed: the hub's two sockets and the helper's.
// Source: clearance.md, section 1, "Binding".

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/doubles/fake_server.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

namespace open_request_tests {

namespace {

using namespace clearance::test;
namespace fs = std::filesystem;

constexpr uid_t somebody_else = 65534;

/// A program that binds `path`; one for each of our sockets.
struct binder {
  std::string role;
  fs::path path;
  child_options options;
};

std::vector<binder> binders(const runtime& where) {
  // The hub's other socket is in another directory, so that only the socket of
  // `path` can make the hub fail.
  auto apart = [&](const fs::path& clearance, const fs::path& reader) {
    child_options result;
    result.argv = {
        terok_clearance(),    "serve",   "--inline-verdict", "--shield",
        "/bin/true", // one that is there: no warning about it
        "--clearance-socket", clearance, "--reader-socket",  reader};
    return result;
  };
  const auto other = where.dir / "other/o.sock";
  return {
      {"clearance", where.clearance(), apart(where.clearance(), other)},
      {"reader", where.reader(), apart(other, where.reader())},
      {"verdict", where.verdict(), serve_verdict(where, "/bin/true")},
  };
}

void make_directory(const fs::path& path, mode_t mode) {
  REQUIRE(::mkdir(path.c_str(), 0700) == 0);
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

/// Waits until the program refuses to start; returns its one line.
std::string refusal(child_options options) {
  child refused{std::move(options)};
  CHECK(refused.wait() == exited(1));
  const auto said = refused.err();
  CHECK(std::ranges::count(said, '\n') == 1);
  CHECK(refused.out() == "");
  return said;
}

void check_contains(const std::string& text,
                    std::initializer_list<std::string> parts) {
  CAPTURE(text);
  for (const auto& part : parts) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

/// Whether the directory holds a socket.
bool holds_socket(const fs::path& directory) {
  if (!fs::exists(directory))
    return false;
  return std::ranges::any_of(fs::directory_iterator{directory},
                             [](const auto& x) { return x.is_socket(); });
}

} // namespace

TEST_CASE("a missing parent is made 0700, a socket is 0600, whatever the "
          "umask") {
  for (mode_t mask : {0U, 022U, 0177U, 0777U}) {
    const runtime where;
    for (auto& x : binders(where)) {
      CAPTURE(x.role);
      x.options.umask = mask;
      fs::remove_all(where.directory());
      auto server = start(std::move(x.options), {x.path});
      CHECK(mode_of(where.directory()) == 0700);
      CHECK(mode_of(x.path) == 0600);
      CHECK(fs::is_socket(x.path));
      server.kill(SIGTERM);
      CHECK(server.wait() == exited(0));
    }
  }
}

// A hub that runs as root may make /run/user. Other users must still be able to
// enter that directory.
TEST_CASE("a missing directory is made with mode 0700, its missing parents "
          "with mode 0755") {
  const temp_dir dir;
  child_options options;
  options.argv = {terok_clearance(),
                  "serve",
                  "--inline-verdict",
                  "--clearance-socket",
                  dir / "terok/clearance/0123456789ab/hub.sock",
                  "--reader-socket",
                  dir / "terok/events/0123456789ab/ingester.sock"};
  options.umask = 0;
  auto server =
      start(std::move(options), {dir / "terok/clearance/0123456789ab/hub.sock",
                                 dir
                                     / "terok/events/0123456789ab/"
                                       "ingester.sock"});
  for (auto made :
       {"terok/clearance/0123456789ab", "terok/events/0123456789ab"})
    CHECK(mode_of(dir / made) == 0700);
  for (auto made : {"terok", "terok/clearance", "terok/events"})
    CHECK(mode_of(dir / made) == 0755);
}

TEST_CASE("a parent that others can enter is refused") {
  for (mode_t mode : {0755U, 0750U, 0701U, 0710U, 0704U, 0720U, 01777U}) {
    const runtime where;
    make_directory(where.directory(), mode);
    char octal[8];
    std::snprintf(octal, sizeof(octal), "%o", static_cast<unsigned>(mode));
    for (auto& x : binders(where)) {
      CAPTURE(x.role);
      CAPTURE(octal);
      check_contains(refusal(std::move(x.options)),
                     {"accessible", where.directory(), x.role, octal});
      CHECK_FALSE(fs::exists(x.path));
      CHECK(mode_of(where.directory()) == mode);
      CHECK_FALSE(holds_socket(where.dir / "other"));
    }
  }
}

TEST_CASE("a parent of another owner is refused") {
  if (::getuid() != 0) {
    skipped("needs root");
    return;
  }
  const runtime where;
  make_directory(where.directory(), 0700);
  REQUIRE(::chown(where.directory().c_str(), somebody_else, somebody_else)
          == 0);
  for (auto& x : binders(where)) {
    CAPTURE(x.role);
    check_contains(refusal(std::move(x.options)),
                   {where.directory(), x.role, std::to_string(somebody_else)});
    CHECK_FALSE(fs::exists(x.path));
  }
}

TEST_CASE("a path that is not a socket is refused and kept") {
  const runtime where;
  make_directory(where.directory(), 0700);
  for (auto& x : binders(where)) {
    CAPTURE(x.role);
    auto check = [&] {
      const auto before = fs::symlink_status(x.path).type();
      check_contains(refusal(x.options), {x.path, x.role});
      CHECK(fs::symlink_status(x.path).type() == before);
      CHECK_FALSE(holds_socket(where.dir / "other"));
    };
    write_file(x.path, "precious");
    check();
    CHECK(read_file(x.path) == "precious");
    fs::remove(x.path);
    REQUIRE(::mkfifo(x.path.c_str(), 0600) == 0);
    check();
    fs::remove(x.path);
    fs::create_directory(x.path);
    check();
    fs::remove(x.path);
    fs::create_symlink(where.dir / "nowhere", x.path);
    check();
    CHECK_FALSE(fs::exists(where.dir / "nowhere"));
    fs::remove(x.path);
  }
}

TEST_CASE("a stale socket is replaced") {
  const runtime where;
  for (auto& x : binders(where)) {
    CAPTURE(x.role);
    {
      auto killed = start(x.options, {x.path});
      killed.kill(SIGKILL);
      killed.wait();
      CHECK(fs::is_socket(x.path));
    }
    auto server = start(x.options, {x.path});
    server.kill(SIGTERM);
    CHECK(server.wait() == exited(0));
    // A socket that another program left.
    { const fake_server other{x.path}; }
    CHECK(fs::is_socket(x.path));
    auto again = start(x.options, {x.path});
    CHECK(mode_of(x.path) == 0600);
  }
}

TEST_CASE("a live server keeps its path") {
  const runtime where;
  for (auto& x : binders(where)) {
    CAPTURE(x.role);
    auto first = start(x.options, {x.path});
    auto rival = x.options;
    for (auto& word : rival.argv)
      if (word == where.dir / "other/o.sock")
        word = where.dir / "other/p.sock";
    check_contains(refusal(std::move(rival)), {x.path, x.role});
    CHECK_FALSE(fs::exists(where.dir / "other/p.sock"));
    CHECK(first.running());
    CHECK_NOTHROW(raw_socket{x.path});
    first.kill(SIGTERM);
    CHECK(first.wait() == exited(0));
  }
}

TEST_CASE("a server keeps its path when somebody removes the socket") {
  // Until the first server has bound its path again, only the lock shows that
  // the server runs. Without the lock both servers would believe that the path
  // is theirs, and when the first server stops it would remove the socket of
  // the second one.
  const runtime where;
  for (auto& x : binders(where)) {
    CAPTURE(x.role);
    auto first = start(x.options, {x.path});
    fs::remove(x.path);
    auto rival = x.options;
    for (auto& word : rival.argv)
      if (word == where.dir / "other/o.sock")
        word = where.dir / "other/p.sock";
    check_contains(refusal(std::move(rival)), {x.path, x.role});
    first.kill(SIGTERM);
    CHECK(first.wait() == exited(0));
    CHECK_FALSE(fs::exists(x.path)); // neither of them left a socket
  }
}

TEST_CASE("a live server keeps its path, even if its backlog is full") {
  const runtime where;
  for (auto& x : binders(where)) {
    CAPTURE(x.role);
    {
      const fake_server other{x.path};
      check_contains(refusal(x.options), {x.path, x.role});
      CHECK_NOTHROW(raw_socket{x.path});
      fs::remove(x.path);
    }
    const fake_server busy{x.path, 0};
    // The backlog is full. A hub that waits for its connection attempt to end
    // would wait for ever.
    const raw_socket waiting{x.path};
    check_contains(refusal(x.options), {x.path, x.role});
    CHECK(fs::is_socket(x.path));
    fs::remove(x.path);
  }
}

TEST_CASE("if two hubs start at once exactly one succeeds") {
  const runtime where;
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    child first{serve(where)};
    child second{serve(where)};
    // When one has ended the other must be serving.
    const deadline guard;
    while (first.running() && second.running())
      guard.pace("the end of one hub", {first.pidfd(), second.pidfd()});
    auto& loser = first.running() ? second : first;
    auto& winner = first.running() ? first : second;
    CHECK(loser.wait() == exited(1));
    while (winner.running() && !holds_socket(where.directory()))
      guard.pace("the other hub's socket", {winner.pidfd()});
    REQUIRE(winner.running());
    for (const auto& path : {where.clearance(), where.reader()})
      for (bool connected = false; !connected;)
        try {
          raw_socket{path};
          connected = true;
        } catch (const std::system_error&) {
          guard.pace("the winner at " + path.string(), {winner.pidfd()});
          REQUIRE(winner.running());
        }
    CHECK(varlink_client{where.clearance()}
              .call("org.varlink.service.GetInfo")
              .error
          == "");
    // Every other round leaves its sockets behind for the next one.
    winner.kill(round % 2 ? SIGKILL : SIGTERM);
    winner.wait();
  }
}

TEST_CASE("a path that is too long is refused with a clear error") {
  const runtime where;
  for (auto& x : binders(where)) {
    CAPTURE(x.role);
    const auto long_path = x.path.string() + std::string(120, 'x');
    for (auto& word : x.options.argv)
      if (word == x.path)
        word = long_path;
    child refused{std::move(x.options)};
    CHECK(refused.wait() == exited(2));
    check_contains(refused.err(), {"107 bytes"});
    CHECK_FALSE(holds_socket(where.dir / "other"));
  }
  // A path that comes from the environment.
  child_options options;
  options.argv = {terok_clearance(), "serve", "--inline-verdict"};
  options.environment = {
      {"XDG_RUNTIME_DIR", where.dir / std::string(120, 'x')}};
  child refused{std::move(options)};
  CHECK(refused.wait().exit_code.value_or(0) != 0);
  CHECK(refused.err() != "");
  CHECK(std::filesystem::is_empty(where.dir.path()));
}

TEST_CASE("a hub that cannot bind its second socket removes the first one") {
  const runtime where;
  make_directory(where.directory(), 0700);
  for (const auto& [bad, good] :
       {std::pair{where.reader(), where.clearance()},
        std::pair{where.clearance(), where.reader()}}) {
    const auto& shown = bad; // clang 14 captures no binding
    CAPTURE(shown);
    write_file(bad, "precious");
    check_contains(refusal(serve(where)), {bad});
    CHECK_FALSE(fs::exists(good));
    CHECK(read_file(bad) == "precious");
    fs::remove(bad);
  }
  hub works{where};
}

TEST_CASE("a hub that is stopped removes its own sockets and nothing else") {
  const runtime where;
  hub server{where};
  SUBCASE("both sockets are there") {
    CHECK(server.stop() == exited(0));
    CHECK_FALSE(fs::exists(where.clearance()));
  }
  SUBCASE("a file has replaced one socket") {
    fs::remove(where.clearance());
    write_file(where.clearance(), "precious");
    CHECK(server.stop() == exited(0));
    CHECK(read_file(where.clearance()) == "precious");
  }
  SUBCASE("another program's socket has replaced one socket") {
    fs::remove(where.clearance());
    const fake_server other{where.clearance()};
    CHECK(server.stop() == exited(0));
    CHECK_NOTHROW(raw_socket{where.clearance()});
  }
  CHECK_FALSE(fs::exists(where.reader()));
}

} // namespace open_request_tests
