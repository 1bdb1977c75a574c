#include "actors/hub/announced_event.hpp"

#include "actors/base/block_cache.hpp"

#include <string>

namespace clearance::actors {

namespace {

std::uint32_t number(std::size_t x) noexcept {
  return static_cast<std::uint32_t>(x);
}

} // namespace

announced_event::announced_event(const protocol::event_view& x)
    : size_(number(encoded_size(x))),
      port_(x.port),
      proto_(x.proto),
      type_(x.type) {
  buffer_ = static_cast<char*>(take_block(size_));
  const auto at = encode_unescaped(x, buffer_);
  container_ = {number(at.container), number(x.container.size())};
  request_id_ = {number(at.request_id), number(x.request_id.size())};
  dest_ = {number(at.dest), number(x.dest.size())};
  domain_ = {number(at.domain), number(x.domain.size())};
}

announced_event::announced_event(const protocol::event& x)
    : port_(x.port), proto_(x.proto), type_(x.type) {
  take_buffer(x, encoded_size(x));
  if (encode_plain(x, buffer_ + wire_))
    return;
  give_block_back(buffer_, size_);
  std::string encoded;
  encode(x, encoded);
  take_buffer(x, encoded.size());
  encoded.copy(buffer_ + wire_, encoded.size());
}

// Takes a buffer and fills it as far as the encoded event.
void announced_event::take_buffer(const protocol::event& x,
                                  std::size_t encoded_bytes) {
  wire_ = number(x.container.size() + x.request_id.size() + x.dest.size()
                 + x.domain.size());
  size_ = number(wire_ + encoded_bytes);
  buffer_ = static_cast<char*>(take_block(size_));
  std::uint32_t at = 0;
  const auto put = [&](std::string_view text) {
    const piece result{at, number(text.copy(buffer_ + at, text.size()))};
    at += result.size;
    return result;
  };
  container_ = put(x.container);
  request_id_ = put(x.request_id);
  dest_ = put(x.dest);
  domain_ = put(x.domain);
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
