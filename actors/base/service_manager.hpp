/// Whoever started the process as a service, and looks after it.
#pragma once

#include <string>

namespace clearance::actors {

/// Implemented by services. Methods do not wait. False: it did not take the
/// news just now, which may be told again later.
class service_manager {
public:
  virtual ~service_manager() = default;

  /// Everything is served, or new settings hold. `status` as below.
  virtual bool ready(const std::string& status) = 0;

  /// What the service does, for people, in one line.
  virtual bool status(const std::string& status) = 0;

  /// The thread that actors are hosted on goes on.
  virtual bool alive() = 0;
};

} // namespace clearance::actors
