/// A double of a peer's socket for actor tests.
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

/// Takes as many bytes as the script says, then blocks or breaks; keeps what
/// it took. Fails the test when its owner breaks the port's rules: two reads at
/// a time, a write after close().
class fake_connection final : public actors::connection {
public:
  /// Who the peers of all doubles are.
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

  // -- the script -------------------------------------------------------------

  /// The socket takes this many bytes more. At first it takes all.
  void take(std::size_t bytes) noexcept { room_ = bytes; }
  void take_all() noexcept { room_ = unlimited; }

  /// Once there is no room it is broken instead of full.
  void break_when_full() noexcept { breaks_ = true; }

  /// The peer's messages; the owner must be reading.
  void bring(const std::vector<std::string>& frames,
             actors::stream_end end = actors::stream_end::none,
             std::uint64_t overlong = 0, std::uint64_t starved = 0);
  void bring(std::initializer_list<std::string> frames) {
    bring(std::vector<std::string>{frames});
  }
  void end(actors::stream_end why) { bring({}, why); }

  /// Tells the owner, who must have asked for it. The room is the script's.
  void become_writable();
  void become_writable(std::size_t room) {
    take(room);
    become_writable();
  }

  /// Called before each write.
  void on_write(std::function<void()> f) { on_write_ = std::move(f); }

  /// Tells the owner, who must watch.
  void hang_up();

  // -- what it saw ------------------------------------------------------------

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
