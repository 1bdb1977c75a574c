#include "test/bench/nginx.hpp"

#include "test/support/deadline.hpp"
#include "test/support/files/unique_fd.hpp"

#include <exception>
#include <initializer_list>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace clearance::bench {

namespace fs = std::filesystem;

namespace {

constexpr auto nginx_program = "/usr/sbin/nginx";
constexpr auto wrap_program = "/usr/sbin/fcgiwrap";

// More than processors, so that none is idle while a child exits.
constexpr auto wrap_processes = "4";

test::child start(std::vector<std::string> argv) {
  test::child_options options;
  options.argv = std::move(argv);
  return test::child{std::move(options)};
}

// A port that was free a moment ago, because nginx cannot choose one itself. If
// another program takes the port first, this run of the bench fails.
std::uint16_t free_port() {
  const test::unique_fd socket{
      ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, size) != 0
      || ::getsockname(socket.get(), generic, &size) != 0)
    test::fail_with_errno("a free port");
  return ntohs(address.sin_port);
}

} // namespace

bool nginx::installed() {
  return fs::exists(nginx_program) && fs::exists(wrap_program);
}

nginx::nginx(const test::gate_world& world)
    : socket_(world.dir / "nginx.sock"),
      port_(free_port()),
      wrap_(start({wrap_program, "-c", wrap_processes, "-s",
                   "unix:" + (world.dir / "wrap.sock").string()})),
      nginx_(start({nginx_program, "-p", world.dir.path(), "-c",
                    write_config(world), "-e",
                    (world.dir / "nginx.log").string()})) {
  const test::deadline guard;
  while (!fs::exists(socket_) || !fs::exists(world.dir / "wrap.sock"))
    guard.pace("nginx: " + nginx_.err());
  const auto children =
      test::await_descendants(wrap_.pid(), std::stoul(wrap_processes));
  pids_ = test::await_descendants(nginx_.pid());
  pids_.insert(pids_.end(), {nginx_.pid(), wrap_.pid()});
  pids_.insert(pids_.end(), children.begin(), children.end());
}

// fcgiwrap's children would outlive fcgiwrap, which starts a new one for each
// that ends. So it is stopped first.
nginx::~nginx() {
  try {
    wrap_.suspend();
    const auto children = test::descendants(wrap_.pid());
    wrap_.kill(SIGKILL);
    for (auto pid : children)
      ::kill(pid, SIGKILL);
    nginx_.kill(SIGTERM);
    nginx_.wait();
  } catch (const std::exception&) {
    // The destructors kill both.
  }
}

std::string nginx::url(const std::string& repository) const {
  return "http://127.0.0.1:" + std::to_string(port_) + "/" + repository
         + ".git";
}

std::string nginx::write_config(const test::gate_world& world) const {
  const auto dir = world.dir.path().string();
  const auto backend = world.must_git({"--exec-path"}) + "/git-http-backend";
  std::string temporary;
  for (std::string name : {"client_body", "fastcgi", "proxy", "uwsgi", "scgi"})
    temporary += name + "_temp_path " + dir + "/" + name + ";\n";
  std::string parameters;
  auto add = [&](const std::string& name, const std::string& value) {
    parameters += "fastcgi_param " + name + " " + value + ";\n";
  };
  add("SCRIPT_FILENAME", backend);
  add("GIT_HTTP_EXPORT_ALL", "1");
  add("GIT_PROJECT_ROOT", world.mirror_root().string());
  add("PATH_INFO", "$uri");
  add("QUERY_STRING", "$query_string");
  add("REQUEST_METHOD", "$request_method");
  add("CONTENT_TYPE", "$content_type");
  add("REMOTE_USER", "token");
  const auto file = dir + "/nginx.conf";
  test::write_file(
      file, "daemon off;\n" + std::string(::getuid() == 0 ? "user root;\n" : "")
                + "worker_processes auto;\npid " + dir
                + "/nginx.pid;\nevents {}\nhttp {\n"
                  "access_log off;\n"
                + temporary
                + "keepalive_requests 1000000;\n"
                  "client_max_body_size 0;\n"
                  "server {\nlisten unix:"
                + socket_.string() + ";\nlisten 127.0.0.1:"
                + std::to_string(port_) + ";\nlocation / {\nfastcgi_pass unix:"
                + dir + "/wrap.sock;\n" + parameters + "}\n}\n}\n");
  return file;
}

} // namespace clearance::bench
