#include "test/end_to_end/world/container_world.hpp"

#include <arpa/inet.h>
#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace clearance::test {

namespace fs = std::filesystem;

fs::path terok_supervisor() {
  return TEST_TEROK_SUPERVISOR;
}

// -- containers ---------------------------------------------------------------

namespace {

std::string json_of(const fs::path& text) {
  return '"' + text.string() + '"';
}

std::string short_id(const container& x) {
  return x.id.substr(0, 12);
}

} // namespace

block block_of(const container& x, int n) {
  block result;
  result.container = short_id(x);
  result.request_id = result.container + ":" + std::to_string(n);
  return result;
}

container_world::container_world() {
  fs::create_directory(sidecars());
  fs::permissions(sidecars(), fs::perms::owner_all);
}

fs::path container_world::clearance(const container& x) const {
  return terok() / "clearance" / short_id(x) / "hub.sock";
}

fs::path container_world::reader(const container& x) const {
  return terok() / "events" / short_id(x) / "ingester.sock";
}

fs::path container_world::verdict(const container& x) const {
  return terok() / "verdict" / (short_id(x) + ".sock");
}

fs::path container_world::gate(const container& x) const {
  return runtime_dir() / "run" / x.name / "gate" / "gate-server.sock";
}

fs::path container_world::gate_private(const container& x) const {
  return runtime_dir() / "gate-private" / x.name;
}

std::string container_world::sidecar_of(const container& x) const {
  std::map<std::string, std::string> all{
      {"container_name", json_of(x.name)},
      {"container_id", json_of(x.id)},
      {"runtime_dir", json_of(runtime_dir())},
      {"project_id", R"("r")"},
      {"gate_base_path", json_of(git.mirror_root())},
      {"gate_token", json_of(gate_world::token)},
  };
  for (const auto& [name, value] : x.fields)
    all[name] = value;
  std::string result;
  for (const auto& [name, value] : all)
    if (!value.empty())
      result += (result.empty() ? "{" : ",") + json_of(name) + ":" + value;
  return result + "}\n";
}

fs::path container_world::sidecar_path(const container& x) const {
  return sidecars() / (x.name + ".json");
}

fs::path container_world::add(const container& x) const {
  add_text(x.name + ".json", sidecar_of(x));
  return sidecar_path(x);
}

void container_world::add_text(const std::string& file,
                               std::string_view text) const {
  const auto beside = git.dir / "new-sidecar";
  write_file(beside, text);
  fs::permissions(beside, fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(beside, sidecars() / file);
}

child_options
container_world::supervisor(std::vector<std::string> words) const {
  child_options result;
  result.argv = std::move(words);
  result.argv.insert(result.argv.begin(), terok_supervisor());
  for (auto name : {"NOTIFY_SOCKET", "JOURNAL_STREAM", "LISTEN_FDS"})
    result.environment.emplace_back(name, "");
  if (!std::getenv("ASAN_OPTIONS"))
    result.environment.emplace_back("ASAN_OPTIONS", "quarantine_size_mb=1");
  return result;
}

// -- ports --------------------------------------------------------------------

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  result.sin_port = htons(port);
  return result;
}

// A socket that is bound to a free port. Sets `port` to its number.
unique_fd bound_socket(std::uint16_t& port) {
  unique_fd result{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int on = 1;
  auto address = loopback(0);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!result
      || ::setsockopt(result.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))
             != 0
      || ::bind(result.get(), generic, size) != 0
      || ::getsockname(result.get(), generic, &size) != 0)
    fail_with_errno("bind a port");
  port = ntohs(address.sin_port);
  return result;
}

// Copies bytes until one side has closed its connection.
void pump(int from, int to) {
  char buffer[65536];
  ssize_t n = 0;
  while ((n = ::read(from, buffer, sizeof(buffer))) > 0)
    for (ssize_t done = 0; done < n;) {
      const auto m =
          ::send(to, buffer + done, std::size_t(n - done), MSG_NOSIGNAL);
      if (m <= 0)
        return;
      done += m;
    }
  ::shutdown(to, SHUT_WR);
}

// Nothing if no server listens at the path.
unique_fd dial(const fs::path& to) try {
  const raw_socket socket{to};
  unique_fd result{::fcntl(socket.fd(), F_DUPFD_CLOEXEC, 0)};
  ::fcntl(result.get(), F_SETFL, ::fcntl(result.get(), F_GETFL) & ~O_NONBLOCK);
  return result;
} catch (const std::system_error&) {
  return {};
}

} // namespace

struct tcp_relay::state {
  fs::path to;
  std::uint16_t port = 0;
  unique_fd listening;
  std::mutex mutex;
  std::vector<unique_fd> open; ///< both ends of each connection
  std::vector<std::jthread> pumps;
  std::jthread accept_loop;

  void accept() {
    for (;;) {
      unique_fd client{
          ::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (!client)
        return;
      auto server = dial(to);
      if (!server)
        continue;
      std::lock_guard guard{mutex};
      for (auto [from, into] : {std::pair{client.get(), server.get()},
                                std::pair{server.get(), client.get()}})
        pumps.emplace_back([from = from, into = into] { pump(from, into); });
      open.push_back(std::move(client));
      open.push_back(std::move(server));
    }
  }
};

tcp_relay::tcp_relay(fs::path to) : state_(std::make_unique<state>()) {
  state_->to = std::move(to);
  state_->listening = bound_socket(state_->port);
  if (::listen(state_->listening.get(), 16) != 0)
    fail_with_errno("listen");
  state_->accept_loop = std::jthread{[x = state_.get()] { x->accept(); }};
}

tcp_relay::~tcp_relay() {
  ::shutdown(state_->listening.get(), SHUT_RDWR);
  state_->accept_loop.join();
  for (auto& x : state_->open)
    ::shutdown(x.get(), SHUT_RDWR);
  state_->pumps.clear();
}

std::string tcp_relay::url(std::string_view token) const {
  return "http://" + std::string(token)
         + ":@127.0.0.1:" + std::to_string(state_->port) + "/r.git";
}

reserved_port::reserved_port() : fd_(bound_socket(number_)) {
}

void reserved_port::occupy() {
  if (::listen(fd_.get(), 1) != 0)
    fail_with_errno("listen");
}

} // namespace clearance::test
