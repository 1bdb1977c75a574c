/// The open requests of the authorisation map, indexed, ordered and accounted
/// for. Only authorisation.cpp includes this; the rules are there.
#pragma once

#include "protocol/base/chained_index.hpp"
#include "protocol/hub/open_request.hpp"
#include "protocol/hub/undelivered_index.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace clearance::protocol {

/// Owns every open request and every holder. A reference stays valid until the
/// object is removed.
class open_request_store {
public:
  using ticket = authorisation_map::ticket;

  explicit open_request_store(authorisation_limits bounds) : bounds_(bounds) {
    // nop
  }
  ~open_request_store();
  open_request_store(const open_request_store&) = delete;
  open_request_store& operator=(const open_request_store&) = delete;

  holder* find(std::string_view container) const;
  open_request* find(const holder& owner, std::string_view request_id) const;
  open_request* find(ticket id) const;

  /// The newest live open request of this id, whosever it is. Walks over in
  /// flight ones: as many as verdicts run, nothing that a container decides.
  const open_request* newest_live(std::string_view request_id) const;

  /// The container's holder, made if need be. The caller ends with
  /// remove_if_empty().
  holder& hold(std::string_view container);
  void remove_if_empty(holder& x);

  /// Whether an open request of `bytes` keeps every bound.
  bool fits(const holder& owner, std::size_t bytes) const noexcept;

  /// Whether it would if its container had no other.
  bool could_fit(const holder& owner, std::size_t bytes) const noexcept;

  /// Adds a live one, newer than all, whose texts, number and event are set.
  /// There is no equal one.
  void add(holder& owner, std::unique_ptr<open_request> x);

  /// Its holder stays, even if it is empty now.
  void remove(open_request& x);
  void remove_all(holder& x);

  /// The container's oldest live open request, else the oldest of those in
  /// flight. It must have one.
  open_request& oldest(holder& x);

  /// Puts a live open request in flight.
  ticket launch(open_request& x);

  /// Makes one in flight live again, as old as it is.
  void land(open_request& x);

  /// Asks so many events, in turn, whether somebody was handed them, and lets
  /// those go.
  void sweep(std::size_t events);

  /// The same for the oldest ones.
  void sweep_oldest(std::size_t events);

  const undelivered_index& undelivered() const noexcept { return undelivered_; }
  std::size_t size() const noexcept { return keys_.size(); }
  std::size_t in_flight() const noexcept { return tickets_.size(); }
  std::size_t holders() const noexcept { return holders_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

  /// What an open request is charged beside its container's name, its texts and
  /// its event: the object, its allocations' heads, its share in the indexes.
  /// A holder is not charged: there are never more of them than open requests.
  static constexpr std::size_t overhead_bytes = sizeof(open_request) + 80;

private:
  struct holder_hook {
    static holder*& next(holder& x) noexcept { return x.chain; }
    static std::size_t hash(const holder& x) noexcept { return x.hash; }
  };
  struct key_hook {
    static open_request*& next(open_request& x) noexcept { return x.key_chain; }
    static std::size_t hash(const open_request& x) noexcept {
      return x.key_hash;
    }
  };
  struct id_hook {
    static open_request*& next(open_request& x) noexcept { return x.id_chain; }
    static std::size_t hash(const open_request& x) noexcept {
      return x.id_hash;
    }
  };

  open_request* newest(std::string_view request_id) const;
  void add_namesake(open_request& x);
  void remove_namesake(open_request& x);
  void release_event(open_request& x);

  authorisation_limits bounds_;
  chained_index<holder, holder_hook> holders_;
  chained_index<open_request, key_hook> keys_;
  chained_index<open_request, id_hook> ids_; // the newest of each id
  std::unordered_map<ticket, open_request*> tickets_;
  ticket last_ticket_ = 0;
  undelivered_index undelivered_;
  std::size_t bytes_ = 0;
};

} // namespace clearance::protocol
