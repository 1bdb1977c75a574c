/// The service manager: the program that started this process as a service,
/// such as systemd.
#pragma once

#include <string>

namespace clearance::actors {

/// Implemented by services. The methods do not wait. They return false if the
/// manager did not take the message now; then send it again later.
class service_manager {
public:
  virtual ~service_manager() = default;

  /// The service serves all its sockets, or uses its new settings. `status`:
  /// see below.
  virtual bool ready(const std::string& status) = 0;

  /// One line for people that says what the service does.
  virtual bool status(const std::string& status) = 0;

  /// The I/O thread works.
  virtual bool alive() = 0;
};

} // namespace clearance::actors
