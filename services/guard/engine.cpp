#include "services/guard/engine.hpp"

#include "actors/io/process/find_program.hpp"
#include "protocol/guard/guard_state.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/helper_program.hpp"
#include "services/process/setup_fault.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <poll.h>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace clearance::services {

namespace {

constexpr std::size_t answer_max_bytes = 1024;

std::string text_in(int fd) {
  std::array<char, answer_max_bytes> bytes{};
  const auto n = ::pread(fd, bytes.data(), bytes.size(), 0);
  return {bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

std::string first_line_of(const std::string& text) {
  return protocol::escaped(text.substr(0, text.find('\n')));
}

// `PID ID` and a line break.
std::variant<engine_container, std::string>
parse_answer(const std::string& engine, const std::string& name,
             std::string_view text) {
  engine_container result;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, result.pid);
  const auto id = text.substr(static_cast<std::size_t>(at - text.data()));
  if (error != std::errc{} || !id.starts_with(' ') || !id.ends_with('\n'))
    return engine + " does not say which process the container " + name
           + " has";
  result.id = id.substr(1, id.size() - 2);
  if (result.pid <= 0)
    return "the container " + name + " does not run";
  if (!protocol::is_guard_name(result.id))
    return engine + " gives the container " + name + " an id that is none";
  return result;
}

} // namespace

std::variant<engine_container, std::string>
find_engine_container(const std::string& engine, const std::string& name) try {
  const auto program = io::find_program(engine);
  if (program.empty())
    return engine + " is not installed";
  const io::unique_fd out{::memfd_create("out", MFD_CLOEXEC)};
  const io::unique_fd err{::memfd_create("err", MFD_CLOEXEC)};
  if (!out || !err)
    return "no memory files: " + error_text(errno);
  helper_spec spec;
  spec.words = {program,     "inspect",  "--type",
                "container", "--format", "{{.State.Pid}} {{.Id}}",
                "--",        name};
  spec.out = out.get();
  spec.err = err.get();
  helper_program asked(spec);
  constexpr std::chrono::milliseconds limit{
      protocol::guard_limits::engine_answer};
  pollfd entry{asked.pidfd(), POLLIN, 0};
  if (::poll(&entry, 1, static_cast<int>(limit.count())) != 1)
    return engine + " does not answer";
  const auto text = text_in(out.get());
  if (text.find_first_not_of("\n ") == std::string::npos)
    return engine + " does not know the container " + name + ": "
           + first_line_of(text_in(err.get()));
  return parse_answer(engine, name, text);
} catch (const setup_fault& e) {
  return std::string{e.what()};
}

} // namespace clearance::services
