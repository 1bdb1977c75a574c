#include "services/web/web.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/operator_hubs.hpp"
#include "services/client/stop_signals.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/stderr_lines.hpp"
#include "services/web/browser.hpp"
#include "services/web/log.hpp"
#include "services/web/web_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <netinet/in.h>
#include <optional>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <variant>

// One thread and one poll over the signals, the hubs and the browsers. When
// nothing happens, the thread sleeps.
namespace clearance::services {

namespace {

using steady_clock = std::chrono::steady_clock;

struct bound_web {
  descriptor fd;
  std::string host; ///< address and port
};

/// Cookies and permissions of a browser are kept by address and not by port, so
/// 127.0.0.1 is shared with every other server of this machine; an address of
/// our own is not. 0 and 255 at the end have meanings elsewhere.
in_addr random_loopback() {
  std::array<unsigned char, 3> bytes{};
  (void)!::getrandom(bytes.data(), bytes.size(), 0);
  const auto last = static_cast<std::uint32_t>(bytes[2] % 254 + 1);
  in_addr result{};
  result.s_addr = htonl(std::uint32_t{127} << 24 | std::uint32_t{bytes[0]} << 16
                        | std::uint32_t{bytes[1]} << 8 | last);
  return result;
}

std::string text_of_address(const sockaddr_in& x) {
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &x.sin_addr, text.data(), text.size());
  return std::string{text.data()} + ":" + std::to_string(ntohs(x.sin_port));
}

std::variant<bound_web, std::string> bind_web(const web_config& config) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(config.port);
  if (config.address.empty())
    at.sin_addr = random_loopback();
  else
    ::inet_pton(AF_INET, config.address.c_str(), &at.sin_addr);
  descriptor fd{
      ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const int on = 1;
  socklen_t size = sizeof(at);
  if (!fd
      || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0
      || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), size) != 0
      || ::listen(fd.get(), protocol::limits::listen_backlog) != 0
      || ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return "cannot serve the page on " + text_of_address(at) + ": "
           + protocol::error_text(errno);
  return bound_web{std::move(fd), text_of_address(at)};
}

class web_program {
public:
  web_program(const web_config& config, bound_web bound)
      : config_(config),
        signals_(signal_descriptor({SIGINT, SIGTERM, SIGHUP})),
        hubs_({config.clearance_sockets, config.runtime_directory, "web"},
              list_),
        server_(std::move(bound.fd), std::move(bound.host), hubs_, list_) {
    // nop
  }

  int run();

private:
  void open_browser(const std::string& link);
  void poll_once();
  int timeout() const;
  void take_signals();

  const web_config& config_;
  descriptor signals_;
  protocol::prompt_list list_;
  operator_hubs hubs_;
  web_server server_;
  std::optional<link_file> file_;
  bool is_over_ = false;
};

int web_program::run() {
  const auto link = server_.link();
  if (const auto why = print("The page, for one browser: " + link + "\n");
      !why.empty())
    say_of_web("cannot write the link: " + why);
  if (config_.opens)
    open_browser(link);
  hubs_.look(steady_clock::now());
  while (!is_over_)
    poll_once();
  return exit_ok;
}

void web_program::open_browser(const std::string& link) {
  const auto program = browser_program();
  if (program.empty()) {
    say_of_web("no program that opens a browser was found (xdg-open, or "
               "$BROWSER): open the link yourself");
    return;
  }
  file_.emplace(config_.runtime_directory, link);
  if (file_->path().empty()) {
    say_of_web("cannot write a file for the browser into "
               + shown(config_.runtime_directory) + ": open the link yourself");
    return;
  }
  if (const auto why = start_browser(program, file_->path()); !why.empty())
    say_of_web("cannot start " + shown(program) + ": " + why
               + "; open the link yourself");
}

int web_program::timeout() const {
  std::optional<steady_clock::time_point> next = hubs_.due();
  if (const auto due = server_.due(); due && (!next || *due < *next))
    next = due;
  if (!next)
    return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*next - steady_clock::now());
  // poll(2) counts milliseconds in an int; what is longer is asked again.
  return static_cast<int>(
      std::clamp<std::int64_t>(left.count(), 0, 24 * 3600 * 1000));
}

void web_program::poll_once() {
  std::vector<pollfd> entries{{signals_.get(), POLLIN, 0}};
  hubs_.append(entries);
  const auto first_browser = entries.size();
  server_.append(entries);
  if (::poll(entries.data(), entries.size(), timeout()) < 0)
    return; // EINTR
  const auto now = steady_clock::now();
  const std::span all{entries};
  hubs_.handle(all.subspan(1, first_browser - 1), now);
  server_.handle(all.subspan(first_browser), now);
  if (file_ && server_.was_opened())
    file_.reset(); // its link is used up
  if (entries[0].revents != 0)
    take_signals();
}

void web_program::take_signals() {
  signalfd_siginfo x{};
  while (::read(signals_.get(), &x, sizeof(x)) == sizeof(x))
    is_over_ = true;
}

} // namespace

void say_of_web(std::string_view what) {
  say_on_stderr("terok-clearance-web", what);
}

int web(const web_config& config) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGCHLD, SIG_IGN);
  auto bound = bind_web(config);
  if (const auto* why = std::get_if<std::string>(&bound)) {
    say_of_web(*why);
    return exit_failed;
  }
  return web_program{config, std::move(std::get<bound_web>(bound))}.run();
}

} // namespace clearance::services
