#include "services/operator/audit_reader.hpp"

#include "actors/io/base/small_file.hpp"
#include "actors/io/base/unique_fd.hpp"
#include "protocol/operator/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"
#include "services/operator/audit_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <sys/file.h>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

constexpr std::string_view trail_ending = ".jsonl";

// The trails of a directory, by the names of their files.
std::set<std::string> trails_in(const std::string& directory) {
  std::set<std::string> result;
  std::error_code error;
  std::filesystem::directory_iterator each{directory, error};
  if (error)
    throw audit_fault("the directory " + protocol::escaped(directory)
                      + " cannot be read: " + error.message());
  for (const auto& entry : each) {
    const auto name = entry.path().filename().string();
    if (const auto at = name.find(trail_ending); at != name.npos)
      result.insert(directory + "/" + name.substr(0, at + trail_ending.size()));
  }
  return result;
}

// No file of the trail could be opened. That it does not exist is no fault
// here.
void check_readable(const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0 || errno == ENOENT)
    return;
  const auto why = protocol::error_text(errno);
  throw audit_fault("the audit trail " + protocol::escaped(path)
                    + " cannot be read: " + why);
}

} // namespace

bool matches(const audit_filter& filter, const protocol::audit_line& x) {
  const auto is_by = [&] {
    return filter.by == x.by_kind || filter.by == x.by_name
           || filter.by == x.by_command
           || (x.by_uid && filter.by == std::to_string(*x.by_uid));
  };
  return x.time >= filter.since && x.time < filter.until
         && (filter.container.empty() || filter.container == x.container)
         && (filter.target.empty() || filter.target == x.target)
         && (filter.by.empty() || is_by());
}

std::vector<audit_trail_files>
find_audit_trails(const std::vector<std::string>& paths) {
  std::vector<audit_trail_files> result;
  for (const auto& path : paths) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
      for (const auto& each : trails_in(path))
        if (auto files = audit_files_of(each); !files.empty())
          result.push_back({each, std::move(files)});
        else
          check_readable(each);
      continue;
    }
    auto files = audit_files_of(path);
    if (files.empty()) {
      check_readable(path);
      throw audit_fault("there is no audit trail at "
                        + protocol::escaped(path));
    }
    result.push_back({path, std::move(files)});
  }
  return result;
}

void read_audit_file(
    const std::string& file,
    const std::function<void(const audit_place_in_file&)>& take) {
  auto opened = io::open_regular(AT_FDCWD, file);
  auto fail = [&](const std::string& why) {
    throw audit_fault("the file " + protocol::escaped(file)
                      + " cannot be read: " + why);
  };
  if (const auto* fault = std::get_if<io::file_fault>(&opened))
    fail(fault->why);
  const auto& fd = std::get<io::regular_file>(opened).fd;
  std::string buffer;
  audit_place_in_file line;
  for (bool is_at_end = false; !is_at_end;) {
    constexpr std::size_t step = 256 * 1024;
    const auto have = buffer.size();
    buffer.resize(have + step);
    const auto n = ::read(fd.get(), buffer.data() + have, step);
    if (n < 0 && errno != EINTR)
      fail(protocol::error_text(errno));
    buffer.resize(have + (n > 0 ? static_cast<std::size_t>(n) : 0));
    is_at_end = n == 0;
    std::size_t at = 0;
    for (auto end = buffer.find('\n', at); end != buffer.npos;
         end = buffer.find('\n', at)) {
      line.text = std::string_view{buffer}.substr(at, end - at);
      ++line.number;
      take(line);
      at = end + 1;
    }
    buffer.erase(0, at);
    if (buffer.size() > protocol::operator_limits::audit_line_max_bytes)
      is_at_end = true;
  }
  if (buffer.empty())
    return;
  line.text = buffer;
  ++line.number;
  line.is_whole = false;
  take(line);
}

bool is_being_written(const std::string& path) {
  const io::unique_fd lock{
      ::open((path + ".lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  return lock && ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0
         && errno == EWOULDBLOCK;
}

} // namespace clearance::services
