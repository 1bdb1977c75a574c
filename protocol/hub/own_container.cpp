#include "protocol/hub/own_container.hpp"

#include "protocol/base/container_id.hpp"
#include "protocol/text/text.hpp"

#include <utility>

namespace clearance::protocol {

own_container::own_container(std::string id, std::string name)
    : id_(std::move(id)),
      name_(std::move(name)),
      label_(id_),
      is_id_(is_container_id(id_)) {
  if (is_id_)
    label_.resize(short_container_id_digits);
  has_plain_label_ = is_plain_json(label_);
}

// A line that is no block tells what happened to "the container": whoever
// writes it to a socket that belongs to one container means that container.
// A block decides which container's firewall a verdict changes, so its name
// must be right.
bool own_container::names_us(std::string_view named,
                             event_type what) const noexcept {
  if (named == id_ || (!name_.empty() && named == name_))
    return true;
  if (is_container_id(named))
    // one of the two may be the beginning of the other
    return is_id_ && (id_.starts_with(named) || named.starts_with(id_));
  return what != event_type::connection_blocked && (is_id_ || !name_.empty());
}

bool own_container::claim(event& x) const {
  if (!names_us(x.container, x.type))
    return false;
  x.container = label_;
  return true;
}

bool own_container::claim(event_view& x) const {
  if (!names_us(x.container, x.type))
    return false;
  x.container = label_;
  return true;
}

} // namespace clearance::protocol
