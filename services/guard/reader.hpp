/// The reader: tells a hub which connections the firewall blocked.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "protocol/guard/name_labels.hpp"
#include "protocol/guard/nflog.hpp"
#include "protocol/guard/told_targets.hpp"
#include "services/guard/hub_link.hpp"
#include "services/guard/name_log.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace clearance::services {

struct reader_config {
  std::string container;
  protocol::dossier dossier;
  std::string hub; ///< the hub's socket; empty: stdout
  /// DNS answers of a forwarder, message by message; -1: there is none. Stays
  /// the caller's.
  int labels = -1;
  std::string name_log;  ///< dnsmasq's, for the names; empty: there is none
  std::string meta_path; ///< a file with more of the dossier; empty: none
  /// Of start_hold_keeper(): it is told whether a hub is connected. -1: there
  /// is none. Stays the caller's.
  int keeper = -1;
  /// Of start_name_resolver(): it is told of blocks. -1: there is none. Stays
  /// the caller's.
  int resolver = -1;
  /// A message is sent here when the hub was dialled, and the keeper told. -1:
  /// nobody waits for it. Stays the caller's.
  int ready = -1;
  int nflog = -1; ///< see open_nflog(); stays the caller's
  int pidfd = -1; ///< of the container's first process; stays the caller's
};

/// Why the reader ended.
enum class reader_end : std::uint8_t {
  container_exited,
  stopped, ///< by SIGTERM, SIGINT or SIGHUP
  failed,  ///< what was wrong is said
};

class block_reader {
public:
  explicit block_reader(const reader_config& config);

  /// Reads until the end. Before, block the signals with block_stop_signals().
  reader_end run(int stop_signals);

private:
  bool read_packets();
  void read_labels();
  protocol::dossier current_dossier() const;
  void take(const protocol::nflog_packet& x);
  void on_block(std::string_view packet);
  bool send_with_losses(emit_line& x);
  std::uint64_t losses() const noexcept;
  std::optional<protocol::time_point> due() const;
  void tell_losses(bool at_end);
  void tell_keeper_of_hub();

  reader_config config_;
  hub_link hub_;
  protocol::told_targets told_;
  protocol::name_labels names_;
  name_log log_;
  protocol::sequence_gap block_numbers_;
  protocol::sequence_gap answer_numbers_;
  bool held_ = false;             // what the keeper was told last
  std::uint64_t lost_ = 0;        // packets that the kernel dropped
  std::uint64_t overflows_ = 0;   // ENOBUFS
  std::uint64_t malformed_ = 0;   // datagrams
  std::uint64_t left_out_ = 0;    // seconds in which the kernel told too little
  std::uint64_t told_losses_ = 0; // said on stderr
  std::uint64_t sent_losses_ = 0; // told the hub
  protocol::time_point next_loss_line_{};
};

/// Unblocks all signals (hooks of container engines start programs with nearly
/// all of them blocked), and makes those that end us readable. Errors: -1.
io::unique_fd block_stop_signals();

} // namespace clearance::services
