/// Controls fake_shield_program.cpp, which stands for the outside program
/// terok-shield: it records its calls and behaves as the test says.
#pragma once

#include "test/support/files/temp_dir.hpp"
#include "test/support/files/unique_fd.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace clearance::test {

/// One run, as the program itself reported it.
struct shield_run {
  pid_t pid = 0;
  pid_t process_group = 0;
  std::size_t soft_descriptor_limit = 0;
  std::size_t descriptors = 0;
  std::string stdin_target;
  std::string stdout_target;
  std::vector<std::string> arguments;
};

/// Owns the fifos. All processes that the program left behind end with it.
class fake_shield {
public:
  /// Sets how it behaves from the next run on. The program lists the words.
  /// `can`: what it says that it can do, a word a line; nothing: it does not
  /// know the question.
  explicit fake_shield(std::string_view words = "exit 0",
                       std::string_view stderr_bytes = {},
                       std::string_view can = {});

  /// The path to give to the hub as its shield.
  std::filesystem::path program() const { return dir_ / "terok-shield"; }

  /// Puts the program into another directory, under its own name.
  void install(const std::filesystem::path& directory) const;

  void behave(std::string_view words, std::string_view stderr_bytes = {});

  /// The same for runs with this destination only, which have their own fifo.
  void behave_for(const std::string& dest, std::string_view words,
                  std::string_view stderr_bytes = {});

  /// Waits for the next run to start.
  shield_run next_run();

  /// Runs that have started and that next_run() has not returned.
  std::size_t waiting_runs();

  /// Lets one run that waits go on.
  void release();
  void release_for(const std::string& dest);

  /// Waits until all runs and all processes that they left behind have ended.
  /// At least one run must have started.
  void await_all_gone() const;

private:
  void read_calls();
  unique_fd make_fifo(const std::string& name, int flags) const;
  void write_behaviour(const std::string& name, std::string_view words,
                       std::string_view stderr_bytes) const;

  temp_dir dir_;
  unique_fd calls_;
  unique_fd alive_;
  unique_fd leash_;
  unique_fd release_;
  std::map<std::string, unique_fd> releases_;
  std::string unread_;
};

} // namespace clearance::test
