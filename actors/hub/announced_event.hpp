/// An event on its way to all subscribers: encoded once, shared, immutable.
#pragma once

#include "protocol/hub/authorisation.hpp"
#include "protocol/hub/event.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace clearance::actors {

/// Holds the encoded event, and the texts that the registry needs, in one
/// buffer.
class announced_event final : public protocol::undelivered_event {
public:
  explicit announced_event(const protocol::event& x);
  /// No text of `x` may need an escape in JSON.
  explicit announced_event(const protocol::event_view& x);
  ~announced_event() override;
  announced_event(const announced_event&) = delete;
  announced_event& operator=(const announced_event&) = delete;

  protocol::event_type type() const noexcept { return type_; }
  std::string_view container() const noexcept { return piece(0, container_); }
  std::string_view request_id() const noexcept {
    return piece(container_, request_id_);
  }
  /// What a verdict on this event must name.
  std::string_view target() const noexcept {
    return piece(request_id_, target_);
  }
  /// Of a block: the address, and the name that it was looked up by; may be
  /// empty.
  std::string_view dest() const noexcept {
    return has_domain_ ? piece(target_, dest_) : target();
  }
  std::string_view domain() const noexcept {
    return has_domain_ ? target() : std::string_view{};
  }
  std::int64_t port() const noexcept { return port_; }
  std::int64_t proto() const noexcept { return proto_; }
  /// The encoded event: one varlink reply, NUL included.
  std::string_view wire() const noexcept { return piece(dest_, size_); }

  std::size_t bytes() const noexcept override { return size_; }
  bool handed() const noexcept override {
    return handed_.load(std::memory_order_relaxed);
  }

  /// A client got the whole event.
  void hand() const noexcept { handed_.store(true, std::memory_order_relaxed); }

private:
  template <class Text>
  void take_buffer(const protocol::basic_event<Text>& x,
                   std::size_t encoded_bytes);

  std::string_view piece(std::uint32_t from, std::uint32_t to) const noexcept {
    return {buffer_ + from, to - from};
  }

  protocol::event_type type_;
  bool has_domain_;
  mutable std::atomic<bool> handed_ = false;
  // buffer_ holds container, request_id, target, dest if the target is another
  // text, and the encoded event. These are the ends of the first four.
  std::uint32_t container_ = 0;
  std::uint32_t request_id_ = 0;
  std::uint32_t target_ = 0;
  std::uint32_t dest_ = 0;
  std::int64_t port_;
  std::int64_t proto_;
  std::uint32_t size_ = 0;
  char* buffer_ = nullptr; // of take_block()
};

using event_ptr = std::shared_ptr<const announced_event>;

/// Throws std::bad_alloc.
event_ptr make_event(const protocol::event& x);
/// No text of `x` may need an escape in JSON. Throws std::bad_alloc.
event_ptr make_event(const protocol::event_view& x);

} // namespace clearance::actors
