/// Stands for a connection in actor tests: the test plays the peer.
#pragma once

#include "actors/base/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::test {

/// Accepts as many bytes as the test says and keeps them; then it is full or
/// broken. Fails the test if the owner breaks the rules of
/// actors::connection: two reads at a time, or a write after close().
class fake_connection final : public actors::connection {
public:
  /// The peer of every fake connection.
  static actors::peer default_peer() { return {1000, 4242, "client"}; }

  explicit fake_connection(actors::peer who = default_peer());

  // -- actors::connection -----------------------------------------------------

  actors::connection_id id() const noexcept override { return id_; }
  const actors::peer& who() const noexcept override { return who_; }
  void own(actors::connection_owner owner) override;
  void close() noexcept override;
  void read() override;
  void watch() override;
  actors::written write(std::span<const std::string_view> pieces) override;
  void await_writable() override;

  // -- what the test makes it do ----------------------------------------------

  /// The socket accepts this many more bytes. At first it accepts all.
  void take(std::size_t bytes) noexcept { room_ = bytes; }
  void take_all() noexcept { room_ = unlimited; }

  /// When the room is used up, the socket is broken instead of full.
  void break_when_full() noexcept { breaks_ = true; }

  /// The peer sends these messages. The owner must be reading.
  void bring(const std::vector<std::string>& frames,
             actors::stream_end end = actors::stream_end::none,
             std::uint64_t overlong = 0, std::uint64_t starved = 0);
  void bring(std::initializer_list<std::string> frames) {
    bring(std::vector<std::string>{frames});
  }
  void end(actors::stream_end why) { bring({}, why); }

  /// Sends `writable`. The owner must have asked for it. Adds no room.
  void become_writable();
  void become_writable(std::size_t room) {
    take(room);
    become_writable();
  }

  /// Called before each write.
  void on_write(std::function<void()> f) { on_write_ = std::move(f); }

  /// Sends `hung_up`. The owner must have called watch().
  void hang_up();

  // -- what the owner did -----------------------------------------------------

  const std::string& taken() const noexcept { return taken_; }
  std::string flush_taken() { return std::exchange(taken_, {}); }
  bool open() const noexcept { return open_; }
  bool owned() const noexcept { return owner_ != nullptr; }
  bool reading() const noexcept { return reading_; }
  bool watched() const noexcept { return watched_; }
  bool awaited() const noexcept { return awaited_; }
  std::size_t writes() const noexcept { return writes_; }

private:
  static constexpr auto unlimited = static_cast<std::size_t>(-1);

  actors::connection_id id_;
  actors::peer who_;
  actors::connection_owner owner_;
  std::function<void()> on_write_;
  std::string taken_;
  std::size_t room_ = unlimited;
  std::size_t writes_ = 0;
  bool breaks_ = false;
  bool open_ = true;
  bool reading_ = false;
  bool watched_ = false;
  bool awaited_ = false;
};

using fake_connection_ptr = std::shared_ptr<fake_connection>;

} // namespace clearance::test
