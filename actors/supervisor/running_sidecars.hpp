/// Of all sidecars in a directory, those whose container is running.
#pragma once

#include "actors/supervisor/container.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace clearance::actors {

/// Stands between the directory of sidecars and the supervisor. A file is
/// reported to the supervisor while its container is running, with the
/// container's id. It is found by its id, or where the file has none by its
/// name. When the container ends, the file is reported as gone.
///
/// Nothing is reported before the first list of containers. If the list cannot
/// be read later, the last one counts.
class running_sidecars {
public:
  static inline const char* name = "running_sidecars";
  using interface = running_sidecars_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<running_sidecars>;

  running_sidecars(self_type* self, std::unique_ptr<sidecar_source> files,
                   std::unique_ptr<container_lister> containers,
                   sidecar_watcher owner);

  interface::behavior_type make_behavior();

private:
  struct file {
    sidecar_ptr value;
    protocol::sha256_digest digest{};
    /// The digest with which the file was reported; empty: it was not.
    std::optional<protocol::sha256_digest> told;
  };

  void on_seen(const sidecar_seen& x);
  void on_bad(const sidecar_bad& x);
  void on_gone(const sidecar_gone& x);
  void on_read();
  void on_lost(const sidecars_lost& x);
  void on_listed(const containers_listed& x);
  void on_unlisted(const containers_unlisted& x);

  std::string container_of(const protocol::sidecar& x) const;
  void settle(const std::string& file_name, file& x);
  void tell_read();

  self_type* self_;
  std::unique_ptr<sidecar_source> files_source_;
  std::unique_ptr<container_lister> lister_;
  sidecar_watcher owner_;
  std::map<std::string, file> files_;
  /// Empty until the first list.
  std::optional<std::vector<protocol::listed_container>> running_;
  bool read_ = false; ///< all files of the start are known
};

/// The source of sidecars that a supervisor is given: `files`, but only those
/// whose container `containers` names as running.
std::unique_ptr<sidecar_source>
only_running(io_host& io, std::unique_ptr<sidecar_source> files,
             std::unique_ptr<container_lister> containers);

} // namespace clearance::actors
