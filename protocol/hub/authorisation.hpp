/// The rules of the authorisation map: which verdicts the hub may execute.
#pragma once

#include "protocol/base/limits.hpp"
#include "protocol/base/slot_array.hpp"
#include "protocol/hub/verdict.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::protocol {

/// One open request of a container. Requests that had the same id one after the
/// other differ in `generation`, and so do those of different containers.
struct request_ref {
  std::uint64_t generation = 0; ///< 0: none
  /// A hint that saves a search: the place of the request when it was made. It
  /// may belong to another request by now.
  slot_link place = no_slot;

  friend bool operator==(const request_ref& x, const request_ref& y) noexcept {
    return x.generation == y.generation;
  }
};

/// What one announcement made.
struct bound_request {
  request_ref request; ///< generation 0: no open request
  /// A hint, as above: the number of the container. no_slot: not known.
  slot_link container = no_slot;
};

/// A block that the map will be told soon. The map notes here what it has found
/// out about it, so each belongs to one map. The texts must outlive it.
class coming_block {
public:
  coming_block() = default; ///< no block
  coming_block(std::string_view container, std::string_view request_id) noexcept
      : container_(container), request_id_(request_id) {
    // nop
  }

  std::string_view container() const noexcept { return container_; }
  std::string_view request_id() const noexcept { return request_id_; }

private:
  friend class open_request_store;

  std::string_view container_;
  std::string_view request_id_;
  std::uint32_t container_hash_ = 0;
  std::uint32_t id_hash_ = 0;
  bool is_hashed_ = false;
  slot_link holder_ = no_slot; // a hint
};

/// What open requests may take, in number and in bytes (texts, bookkeeping and
/// events), of one container and of all; inclusive.
struct authorisation_limits {
  std::size_t per_container = limits::open_requests_per_container_max;
  std::size_t total = limits::open_requests_total_max;
  std::size_t per_container_bytes =
      limits::open_requests_per_container_max_bytes;
  std::size_t total_bytes = limits::open_requests_total_max_bytes;
};

/// What the owner wants back for a block that no client has been handed (the
/// hub: its encoded bytes). It is charged to the block's container.
class undelivered_event {
public:
  virtual ~undelivered_event() = default;
  virtual std::size_t bytes() const noexcept = 0;
  /// Whether some client got it whole. Once true, always true.
  virtual bool handed() const noexcept = 0;
};

using undelivered_event_ptr = std::shared_ptr<const undelivered_event>;

/// A machine of three states for every announced block:
///
///   announce --> live --cite--> in flight --settle(ok)-----> gone
///                 ^  \             |  |
///                 |   \            |  '--settle(failed)--> live again, unless
///                 |    \           |                       dropped or replaced
///                 |     '--drop----'----> gone
///                 '---- announce again (same container and id) replaces
///
/// Everything is keyed by (container, request_id): no container can replace an
/// open request of another. Everything is bounded: at a bound the container
/// that announces gives up its oldest live open requests, then its oldest ones
/// in flight, never those of another container. Where that would not make
/// enough room the container gives up none, and the new block gets no open
/// request. One actor owns the map. The map holds the states and the order of
/// checks; open_request_store.cpp finds open requests and evicts them.
class authorisation_map {
public:
  /// Names one citation, for settle(). Never used twice.
  using ticket = std::uint64_t;

  explicit authorisation_map(authorisation_limits limits = {});
  ~authorisation_map();
  authorisation_map(const authorisation_map&) = delete;
  authorisation_map& operator=(const authorisation_map&) = delete;

  /// Makes (container, request_id) -> target live, newest of all. An empty
  /// request_id opens nothing. Returns how many of the container's open
  /// requests had to go for it; the new one itself counts when there is no room
  /// at all, or no memory. Never throws.
  std::size_t announce(std::string_view container, std::string_view request_id,
                       std::string_view target, undelivered_event_ptr event);
  /// The same for a block that look_ahead() may have seen.
  std::size_t announce(coming_block& x, std::string_view target,
                       undelivered_event_ptr event);

  /// Blocks that are announced next, in this order. Asks for the memory that
  /// announcing the first few will read. To be called before each announce(),
  /// which with many containers waits less for memory then. Changes nothing
  /// else.
  void look_ahead(std::span<coming_block> next) const noexcept;

  /// shield_down, shield_disengaged, container_exited: forgets the container's
  /// open requests, those in flight included. Returns how many were live.
  std::size_t drop(std::string_view container);

  /// What the last announce() made. Generations are numbers of announcements,
  /// so they grow.
  bound_request last_bound() const noexcept;

  /// `f(generation)` is called for each open request that goes because of a
  /// bound, or because its id is announced again, before it goes; it belongs to
  /// the container that announces. `f` must not throw.
  void watch_evictions(std::function<void(std::uint64_t)> f);

  struct cited {
    ticket id;
    shield_call call;
    request_ref request;
    std::string request_id;
  };

  /// Checks a verdict in the order of clearance.md, section 5 (1 to 3), and
  /// puts its open request in flight. An outcome is the refusal; nothing has
  /// changed then. An id that several other containers have live is a mismatch
  /// with the newest of them; one that this container has in flight is unknown.
  /// Throws std::bad_alloc, and then nothing has changed, as next_page() does.
  std::variant<cited, verdict_outcome> cite(std::string_view container,
                                            std::string_view request_id,
                                            std::string_view dest,
                                            std::string_view action);

  /// Why exactly this open request cannot be cited.
  enum class uncitable : std::uint8_t { gone, in_flight };

  /// Puts exactly this open request in flight, without the checks of a verdict.
  std::variant<cited, uncitable> cite(std::string_view container,
                                      const request_ref& request, action what);

  /// Ends exactly this open request if it is live. Returns its id; nothing: it
  /// was not live. Throws std::bad_alloc, and then nothing has changed.
  std::optional<std::string> close(std::string_view container,
                                   const request_ref& request);

  /// The cited verdict was executed. Success ends the open request, failure
  /// makes it live again, as old as it was; not if it was dropped, replaced or
  /// evicted meanwhile.
  void settle(ticket id, bool ok);

  /// Whether settle() would still find the open request.
  bool is_in_flight(ticket id) const;

  /// Announcements so far; the next one's number is one more.
  std::uint64_t sequence() const noexcept;

  struct page {
    std::vector<undelivered_event_ptr> events;
    std::uint64_t cursor = 0; ///< give it to the next next_page()
    bool done = false;        ///< nothing is left up to `until`
  };

  /// The oldest live open requests numbered cursor < n <= until that nobody was
  /// handed, oldest first: at most `max` of them, and no more after the one
  /// that brings their events to `max_bytes`. In flight ones are answered
  /// already and left out. Lets go of events that earlier pages gave and
  /// somebody was handed since.
  page next_page(std::uint64_t cursor, std::uint64_t until, std::size_t max,
                 std::size_t max_bytes);

  std::size_t live() const noexcept;
  std::size_t in_flight() const noexcept;
  std::size_t containers() const noexcept;
  /// Charged. A event that was handed counts until the map has noticed.
  std::size_t bytes() const noexcept;
  /// Open requests that went because of a bound, since the start, and those
  /// without_memory().
  std::uint64_t evicted() const noexcept;
  /// Blocks that got no open request because memory was denied.
  std::uint64_t without_memory() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace clearance::protocol
