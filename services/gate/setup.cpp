#include "services/gate/setup.hpp"

#include "actors/base/log.hpp"
#include "actors/io/base/small_file.hpp"
#include "actors/io/process/find_program.hpp"
#include "actors/io/process/spawn.hpp"
#include "protocol/gate/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/secret.hpp"
#include "protocol/text/text.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/log.hpp"
#include "services/process/paths.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace gate_limits = protocol::gate_limits;

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw setup_fault(exit_failed, what);
}

// A file of one line, as editors and `echo` write it.
std::string_view first_line(std::string_view text) {
  if (text.ends_with('\n'))
    text.remove_suffix(1);
  if (text.ends_with('\r'))
    text.remove_suffix(1);
  return text;
}

// No client can send such a token as the user name of Basic authentication.
protocol::grant grant_of(std::string_view token, const std::string& scope,
                         const std::string& source) {
  if (token.empty())
    fail("the token in " + source + " is empty");
  if (token.find_last_not_of(" \t\r\n") + 1 < token.size())
    fail("the token in " + source
         + " has white space or empty lines behind it; it is one line: printf "
           "'%s\\n' TOKEN > FILE");
  if (token.size() > gate_limits::token_max_bytes)
    fail("the token in " + source + " is longer than "
         + std::to_string(gate_limits::token_max_bytes) + " bytes");
  for (const char c : token)
    if (static_cast<unsigned char>(c) < 0x21 || c == 0x7f || c == ':')
      fail("the token in " + source
           + " has a colon, white space or a control character in it");
  return {protocol::sha256(token), scope, true};
}

// A user who can read the token can push.
void warn_of_readers(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)
      || (about.st_mode & 0044) == 0)
    return;
  log(actors::severity::warning, "gate",
      "other users can read the token file, and whoever has the token can "
      "push; "
      "run chmod 600 on the file",
      {{"file", protocol::escaped(path)}});
}

protocol::grant grant_in_file(const std::string& path,
                              const std::string& scope) {
  warn_of_readers(path);
  auto text =
      read_small_file(path, "token file", gate_limits::token_max_bytes + 2);
  auto result = grant_of(first_line(text), scope, protocol::escaped(path));
  protocol::wipe(text);
  return result;
}

// What `argv` writes to stdout. Throws the reason when it cannot run or fails.
std::string output_of(const std::string& program,
                      std::vector<std::string> argv) {
  const auto cannot_run = [&](int error) {
    return std::runtime_error(protocol::escaped(program) + " cannot be run: "
                              + protocol::error_text(error));
  };
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw cannot_run(errno);
  io::unique_fd reading(ends[0]);
  io::unique_fd writing(ends[1]);
  io::unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null)
    throw cannot_run(errno);
  std::vector<std::string> variables;
  for (auto name : {"PATH", "HOME"})
    if (auto value = environment(name))
      variables.push_back(name + ("=" + *value));
  const auto child = io::spawn({program, std::move(argv), variables, null.get(),
                                writing.get(), null.get()});
  if (child.error != 0)
    throw cannot_run(child.error);
  writing.reset();
  std::string result;
  std::array<char, 4096> buffer;
  ssize_t n = 0;
  while ((n = ::read(reading.get(), buffer.data(), buffer.size())) > 0)
    result.append(buffer.data(), static_cast<std::size_t>(n));
  int status = 0;
  ::waitpid(child.pid, &status, 0);
  if (status != 0)
    throw std::runtime_error(protocol::escaped(program)
                             + " --exec-path failed: mend git");
  return result;
}

} // namespace

std::optional<std::string> environment(const char* name) {
  // Read before any thread is started.
  const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr)
    return std::nullopt;
  return value;
}

std::string read_small_file(const std::string& path, const std::string& role,
                            std::size_t max_bytes) {
  io::unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  auto name = role + ' ' + protocol::escaped(path);
  if (!fd)
    fail("cannot read the " + name + ": " + protocol::error_text(errno));
  auto text = io::read_up_to(fd.get(), max_bytes);
  if (const auto* fault = std::get_if<io::file_fault>(&text))
    fail("cannot read the " + name + ": " + fault->why);
  auto& result = std::get<std::string>(text);
  if (result.size() > max_bytes)
    fail("the " + name + " is larger than " + std::to_string(max_bytes)
         + " bytes");
  return std::move(result);
}

