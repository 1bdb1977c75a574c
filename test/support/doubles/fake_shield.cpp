#include "test/support/doubles/fake_shield.hpp"

#include "test/support/deadline.hpp"
#include "test/support/files/test_paths.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace clearance::test {

namespace fs = std::filesystem;
using namespace std::string_literals;

namespace {

void write_byte(const unique_fd& fd) {
  if (::write(fd.get(), "x", 1) != 1)
    fail_with_errno("write to a fifo");
}

} // namespace

fake_shield::fake_shield(std::string_view words, std::string_view stderr_bytes,
                         std::string_view can) {
  if (!can.empty())
    write_file(dir_ / "capabilities", std::string(can));
  // O_RDWR: no open waits for the other side, and no read sees an end of file.
  calls_ = make_fifo("calls", O_RDWR | O_NONBLOCK);
  leash_ = make_fifo("leash", O_RDWR);
  release_ = make_fifo("release", O_RDWR);
  alive_ = make_fifo("alive", O_RDONLY | O_NONBLOCK);
  behave(words, stderr_bytes);
  install(dir_.path());
}

void fake_shield::install(const fs::path& directory) const {
  const auto path = directory / "terok-shield";
  write_file(path, "#!/bin/sh\n# stand-in for the outside program\nexec "s
                       + fake_shield_program() + " " + dir_.path().string()
                       + " \"$@\"\n");
  fs::permissions(path, fs::perms::owner_all);
}

unique_fd fake_shield::make_fifo(const std::string& name, int flags) const {
  const auto path = dir_ / name;
  if (::mkfifo(path.c_str(), 0600) != 0)
    fail_with_errno("mkfifo " + path.string());
  unique_fd fd{::open(path.c_str(), flags | O_CLOEXEC)};
  if (!fd)
    fail_with_errno("open " + path.string());
  return fd;
}

void fake_shield::write_behaviour(const std::string& name,
                                  std::string_view words,
                                  std::string_view stderr_bytes) const {
  // Written beside and renamed: a run that starts now reads all of one of both.
  write_file(dir_ / "next",
             std::string(words) + "\n" + std::string(stderr_bytes));
  fs::rename(dir_ / "next", dir_ / name);
}

void fake_shield::behave(std::string_view words,
                         std::string_view stderr_bytes) {
  write_behaviour("behaviour", words, stderr_bytes);
}

void fake_shield::behave_for(const std::string& dest, std::string_view words,
                             std::string_view stderr_bytes) {
  if (!releases_.contains(dest))
    releases_.emplace(dest, make_fifo("release." + dest, O_RDWR));
  write_behaviour("behaviour." + dest, words, stderr_bytes);
}

void fake_shield::read_calls() {
  char chunk[4096];
  for (;;) {
    const auto n = ::read(calls_.get(), chunk, sizeof(chunk));
    if (n <= 0)
      return;
    unread_.append(chunk, static_cast<std::size_t>(n));
  }
}

std::size_t fake_shield::waiting_runs() {
  read_calls();
  return static_cast<std::size_t>(std::ranges::count(unread_, '\x1e'));
}

shield_run fake_shield::next_run() {
  const deadline guard;
  while (waiting_runs() == 0)
    guard.await(calls_.get(), POLLIN, "a run of the shield");
  const auto end = unread_.find('\x1e');
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < end; ++i) {
    if (unread_[i] == '\x1f')
      fields.emplace_back();
    else
      fields.back() += unread_[i];
  }
  unread_.erase(0, end + 1);
  shield_run run;
  run.pid = std::stoi(fields.at(0));
  run.process_group = std::stoi(fields.at(1));
  run.soft_descriptor_limit = std::stoul(fields.at(2));
  run.descriptors = std::stoul(fields.at(3));
  run.stdin_target = fields.at(4);
  run.stdout_target = fields.at(5);
  run.arguments.assign(fields.begin() + 6, fields.end());
  return run;
}

void fake_shield::release() {
  write_byte(release_);
}

void fake_shield::release_for(const std::string& dest) {
  write_byte(releases_.at(dest));
}

void fake_shield::await_all_gone() const {
  deadline{}.await(alive_.get(), POLLIN, "the end of every run");
}

} // namespace clearance::test
