// Other people's proxies between git and the gate, where the machine has them.

#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gate_fronts_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

const std::string ours = authorization(gate_world::token);

// Free a moment ago: whoever starts a proxy there tries again when it is not
// free any more.
std::uint16_t free_port() {
  const unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, size) != 0
      || ::getsockname(socket.get(), generic, &size) != 0)
    fail_with_errno("a free port");
  return ntohs(address.sin_port);
}

bool takes_connections(std::uint16_t port) {
  try {
    connect_tcp(port);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

/// A proxy, started by `argv` with the settings that are written for a port.
class front {
public:
  using writer = std::function<std::string(std::uint16_t port)>;

  front(const fs::path& settings, const std::vector<std::string>& argv,
        const writer& write) {
    const deadline guard;
    while (!process_ || !serves()) {
      if (!process_ || !process_->running()) { // another one took the port
        port_ = free_port();
        write_file(settings, write(port_));
        child_options options;
        options.argv = argv;
        process_.emplace(std::move(options));
      }
      guard.pace(argv[0] + ": " + process_->err());
    }
  }

  ~front() {
    process_->kill(SIGKILL); // a proxy of a test's has nothing to finish
  }

  front(const front&) = delete;
  front& operator=(const front&) = delete;

  std::string port() const { return std::to_string(port_); }
  http_client client() const { return http_client{connect_tcp(port_)}; }

  std::string url(std::string_view token = gate_world::token) const {
    return "http://" + std::string(token) + ":x@127.0.0.1:" + port() + "/r.git";
  }

private:
  bool serves() {
    return process_->running() && takes_connections(port_)
           && process_->running();
  }

  std::optional<child> process_;
  std::uint16_t port_ = 0;
};

/// What has to work through every front: pushes above 1 MB, which git sends in
/// chunks, clones, forced pushes, deletions, and refusals that are understood.
void check_front(const gate_world& world, const std::string& url,
                 const std::string& wrong_url) {
  const auto content = noise(3 * 1024 * 1024);
  world.commit("work", "file", content);
  auto must = [&](std::vector<std::string> arguments, const fs::path& where) {
    const auto result = world.git(std::move(arguments), where);
    INFO(result);
    REQUIRE(result.ok());
  };
  must({"push", "-q", url, "main", "main:refs/heads/b"}, "work");
  CHECK_EQ(world.in_mirror({"rev-parse", "main"}),
           world.must_git({"rev-parse", "main"}, "work"));
  must({"clone", "-q", url, "clone"}, {});
  CHECK(read_file(world.dir / "clone/file") == content);
  world.must_git({"commit", "-q", "--amend", "-m", "other"}, "work");
  must({"push", "-q", "--force", url, "main"}, "work");
  must({"push", "-q", url, ":b"}, "work");
  CHECK_EQ(world.in_mirror({"for-each-ref", "--format=%(refname)"}),
           "refs/heads/main");
  const auto refused = world.git({"push", "-q", wrong_url, "main"}, "work");
  CHECK_EQ(refused.end, exited(128));
  CHECK_NE(refused.err.find("403"), std::string::npos);
}

/// Refusals come through, though the client has begun to send a body.
void check_refusals(const front& x) {
  const std::string body(512 * 1024, 'x');
  for (const auto& fields : std::vector<std::vector<std::string>>{
           {}, {"Transfer-Encoding: chunked"}}) {
    auto post = [&](std::string target, std::vector<std::string> more) {
      more.insert(more.end(), fields.begin(), fields.end());
      return x.client()
          .call(http_request("POST", target, more,
                             fields.empty() ? body : chunked(body, 4096)))
          .status;
    };
    CHECK_EQ(post("/r.git/git-receive-pack", {}), 401);
    CHECK_EQ(post("/r.git/git-receive-pack", {authorization("wrong")}), 403);
    CHECK_EQ(post("/nothing", {ours}), 404);
  }
}

bool installed(const char* program) {
  if (fs::exists(program))
    return true;
  skipped(std::string(program)
          + " is not installed (test/run does not: Debian would "
            "start a service)");
  return false;
}

} // namespace

TEST_CASE("through nginx, as it is") {
  if (!installed("/usr/sbin/nginx"))
    return;
  const gate_world world;
  const gate server{world};
  const auto dir = world.dir.path().string();
  std::string temporary;
  for (std::string name : {"client_body", "fastcgi", "proxy", "uwsgi", "scgi"})
    temporary += name + "_temp_path " + dir + "/" + name + ";\n";
  const front nginx{
      dir + "/nginx.conf",
      {"/usr/sbin/nginx", "-p", dir, "-c", dir + "/nginx.conf", "-e",
       dir + "/nginx.log"},
      [&](std::uint16_t port) {
        return "daemon off;\nmaster_process off;\npid " + dir
               + "/nginx.pid;\nevents {}\nhttp {\naccess_log off;\n" + temporary
               + "client_max_body_size 0;\nserver {\nlisten 127.0.0.1:"
               + std::to_string(port)
               + ";\nlocation / {\nproxy_pass http://127.0.0.1:"
               + std::to_string(server.port())
               + ";\n}\nlocation /streamed/ {\nproxy_request_buffering off;\n"
                 "proxy_http_version 1.1;\nproxy_pass http://127.0.0.1:"
               + std::to_string(server.port()) + "/;\n}\n}\n}\n";
      }};
  SUBCASE("with the body in its own file first") {
    check_front(world, nginx.url(), nginx.url("wrong"));
  }
  SUBCASE("with the body passed on as it comes") {
    auto streamed = [&](std::string_view token) {
      return "http://" + std::string(token) + ":x@127.0.0.1:" + nginx.port()
             + "/streamed/r.git";
    };
    check_front(world, streamed(gate_world::token), streamed("wrong"));
  }
  SUBCASE("with refusals of requests that have a body") {
    check_refusals(nginx);
  }
}

TEST_CASE("through haproxy") {
  if (!installed("/usr/sbin/haproxy"))
    return;
  const gate_world world;
  const gate server{world};
  const auto file = (world.dir / "haproxy.cfg").string();
  const front haproxy{
      file,
      {"/usr/sbin/haproxy", "-db", "-q", "-f", file},
      [&](std::uint16_t port) {
        return "global\n  maxconn 64\ndefaults\n  mode http\n"
               "  timeout connect 60s\n  timeout client 60s\n"
               "  timeout server 60s\nfrontend f\n  bind 127.0.0.1:"
               + std::to_string(port)
               + "\n  default_backend b\nbackend b\n  server s 127.0.0.1:"
               + std::to_string(server.port()) + "\n";
      }};
  SUBCASE("with git") {
    check_front(world, haproxy.url(), haproxy.url("wrong"));
  }
  SUBCASE("with refusals of requests that have a body") {
    check_refusals(haproxy);
  }
}

// A proxy that the client is told of, as http_proxy says. It ends connections
// without having announced that. Git cannot repeat a push that it sends in
// chunks, and fails; therefore it sends these pushes whole.
TEST_CASE("through tinyproxy") {
  if (!installed("/usr/bin/tinyproxy"))
    return;
  const gate_world world;
  const gate server{world};
  const auto file = (world.dir / "tinyproxy.conf").string();
  const front tinyproxy{
      file, {"/usr/bin/tinyproxy", "-d", "-c", file}, [&](std::uint16_t port) {
        return "Port " + std::to_string(port)
               + "\nListen 127.0.0.1\nMaxClients 16\n"
                 "Timeout 60\nLogLevel Critical\n";
      }};
  const auto proxy = "http://127.0.0.1:" + tinyproxy.port();
  write_file(world.dir / "home/.gitconfig",
             "[http]\n\tproxy = " + proxy + "\n\tpostBuffer = 16777216\n");
  check_front(world, server.url(), server.url("wrong"));
  // Its requests to us have the absolute form or not; both are served.
  auto client = tinyproxy.client();
  CHECK_EQ(
      client
          .call(http_request("GET",
                             "http://127.0.0.1:" + std::to_string(server.port())
                                 + "/r.git/HEAD",
                             {ours}))
          .body,
      "ref: refs/heads/main\n");
}

} // namespace gate_fronts_tests
