#include "services/guard/name_log.hpp"

#include "actors/io/base/small_file.hpp"
#include "protocol/guard/limits.hpp"

#include <algorithm>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

void name_log::add_new(protocol::name_labels& to) {
  if (path_.empty())
    return;
  const auto file = io::open_regular(AT_FDCWD, path_);
  const auto* opened = std::get_if<io::regular_file>(&file);
  if (opened == nullptr)
    return;
  const auto& info = opened->info;
  if (info.st_ino != inode_ || info.st_size < at_) {
    inode_ = info.st_ino;
    at_ = 0;
    lines_ = {};
  }
  constexpr off_t most = protocol::guard_limits::name_log_max_bytes;
  bool cut = false;
  if (info.st_size - at_ > most) {
    at_ = info.st_size - most;
    cut = true;
  }
  std::string text(static_cast<std::size_t>(info.st_size - at_), '\0');
  const auto n = ::pread(opened->fd.get(), text.data(), text.size(), at_);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  // A line that is being written is read the next time.
  std::string_view rest(text);
  rest = rest.substr(0, rest.rfind('\n') + 1);
  at_ += static_cast<off_t>(rest.size());
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    if (std::exchange(cut, false))
      continue; // it may lack its beginning
    if (const auto x = lines_.take(line))
      to.add(*x);
  }
}

} // namespace clearance::services
