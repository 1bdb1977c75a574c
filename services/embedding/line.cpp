#include "services/embedding/line.hpp"

#include <caf/send.hpp>

#include <atomic>
#include <utility>
#include <variant>

namespace clearance::actors::embedding {

namespace {

// Replies come from this process and are in its memory already: a list of all
// prompts may have some MiB.
constexpr std::size_t reply_max_bytes = std::size_t{1} << 30U;

// Numbers of sockets count upward from 1, so they never reach these numbers.
connection_id next_id() noexcept {
  static std::atomic<connection_id> last{connection_id{1} << 63U};
  return ++last;
}

} // namespace

line::line(std::string call, peer who, handlers tell)
    : id_(next_id()),
      who_(std::move(who)),
      call_(std::move(call)),
      tell_(std::move(tell)),
      framer_('\0', reply_max_bytes, protocol::framer::overflow::fail) {
  // nop
}

void line::give_room(std::size_t replies) {
  room_ += replies;
  if (room_ > 0 && owner_ && std::exchange(waiting_, false))
    caf::anon_send(owner_, writable{id_});
}

void line::hang_up() {
  tell_ = {};
  if (std::exchange(gone_, true) || !owner_)
    return;
  if (watched_)
    caf::anon_send(owner_, hung_up{id_});
  else if (std::exchange(waiting_, false))
    // the next write finds that the connection is broken
    caf::anon_send(owner_, writable{id_});
  else if (reading_)
    bring_end();
}

// Called by the service.
void line::close() noexcept {
  owner_ = nullptr;
  gone_ = true;
  end();
}

void line::end() {
  auto tell = std::exchange(tell_, {}).on_end;
  if (tell)
    tell();
}

void line::bring_end() {
  received result;
  result.from = id_;
  result.end = stream_end::broken;
  caf::anon_send(owner_, std::move(result));
}

// The first read returns the call. Later reads wait: the client stays and sends
// nothing.
void line::read() {
  if (gone_)
    return bring_end();
  reading_ = true;
  if (call_.empty())
    return;
  auto frames = std::make_shared<protocol::frame_batch>();
  framer_.feed(std::exchange(call_, {}), *frames);
  reading_ = false;
  received result;
  result.from = id_;
  result.frames = std::move(frames);
  caf::anon_send(owner_, std::move(result));
}

void line::watch() {
  watched_ = true;
  if (tell_.on_watched)
    tell_.on_watched();
}

// Accepts whole pieces as long as there is room. A subscriber writes each event
// as one piece, a session all its replies as one.
written line::write(std::span<const std::string_view> pieces) {
  written result;
  if (gone_)
    return {0, true};
  for (auto piece : pieces) {
    if (room_ == 0)
      break;
    protocol::frame_batch frames;
    framer_.feed(piece, frames);
    for (std::size_t i = 0; i < frames.size() && tell_.on_reply; ++i) {
      room_ -= room_ > 0 ? 1 : 0;
      auto parsed =
          protocol::varlink::parse_reply(frames.at(i), frames.capacity_at(i));
      if (auto* reply = std::get_if<protocol::varlink::reply>(&parsed))
        // the callee may call hang_up()
        std::function(tell_.on_reply)(std::move(*reply));
      else
        end();
    }
    result.bytes += piece.size();
  }
  return result;
}

void line::await_writable() {
  waiting_ = true;
  if (room_ > 0)
    give_room(0);
}

} // namespace clearance::actors::embedding
