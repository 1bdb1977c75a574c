/// Which events belong to the one container that a hub serves.
#pragma once

#include "protocol/hub/event.hpp"

#include <string>
#include <string_view>

namespace clearance::protocol {

/// The container of a hub that serves one. Readers and the shield name it in
/// several ways; events carry one. Source: supervisor.md, section 2.
class own_container {
public:
  /// `id` is the container's id, or what stands for it. `name` is the
  /// container's name; empty: not known.
  ///
  /// If `id` is an id (see is_container_id()), a line is ours when it names the
  /// id, its first 12 characters, a beginning of at least 12, or `name`. A line
  /// that is no block is also ours when it names any text that is no id. Such a
  /// line's container becomes the first 12 characters of the id.
  ///
  /// If `id` is no id, a line is ours when it names exactly `id`, or `name`. If
  /// `name` is not empty, a line that is no block is also ours when it names
  /// any text that is no id. The container becomes `id`.
  explicit own_container(std::string id, std::string name = {});

  /// Whether `x` is ours. If so, its container is set to label().
  bool claim(event& x) const;
  bool claim(event_view& x) const;

  /// Whether label() needs no escape in a JSON string.
  bool has_plain_label() const noexcept { return has_plain_label_; }

  /// How events name the container.
  const std::string& label() const noexcept { return label_; }

private:
  bool names_us(std::string_view named, event_type what) const noexcept;

  std::string id_;
  std::string name_;
  std::string label_;
  bool is_id_;
  bool has_plain_label_ = false;
};

} // namespace clearance::protocol
