/// An event on its way to all subscribers: encoded once, shared, immutable.
#pragma once

#include "protocol/base/prefetch.hpp"
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
  std::string_view container() const noexcept { return text_of(container_); }
  std::string_view request_id() const noexcept { return text_of(request_id_); }
  /// What a verdict on this event must name.
  std::string_view target() const noexcept {
    return domain_.size > 0 ? domain() : dest();
  }
  /// Of a block: the address, and the name that it was looked up by; may be
  /// empty.
  std::string_view dest() const noexcept { return text_of(dest_); }
  std::string_view domain() const noexcept { return text_of(domain_); }
  std::int64_t port() const noexcept { return port_; }
  std::int64_t proto() const noexcept { return proto_; }
  /// The encoded event: one varlink reply, NUL included.
  std::string_view wire() const noexcept {
    return {buffer_ + wire_, size_ - wire_};
  }

  std::size_t bytes() const noexcept override { return size_; }
  bool handed() const noexcept override {
    return handed_.load(std::memory_order_relaxed);
  }

  /// Says that the texts of a block will be needed soon.
  void prefetch_texts() const noexcept {
    protocol::prefetch(container().data());
    protocol::prefetch(dest().data());
    protocol::prefetch(domain().data());
  }

  /// A client got the whole event.
  void hand() const noexcept { handed_.store(true, std::memory_order_relaxed); }

private:
  /// Where a text is in the buffer.
  struct piece {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };

  std::string_view text_of(piece x) const noexcept {
    return {buffer_ + x.begin, x.size};
  }
  void take_buffer(const protocol::event& x, std::size_t encoded_bytes);

  // The buffer ends with the encoded event. The texts are part of it if the
  // event was made of a view, because then none has an escape there; else they
  // stand before it.
  char* buffer_ = nullptr; // of take_block()
  std::uint32_t size_ = 0;
  std::uint32_t wire_ = 0;
  piece container_, request_id_, dest_, domain_;
  std::int64_t port_;
  std::int64_t proto_;
  protocol::event_type type_;
  mutable std::atomic<bool> handed_ = false;
};

using event_ptr = std::shared_ptr<const announced_event>;

/// Throws std::bad_alloc.
event_ptr make_event(const protocol::event& x);
/// No text of `x` may need an escape in JSON. Throws std::bad_alloc.
event_ptr make_event(const protocol::event_view& x);

} // namespace clearance::actors
