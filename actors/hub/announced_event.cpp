#include "actors/hub/announced_event.hpp"

namespace clearance::actors {

announced_event::announced_event(const protocol::event& x)
    : type_(x.type),
      has_domain_(!x.domain.empty()),
      port_(x.port),
      proto_(x.proto) {
  buffer_.reserve(x.container.size() + x.request_id.size() + x.domain.size()
                  + x.dest.size() + encoded_size(x));
  auto mark = [this] { return static_cast<std::uint32_t>(buffer_.size()); };
  buffer_ = x.container;
  container_ = mark();
  buffer_ += x.request_id;
  request_id_ = mark();
  buffer_ += x.target();
  target_ = mark();
  if (has_domain_)
    buffer_ += x.dest;
  dest_ = mark();
  encode(x, buffer_);
}

} // namespace clearance::actors
