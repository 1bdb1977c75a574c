#include "services/guard/state_store.hpp"

#include "actors/io/base/small_file.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/text/text.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/say.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"
#include "services/process/setup_fault.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

constexpr std::string_view suffix = ".state";

[[noreturn]] void fail_with_errno(const std::string& what) {
  throw setup_fault(exit_failed, what + ": " + error_text(errno));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

} // namespace

std::variant<protocol::guard_state, std::string>
read_state_file(const std::string& path) {
  auto file = io::open_regular(AT_FDCWD, path, O_NOFOLLOW);
  if (const auto* fault = std::get_if<io::file_fault>(&file))
    return fault->why;
  auto& opened = std::get<io::regular_file>(file);
  if (opened.info.st_uid != ::getuid() || (opened.info.st_mode & 077) != 0)
    return "belongs to another user, or others can access it";
  auto text =
      io::read_up_to(opened.fd.get(), protocol::guard_limits::state_max_bytes);
  if (const auto* fault = std::get_if<io::file_fault>(&text))
    return fault->why;
  return protocol::parse_state(std::get<std::string>(text));
}

std::string state_path(const std::string& container) {
  return state_directory() + '/' + container + std::string{suffix};
}

// Found once: in the user namespace of a container this user has another
// number.
std::string state_directory() {
  static const auto path = runtime_directory() + "/terok-guard";
  return path;
}

state_store::state_store(const std::string& directory) : directory_(directory) {
  if (auto why = io::make_private_directory(directory_); !why.empty()) {
    // With sudo nobody has made it.
    if (std::error_code error;
        !std::filesystem::exists(runtime_directory(), error))
      why += "; name a directory of yours in XDG_RUNTIME_DIR";
    throw setup_fault(exit_failed, why);
  }
  const auto path = directory_ + "/lock";
  lock_.reset(::open(path.c_str(),
                     O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
                     0600));
  if (!lock_)
    fail_with_errno("cannot open " + protocol::escaped(path));
  while (::flock(lock_.get(), LOCK_EX) != 0)
    if (errno != EINTR)
      fail_with_errno("cannot lock " + protocol::escaped(path));
}

std::vector<protocol::guard_state> state_store::all() const {
  std::vector<protocol::guard_state> result;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory_, error)) {
    const auto path = entry.path().string();
    if (!path.ends_with(suffix))
      continue;
    auto state = read_state_file(path);
    if (auto* x = std::get_if<protocol::guard_state>(&state))
      result.push_back(std::move(*x));
    else
      say("the state file " + protocol::escaped(path) + " is ignored: it "
          + std::get<std::string>(state));
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return a.container < b.container;
  });
  return result;
}

std::variant<protocol::guard_state, std::string>
state_store::find(const std::string& word) const {
  const auto shown = protocol::escaped(word);
  std::optional<protocol::guard_state> found;
  bool is_ambiguous = false;
  for (auto& x : all()) {
    if (!protocol::is_called(x, word))
      continue;
    // A whole id names one container, also if others begin with it.
    if (x.container == word)
      return std::move(x);
    is_ambiguous = is_ambiguous || found.has_value();
    found = std::move(x);
  }
  if (is_ambiguous)
    return "several guarded containers are called " + shown
           + ": use the whole id";
  if (!found)
    return "no guarded container is called " + shown
           + " (terok-guard list shows all)";
  return std::move(*found);
}

void state_store::save(const protocol::guard_state& x) const {
  const auto path = directory_ + '/' + x.container + std::string{suffix};
  const auto draft = path + ".new";
  io::unique_fd fd{::open(draft.c_str(),
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                          0600)};
  if (!fd || !write_all(fd.get(), protocol::state_text(x))
      || ::rename(draft.c_str(), path.c_str()) != 0)
    fail_with_errno("cannot write " + protocol::escaped(path));
}

void state_store::remove(const protocol::guard_state& x) const {
  const auto path = directory_ + '/' + x.container + std::string{suffix};
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    say("cannot remove " + protocol::escaped(path) + ": " + error_text(errno));
}

} // namespace clearance::services
