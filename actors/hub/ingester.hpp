/// Takes the lines of all readers of one hub.
#pragma once

#include "actors/base/counter_board.hpp"
#include "actors/base/hosted.hpp"
#include "actors/base/io_host.hpp"
#include "actors/base/log_limiter.hpp"
#include "actors/hub/messages.hpp"
#include "protocol/hub/backpressure.hpp"
#include "protocol/hub/own_container.hpp"
#include "protocol/hub/reader_line.hpp"

#include <caf/actor_addr.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace clearance::actors {

struct ingester_config {
  registry_actor registry;
  caf::actor_addr hub; ///< linked: both end together
  /// Lines of other containers are dropped and counted. Nothing: all containers
  /// are served.
  std::optional<protocol::own_container> only_container;
  counter_board_ptr board = nullptr;
};

/// Makes events of reader lines and announces them in batches of limited size.
/// See ingester.cpp.
class ingester {
public:
  static inline const char* name = "ingester";
  using interface = ingester_actor;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<ingester>;

  ingester(self_type* self, ingester_config config);
  ingester(const ingester&) = delete;
  ingester& operator=(const ingester&) = delete;
  ~ingester();

  interface::behavior_type make_behavior();

private:
  struct reader {
    connection_ptr connection;
    std::shared_ptr<const protocol::frame_batch> frames;
    std::size_t next = 0; ///< index of the first frame that is not judged yet
    std::size_t batch_max_events = protocol::limits::reader_batch_max_events;
    stream_end end = stream_end::none;
    protocol::pause_budget pause_budget;
    log_limiter complaints;
    std::optional<std::string> unknown_type; ///< the last one that was logged
  };

  void on_accepted(const accepted& x);
  void on_received(const received& x);
  void on_batch_announced(const batch_announced& x);
  void on_report() const;
  void add_counters(protocol::counter_list& to) const;

  void advance(reader& x);
  event_ptr judge(reader& x, std::string_view line, std::size_t capacity);
  template <class Event>
  bool claim(reader& x, std::string_view line, Event& event);
  void complain(reader& x, std::string_view why, std::string_view line);
  void complain_of_type(reader& x, std::string_view line);
  void leave(reader& x);

  self_type* self_;
  registry_actor registry_;
  caf::actor_addr hub_;
  std::optional<protocol::own_container> only_container_;
  protocol::reader_line_parser parser_;
  // Reused for every line, to keep their memory.
  protocol::event event_;
  protocol::event_view plain_event_;
  std::unordered_map<connection_id, reader> readers_;
  // limits the log lines about all readers
  log_limiter_ptr complaints_ = limiter_of_all();

  struct {
    std::uint64_t lines = 0;
    std::uint64_t malformed = 0;
    std::uint64_t repaired = 0;
    std::uint64_t unknown = 0;
    std::uint64_t overlong = 0;
    std::uint64_t starved = 0;
    std::uint64_t foreign = 0;
  } counters_;
  counter_board::place shown_; // the last member, because it asks us
};

/// Runs on the I/O thread.
ingester_actor spawn_ingester(io_host& io, ingester_config config);

} // namespace clearance::actors
