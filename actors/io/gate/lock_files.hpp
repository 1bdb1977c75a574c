/// Git's lock files that lie in a repository before a gate starts its first
/// git. A git that was killed has left them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace clearance::io {

/// How many files of a repository are looked at.
inline constexpr std::size_t lock_search_max_files = 100'000;

/// Looks at the files beside HEAD and below refs/. Takes as lock files those
/// that belong to our user and are not younger than this object: a gate that
/// serves already has locks of its own.
class lock_search {
public:
  explicit lock_search(std::filesystem::path repository);

  /// Looks at up to `files` more. False: there is nothing more to look at.
  bool look(std::size_t files);

  /// The lock files that were found, in no order.
  const std::vector<std::string>& found() const noexcept { return found_; }

  /// Logs one warning that names the first lock file and the cure, if there is
  /// one.
  void report() const;

private:
  template <class Iterator>
  bool look_at(Iterator& at, std::size_t& files);

  std::filesystem::path repository_;
  std::filesystem::file_time_type begun_;
  std::filesystem::directory_iterator top_;
  std::filesystem::recursive_directory_iterator refs_;
  std::size_t searched_ = 0;
  std::vector<std::string> found_;
};

/// Looks at all of it and reports. Waits for the disk.
void warn_of_locks(const std::string& repository);

} // namespace clearance::io
