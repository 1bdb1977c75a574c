/// Stands for the I/O host in actor tests: the test decides what sockets and
/// child processes do, and hosted actors run on the test's scheduler.
#pragma once

#include "actors/base/io_host.hpp"
#include "test/support/doubles/fake_connection.hpp"

#include <caf/actor_control_block.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace clearance::test {

/// A socket on which an actor listens.
struct recorded_listener {
  actors::listen_spec spec;
  actors::listener_owner owner;
  bool open = true;
  std::uint64_t refused = 0;
};

/// A program that an actor ran.
struct recorded_run {
  actors::process_id id = 0;
  actors::process_spec spec;
  actors::process_owner owner;
  bool killed = false; ///< let go before it ended
  bool ended = false;
};

class fake_io_host final : public actors::io_host {
public:
  explicit fake_io_host(caf::actor_system& system);

  // -- actors::io_host
  // -----------------------------------------------------------

  caf::actor_system& system() override { return system_; }
  caf::execution_unit* unit() override;
  void keep(caf::strong_actor_ptr actor) override;
  caf::expected<std::unique_ptr<actors::listener>>
  listen(const actors::listen_spec& spec,
         actors::listener_owner owner) override;
  caf::expected<actors::connection_ptr> dial(const std::string& path,
                                             actors::framing kind) override;
  actors::process_ptr run(actors::process_id id, actors::process_spec spec,
                          actors::process_owner owner) override;

  // -- what the test makes it do ----------------------------------------------

  /// listen() on `path` fails from now on, with this text.
  void refuse_to_bind(const std::string& path, std::string why);

  /// While `out` is set, no actor is hosted and no program is run: both throw
  /// std::bad_alloc.
  void run_out_of_memory(bool out) noexcept { out_of_memory_ = out; }

  /// A new peer connects to the listening socket `path`.
  fake_connection_ptr
  connect(const std::string& path,
          actors::peer who = fake_connection::default_peer());

  /// dial() fails from now on, with this text; empty: it works again.
  void refuse_to_dial(std::string why) { dial_error_ = std::move(why); }

  /// The next dial() returns this connection.
  void prepare(fake_connection_ptr x) { prepared_.push_back(std::move(x)); }

  /// The program of this index ends.
  void end_run(std::size_t index, actors::process_ended::how what, int code = 0,
               std::string stderr_bytes = {});

  // -- what the actors did ----------------------------------------------------

  /// All actors that were hosted, in order, also those that have ended.
  const std::vector<caf::strong_actor_ptr>& kept() const { return kept_; }

  /// The actors of that name that have not ended.
  std::vector<caf::actor> alive(const std::string& name) const;

  /// Null if no actor listens there now.
  recorded_listener* listener_at(const std::string& path);

  /// All paths that were ever bound, in order.
  std::vector<std::string> listened() const;

  struct recorded_dial {
    std::string path;
    actors::framing kind = actors::framing::varlink;
    fake_connection_ptr connection; ///< null when it failed
  };
  std::vector<recorded_dial> dials;
  std::vector<std::shared_ptr<recorded_run>> runs;

  /// The programs that run and were not killed.
  std::size_t running() const;

  /// Tells every actor to exit and drops all handles.
  void end_all();

private:
  caf::actor_system& system_;
  std::vector<caf::strong_actor_ptr> kept_;
  std::vector<std::shared_ptr<recorded_listener>> listeners_;
  std::map<std::string, std::string> bind_errors_;
  std::string dial_error_;
  bool out_of_memory_ = false;
  std::deque<fake_connection_ptr> prepared_;
};

} // namespace clearance::test
