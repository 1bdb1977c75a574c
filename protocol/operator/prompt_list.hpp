/// The prompts of several hubs, as every client of operators has them: replies
/// of `Watch` in, one list out. Source: clients.md and operator.md, section 2.
#pragma once

#include "protocol/operator/operator_answer.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace clearance::protocol {

/// Names one prompt of all hubs.
struct prompt_key {
  std::string hub; ///< the name under which the client knows the hub
  std::string id;

  friend bool operator==(const prompt_key&, const prompt_key&) = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in it
  friend auto operator<=>(const prompt_key&, const prompt_key&) = default;
};

/// One prompt in the list.
struct list_entry {
  prompt_key key;
  /// Grows with every prompt that appears, of whichever hub; never used again.
  std::uint64_t number = 0;
  std::uint64_t changed = 0; ///< the list's version at its last change
  /// The hub cannot be asked, or has not yet confirmed that it still has the
  /// prompt. Such a prompt cannot be decided.
  bool is_stale = false;
  listed_prompt prompt;

  bool can_be_decided() const noexcept {
    return !is_stale && prompt.state == prompt_state::waiting;
  }
};

enum class link_status : std::uint8_t {
  absent,  ///< there is no connection
  loading, ///< the snapshot has begun and is not complete
  current,
};

/// One hub in the list.
struct hub_entry {
  link_status status = link_status::absent;
  /// The hub knows Clearance1 alone: it has no history and explains nothing.
  bool is_older = false;
  std::string why; ///< why there is no connection; empty: not known
  hub_state state;
  std::int64_t lost = 0;    ///< events that the hub did not send to this client
  std::size_t left_out = 0; ///< prompts that did not fit in the list
};

/// Another machine, whose hubs stand in the list beside those of this one.
struct host_entry {
  link_status status = link_status::absent; ///< loading: ssh connects
  std::string why; ///< why there is no connection; empty: not known
};

/// Prompts stand in the order in which they appeared: a new one comes last, and
/// none changes its place. When a connection ends, the prompts of its hub stay
/// and are stale; the next complete snapshot removes those that it does not
/// have.
class prompt_list {
public:
  using entries = std::map<std::uint64_t, list_entry>; // by number
  using hubs_map = std::map<std::string, hub_entry>;   // by name
  using hosts_map = std::map<std::string, host_entry>; // by name

  /// A hub that has no connection yet. Nothing changes for a known hub.
  void add_hub(const std::string& hub);
  /// Forgets the hub and its prompts.
  void remove_hub(const std::string& hub);

  // For hubs that were added.
  void connected(const std::string& hub, bool is_older = false);
  void disconnected(const std::string& hub, std::string why);
  void apply(const std::string& hub, watch_reply x);

  void set_host(const std::string& host, link_status status, std::string why);

  /// Takes a prompt that an error reply carried. Nothing changes if the list
  /// does not have it or has a newer revision.
  void refresh(const std::string& hub, listed_prompt x);

  const list_entry* find(const prompt_key& key) const;
  const list_entry* find(std::uint64_t number) const;
  const entries& all() const noexcept { return entries_; }
  const hubs_map& hubs() const noexcept { return hubs_; }
  const hosts_map& hosts() const noexcept { return hosts_; }

  /// Open prompts that left the list because their hub ended or was started
  /// again, since the list began.
  std::uint64_t vanished() const noexcept { return vanished_; }

  /// Prompts with a decision that was carried out or failed, the newest
  /// decision first.
  std::vector<const list_entry*> decided() const;

  /// Prompts that wait or are being decided and are not quiet.
  std::size_t waiting() const;
  /// When the first of these was seen first, in microseconds since the epoch.
  std::optional<std::int64_t> oldest() const;
  /// Containers with a prompt.
  std::size_t containers() const;
  std::int64_t lost() const;
  /// Whether a snapshot, or a connection to a host, has begun and is not
  /// complete.
  bool is_loading() const;

  /// Grows with every change of the list.
  std::uint64_t version() const noexcept { return version_; }

  /// Appends the numbers of entries that left the list after `version`. False:
  /// the list has forgotten some of them; then compare with all().
  bool removed_since(std::uint64_t version,
                     std::vector<std::uint64_t>& to) const;

private:
  void put(const std::string& hub, listed_prompt x);
  void erase(const std::string& hub, const std::string& id);
  void mark_stale(const std::string& hub);
  void drop_stale(const std::string& hub);
  void note_removal(std::uint64_t number);

  struct removal {
    std::uint64_t version = 0;
    std::uint64_t number = 0;
  };

  hubs_map hubs_;
  hosts_map hosts_;
  std::map<std::string, std::unordered_map<std::string, std::uint64_t>> ids_;
  entries entries_;
  std::uint64_t last_number_ = 0;
  std::uint64_t version_ = 0;
  std::uint64_t vanished_ = 0;
  std::deque<removal> removals_;      // the oldest first
  std::uint64_t forgotten_until_ = 0; // the version of the last forgotten one
};

} // namespace clearance::protocol