protocol::grant token_grant(const std::string& file, const std::string& scope) {
  if (!file.empty())
    return grant_in_file(file, scope);
  constexpr auto* variable = "TEROK_GATE_TOKEN";
  if (char* value = std::getenv(variable)) { // NOLINT(concurrency-mt-unsafe)
    auto result = grant_of(value, scope, variable);
    protocol::wipe({value, std::strlen(value)});
    ::unsetenv(variable); // NOLINT(concurrency-mt-unsafe)
    return result;
  }
  if (auto directory = environment("CREDENTIALS_DIRECTORY"))
    return grant_in_file(*directory + "/terok-gate.token", scope);
  throw setup_fault(exit_usage,
                    "no token: give --token-file, TEROK_GATE_TOKEN in the "
                    "environment, or a credential terok-gate.token");
}

std::vector<protocol::grant> read_grants(const std::string& file) {
  auto parsed = protocol::parse_grants(
      read_small_file(file, "grants file", gate_limits::grants_file_max_bytes));
  if (auto* error = std::get_if<protocol::grants_error>(&parsed))
    fail("the grants file " + protocol::escaped(file) + ": " + error->why);
  return std::get<std::vector<protocol::grant>>(std::move(parsed));
}

std::string existing_directory(const std::string& path,
                               const std::string& role) {
  std::error_code error;
  auto result = std::filesystem::canonical(path, error);
  if (error)
    fail(role + ' ' + protocol::escaped(path) + ": " + error.message());
  if (!std::filesystem::is_directory(result, error))
    fail(role + ' ' + protocol::escaped(path) + " is not a directory");
  return result.string();
}

found_git find_git_http_backend() try {
  auto directory = environment("GIT_EXEC_PATH").value_or("");
  if (directory.empty()) {
    const auto git = io::find_program("git");
    if (git.empty())
      return {{}, "git was not found. Install git"};
    directory = output_of(git, {"git", "--exec-path"});
    directory = first_line(directory);
  }
  const auto path = directory + "/git-http-backend";
  auto program = io::find_program(path);
  if (program.empty())
    return {{}, protocol::escaped(path) + " was not found. Install git"};
  return {std::move(program), {}};
} catch (const std::runtime_error& why) {
  return {{}, why.what()};
}

actors::backend_config backend_from_environment() {
  actors::backend_config result;
  const auto git = find_git_http_backend();
  if (git.program.empty())
    log(actors::severity::warning, "gate",
        "every request that needs git will get 500 until the gate is started "
        "again",
        {{"why", git.why}});
  result.program = git.program;
  result.cgi.path = environment("PATH");
  result.cgi.git_exec_path = environment("GIT_EXEC_PATH");
  return result;
}

private_directory::private_directory(directory_use use) {
  const bool home = use == directory_use::home;
  for (const auto& parent :
       {runtime_directory(), std::filesystem::temp_directory_path().string()}) {
    auto path =
        parent + (home ? "/terok-gate-home.XXXXXX" : "/terok-gate-tmp.XXXXXX");
    if (::mkdtemp(path.data()) != nullptr) {
      ::chmod(path.c_str(), home ? 0500 : 0700);
      path_ = path;
      return;
    }
  }
  fail(std::string("cannot make a directory for ")
       + (home ? "git's home: " : "temporary files: ")
       + protocol::error_text(errno));
}

// The sandbox allows to remove an empty directory beside this one, and
// everything below a directory for temporary files. remove_all() of the
// directory itself would first try to unlink it, which is not allowed.
private_directory::~private_directory() {
  std::error_code ignored;
  for (std::filesystem::directory_iterator i(path_, ignored), end;
       !ignored && i != end; i.increment(ignored)) {
    std::error_code also_ignored;
    std::filesystem::remove_all(i->path(), also_ignored);
  }
  ::rmdir(path_.c_str());
}

} // namespace clearance::services
