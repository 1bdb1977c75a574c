/// What hubs and gates of an application count together.
#pragma once

#include "actors/base/counter_board.hpp"
#include "actors/base/hosted.hpp"
#include "actors/base/io_host.hpp"
#include "services/embedding/clearance.hpp"

namespace clearance::actors::embedding {

namespace face = clearance::embedding;

/// Has the board on which hubs and gates show what they count, and tells the
/// application what is on it.
class embedded_metrics {
public:
  static inline const char* name = "embedded_metrics";
  using interface = face::metrics;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<embedded_metrics>;

  embedded_metrics(self_type* self, io_host& io, counter_board_ptr board);
  embedded_metrics(const embedded_metrics&) = delete;
  embedded_metrics& operator=(const embedded_metrics&) = delete;
  ~embedded_metrics();

  interface::behavior_type make_behavior();

private:
  self_type* self_;
  io_host& io_;
  counter_board_ptr board_;
};

/// Runs on the I/O thread. A null board: it makes one.
face::metrics spawn_embedded_metrics(io_host& io, counter_board_ptr board);

/// The board of such an actor that runs on `io`. Null: it does not, or it is
/// none. For the I/O thread.
counter_board_ptr board_of(const face::metrics& handle, const io_host& io);

} // namespace clearance::actors::embedding
