#include "services/gate/hooks/hook_git.hpp"

#include "actors/io/process/find_program.hpp"
#include "actors/io/process/spawn.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

// How much of git's stderr is kept: some lines.
constexpr std::size_t why_max_bytes = 1024;

struct pipe_ends {
  io::unique_fd reading;
  io::unique_fd writing;
};

pipe_ends make_pipe() {
  std::array<int, 2> fds{-1, -1};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0)
    return {};
  return {io::unique_fd{fds[0]}, io::unique_fd{fds[1]}};
}

// Source: git-receive-pack(1), "Quarantine environment".
bool is_of_quarantine(std::string_view variable) {
  constexpr std::array<std::string_view, 3> names{
      "GIT_QUARANTINE_PATH=", "GIT_OBJECT_DIRECTORY=",
      "GIT_ALTERNATE_OBJECT_DIRECTORIES="};
  return std::any_of(names.begin(), names.end(),
                     [=](auto name) { return variable.starts_with(name); });
}

std::vector<std::string> variables_for(object_view objects) {
  constexpr std::string_view no_replace = "GIT_NO_REPLACE_OBJECTS=";
  std::vector<std::string> result;
  for (auto x = environ; *x != nullptr; ++x) {
    const std::string_view variable = *x;
    if (!variable.starts_with(no_replace)
        && (objects == object_view::pushed || !is_of_quarantine(variable)))
      result.emplace_back(variable);
  }
  result.push_back(std::string(no_replace) + '1');
  return result;
}

// Reads and writes until git has closed its output.
class conversation {
public:
  conversation(pipe_ends input, pipe_ends output, pipe_ends errors,
               const hook_git_call& call)
      : input_(std::move(input.writing)),
        output_(std::move(output.reading)),
        errors_(std::move(errors.reading)),
        call_(call) {
    ::fcntl(input_.get(), F_SETFL, O_NONBLOCK);
  }

  void run() {
    write_input();
    while (output_ || errors_) {
      std::array<pollfd, 3> fds{{{input_ ? input_.get() : -1, POLLOUT, 0},
                                 {output_ ? output_.get() : -1, POLLIN, 0},
                                 {errors_ ? errors_.get() : -1, POLLIN, 0}}};
      if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR)
        return;
      if (fds[0].revents != 0)
        write_input();
      if (fds[1].revents != 0)
        read_output();
      if (fds[2].revents != 0)
        read_errors();
    }
  }

  std::string take_why() {
    while (why_.ends_with('\n'))
      why_.pop_back();
    std::replace(why_.begin(), why_.end(), '\n', ' ');
    return protocol::escaped(why_);
  }

private:
  void write_input() {
    while (input_ && written_ < call_.input.size()) {
      const auto n = ::write(input_.get(), call_.input.data() + written_,
                             call_.input.size() - written_);
      if (n < 0 && errno == EAGAIN)
        return;
      if (n < 0 && errno != EINTR)
        break; // git reads no more; its exit code says why
      written_ += n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    input_.reset();
  }

  void read_output() {
    const auto n = ::read(output_.get(), buffer_.data(), buffer_.size());
    if (n < 0 && errno == EINTR)
      return;
    if (n <= 0) {
      output_.reset();
      return;
    }
    if (!call_.on_line)
      return;
    line_.append(buffer_.data(), static_cast<std::size_t>(n));
    std::size_t start = 0;
    for (std::size_t end = 0;
         (end = line_.find('\n', start)) != std::string::npos; start = end + 1)
      call_.on_line(std::string_view(line_).substr(start, end - start));
    line_.erase(0, start);
  }

  void read_errors() {
    const auto n = ::read(errors_.get(), buffer_.data(), buffer_.size());
    if (n < 0 && errno == EINTR)
      return;
    if (n <= 0)
      errors_.reset();
    else
      why_.append(buffer_.data(), std::min(static_cast<std::size_t>(n),
                                           why_max_bytes - why_.size()));
  }

  io::unique_fd input_;
  io::unique_fd output_;
  io::unique_fd errors_;
  const hook_git_call& call_;
  std::size_t written_ = 0;
  std::string line_; // the unfinished one
  std::string why_;
  std::array<char, 16 * 1024> buffer_{};
};

} // namespace

hook_git_result run_hook_git(const hook_git_call& call) {
  const auto program = io::find_program("git");
  if (program.empty())
    return {-1, "git is not on PATH"};
  auto input = make_pipe();
  auto output = make_pipe();
  auto errors = make_pipe();
  if (!input.reading || !output.reading || !errors.reading)
    return {-1, "no pipe to git: " + protocol::error_text(errno)};
  std::vector<std::string> argv{"git", "-c", "core.hooksPath=/dev/null"};
  argv.insert(argv.end(), call.argv.begin(), call.argv.end());
  const auto child = io::spawn(
      {program, std::move(argv), variables_for(call.objects),
       input.reading.get(), output.writing.get(), errors.writing.get()});
  if (child.error != 0)
    return {-1, "git cannot be started: " + protocol::error_text(child.error)};
  input.reading.reset();
  output.writing.reset();
  errors.writing.reset();
  conversation talk(std::move(input), std::move(output), std::move(errors),
                    call);
  talk.run();
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
    continue;
  if (WIFEXITED(status))
    return {WEXITSTATUS(status), talk.take_why()};
  return {-1, "git was killed by signal " + std::to_string(WTERMSIG(status))};
}

} // namespace clearance::services
