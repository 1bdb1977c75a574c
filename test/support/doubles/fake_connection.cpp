#include "test/support/doubles/fake_connection.hpp"

#include "protocol/base/limits.hpp"

#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <algorithm>

namespace clearance::test {

namespace {

actors::connection_id next_id() {
  static actors::connection_id last = 0;
  return ++last;
}

} // namespace

fake_connection::fake_connection(actors::peer who)
    : id_(next_id()), who_(std::move(who)) {
  // nop
}

void fake_connection::own(actors::connection_owner owner) {
  CHECK_MESSAGE(open_, "a closed connection got an owner");
  owner_ = std::move(owner);
}

void fake_connection::close() noexcept {
  open_ = false;
  owner_ = nullptr;
}

void fake_connection::read() {
  CHECK_MESSAGE(open_, "read() after close()");
  CHECK_MESSAGE(owned(), "read() for nobody");
  CHECK_MESSAGE(!std::exchange(reading_, true), "two reads at a time");
}

void fake_connection::watch() {
  CHECK_MESSAGE(open_, "watch() after close()");
  CHECK_MESSAGE(!std::exchange(watched_, true), "watched twice");
}

actors::written
fake_connection::write(std::span<const std::string_view> pieces) {
  CHECK_MESSAGE(open_, "write() after close()");
  CHECK_MESSAGE(pieces.size() <= protocol::limits::subscriber_batch_max_events,
                "more pieces than one system call takes");
  ++writes_;
  if (on_write_)
    on_write_();
  actors::written result;
  for (auto piece : pieces) {
    auto n = std::min(piece.size(), room_);
    taken_.append(piece.substr(0, n));
    result.bytes += n;
    if (room_ != unlimited)
      room_ -= n;
  }
  result.broken = breaks_ && result.bytes == 0;
  return result;
}

void fake_connection::await_writable() {
  CHECK_MESSAGE(open_, "await_writable() after close()");
  CHECK_MESSAGE(!std::exchange(awaited_, true), "waits twice to write");
}

void fake_connection::bring(const std::vector<std::string>& frames,
                            actors::stream_end end, std::uint64_t overlong,
                            std::uint64_t starved) {
  REQUIRE_MESSAGE(reading_, "nobody reads");
  reading_ = false;
  auto batch = std::make_shared<protocol::frame_batch>();
  for (auto& x : frames)
    batch->append(x);
  caf::anon_send(
      owner_, actors::received{id_, std::move(batch), overlong, end, starved});
}

void fake_connection::become_writable() {
  REQUIRE_MESSAGE(awaited_, "nobody waits to write");
  awaited_ = false;
  caf::anon_send(owner_, actors::writable{id_});
}

void fake_connection::hang_up() {
  REQUIRE_MESSAGE(watched_, "nobody watches");
  caf::anon_send(owner_, actors::hung_up{id_});
}

} // namespace clearance::test
