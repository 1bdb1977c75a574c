/// The ssh that connects to another machine.
#pragma once

#include "services/client/descriptor.hpp"

#include <string>
#include <sys/types.h>

namespace clearance::services {

/// `ssh -- HOST terok-clearance relay --stdio`, in a session of its own: it has
/// no terminal to ask for a password on, because the terminal shows prompts.
/// The destructor ends it.
class host_process {
public:
  /// TEROK_CLEARANCE_SSH names another program than ssh. A failure is in
  /// failure().
  explicit host_process(const std::string& host);
  host_process(const host_process&) = delete;
  host_process& operator=(const host_process&) = delete;
  ~host_process();

  /// Why it was not started, printable; empty: it runs.
  const std::string& failure() const noexcept { return failure_; }

  /// stdin and stdout of the program; does not block.
  int fd() const noexcept { return stream_.get(); }
  /// What it writes to stderr; does not block.
  int error_fd() const noexcept { return errors_.get(); }

  /// Reads what there is on stderr. False: nobody writes there any more.
  bool read_errors();
  /// The last line of it, printable; may be empty.
  std::string last_error() const;

private:
  std::string failure_;
  descriptor stream_;
  descriptor errors_;
  std::string error_text_;
  pid_t pid_ = -1;
};

} // namespace clearance::services
