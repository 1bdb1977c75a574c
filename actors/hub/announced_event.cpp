#include "actors/hub/announced_event.hpp"

#include "actors/base/block_cache.hpp"

#include <string>

namespace clearance::actors {

// Takes a buffer and fills it as far as the encoded event.
template <class Text>
void announced_event::take_buffer(const protocol::basic_event<Text>& x,
                                  std::size_t encoded_bytes) {
  const std::string_view dest = has_domain_ ? x.dest : std::string_view{};
  size_ = static_cast<std::uint32_t>(x.container.size() + x.request_id.size()
                                     + x.target().size() + dest.size()
                                     + encoded_bytes);
  buffer_ = static_cast<char*>(take_block(size_));
  std::uint32_t at = 0;
  auto put = [&](std::string_view text) {
    at += static_cast<std::uint32_t>(text.copy(buffer_ + at, text.size()));
    return at;
  };
  container_ = put(x.container);
  request_id_ = put(x.request_id);
  target_ = put(x.target());
  dest_ = put(dest);
}

announced_event::announced_event(const protocol::event_view& x)
    : type_(x.type),
      has_domain_(!x.domain.empty()),
      port_(x.port),
      proto_(x.proto) {
  take_buffer(x, encoded_size(x));
  encode_unescaped(x, buffer_ + dest_);
}

announced_event::announced_event(const protocol::event& x)
    : type_(x.type),
      has_domain_(!x.domain.empty()),
      port_(x.port),
      proto_(x.proto) {
  take_buffer(x, encoded_size(x));
  if (encode_plain(x, buffer_ + dest_))
    return;
  give_block_back(buffer_, size_);
  std::string encoded;
  encode(x, encoded);
  take_buffer(x, encoded.size());
  encoded.copy(buffer_ + dest_, encoded.size());
}

announced_event::~announced_event() {
  give_block_back(buffer_, size_);
}

event_ptr make_event(const protocol::event& x) {
  return std::allocate_shared<const announced_event>(
      block_allocator<announced_event>{}, x);
}

event_ptr make_event(const protocol::event_view& x) {
  return std::allocate_shared<const announced_event>(
      block_allocator<announced_event>{}, x);
}

} // namespace clearance::actors
