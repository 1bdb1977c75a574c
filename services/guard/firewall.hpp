/// The firewall of the network namespace that this process is in.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "protocol/guard/dns_answer.hpp"
#include "protocol/guard/target.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

struct nft_ctx; // of libnftables

namespace clearance::services {

/// Has libnftables execute `commands` as one transaction: all or nothing.
/// Returns an empty text, or why it failed.
std::string change_firewall(const std::string& commands);

/// The same for many changes: libnftables is set up once.
class firewall {
public:
  firewall();
  std::string change(const std::string& commands);

private:
  struct release {
    void operator()(nft_ctx* x) const noexcept;
  };
  std::unique_ptr<nft_ctx, release> context_;
};

/// Allows or denies addresses that are no networks, as one transaction. Loads
/// no library. Returns an empty text, or why it failed.
std::string judge_addresses(const std::vector<protocol::ip_range>& addresses,
                            bool allow,
                            std::optional<std::chrono::seconds> time);

/// A netlink socket to the tables of this process's network namespace. Not
/// open: errno says why.
io::unique_fd open_nf_tables();

/// Has the kernel execute a datagram of set_change.hpp. The namespace is that
/// in which `fd` was opened, also when this process is outside of it: the user
/// who made the namespace may change it. Returns an empty text, or why it
/// failed.
std::string change_sets(int fd, const std::string& datagram);

/// Opens the addresses of allowed names, see open_named_addresses(): many in
/// several transactions. Returns an empty text, or why it failed.
std::string open_names(int fd, const std::vector<protocol::dns_address>& all);

/// The devices of this process's network namespace, all but loopback. Nothing:
/// there is none, or one of them has a name that cannot stand in rules.
std::optional<std::vector<std::string>> plain_devices();

/// Loads stamp_text() with numbers of its own. Returns an empty text, or why
/// not.
std::string stamp_packets();

/// Prints our table to stdout. Returns an empty text, or why it failed.
std::string print_firewall();

/// Opens one socket for our two NFLOG groups: with one socket no DNS answer
/// comes after the block that it labels. Errors: one line; `taken` when another
/// process has the groups.
struct nflog_fault {
  std::string why;
  bool taken = false;
};
/// Whether the group of DNS answers must be free, too.
enum class nflog_answers : std::uint8_t { needed, if_free };

std::variant<io::unique_fd, nflog_fault>
open_nflog(nflog_answers answers = nflog_answers::needed);

} // namespace clearance::services
