/// The audit trail of a running hub: where its file is, and how it is opened
/// again.
#pragma once

#include "actors/hub/hub.hpp"
#include "services/operator/audit_setting.hpp"

#include <memory>
#include <string>

namespace clearance::services {

/// The directory of all audit trails of a user: terok-clearance/audit below the
/// state directory `xdg`, or below `home`/.local/state. Both may be null, as in
/// the environment; relative ones are ignored. Empty: there is none.
std::string audit_directory(const char* xdg, const char* home);

/// The same of this process.
std::string audit_directory();

/// What the file of a hub is called, without `.jsonl`. `container` is the only
/// one that the hub serves, any text; empty: it serves all.
///
/// Of an id: the first 12 digits. Of a name: the name, in which each byte that
/// is no letter, digit, `-` or `_` is written as `%` and two hexadecimal digits
/// (`my.web`: `my%2Eweb`). The name `hub` is `%68ub`. What is longer than 128
/// bytes then is cut after 32, and `=` and the SHA-256 of the name follow. So
/// two containers never share a file, and the result has 1 to 128 bytes without
/// a slash or a dot.
std::string audit_name(const std::string& container);

/// Opens the trail of a hub. Copies share their state. Use it in this order:
/// before the sandbox the constructor, in it the actors, and at the end stop().
class hub_audit {
public:
  /// No audit trail.
  hub_audit();

  /// Throws setup_fault with `code` if the setting names a file, or requires
  /// one, and it cannot be opened. If the default file cannot be opened a
  /// warning is logged, and there is no audit trail.
  hub_audit(const audit_setting& setting, const std::string& name,
            const std::string& boot, int code);

  /// The hub gets an audit trail, if there is one. The thread that writes it is
  /// started with the hub's actors. Set the hub's board before.
  void give_to(actors::hub_config& hub) const;

  /// The directory that has to stay open to this process; empty: none.
  const std::string& directory() const noexcept;

  /// Looks whether the file was renamed. For any thread. Returns whether there
  /// is an audit trail.
  bool reopen() const;

  /// Call it when the actors have ended: records that the hub stops, and waits
  /// for the disk.
  void stop() const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

/// The trails of the hubs of many containers in one process, a file each in one
/// directory. Copies share their state.
class container_audits {
public:
  /// `setting.file` names the directory; empty: the default.
  explicit container_audits(const audit_setting& setting);

  /// The hub of `container` gets an audit trail, if there are any. The file is
  /// opened later, on the thread that writes it; until then, and if it cannot
  /// be opened, its records wait.
  void give_to(actors::hub_config& hub, const std::string& container) const;

  /// See hub_audit.
  bool reopen() const;
  void stop() const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace clearance::services
