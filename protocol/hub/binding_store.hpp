/// The bindings of the authorisation map, indexed, ordered and accounted for.
/// Only authorisation.cpp includes this; the rules are there.
#pragma once

#include "protocol/base/chained_index.hpp"
#include "protocol/hub/binding.hpp"
#include "protocol/hub/unhanded_log.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace clearance::protocol {

/// Owns every binding and every holder. A reference stays valid until the
/// object is removed.
class binding_store {
public:
  using ticket = authorisation_map::ticket;

  explicit binding_store(authorisation_limits bounds) : bounds_(bounds) {
    // nop
  }
  ~binding_store();
  binding_store(const binding_store&) = delete;
  binding_store& operator=(const binding_store&) = delete;

  holder* find(std::string_view container) const;
  binding* find(const holder& owner, std::string_view request_id) const;
  binding* find(ticket id) const;

  /// The newest live binding of this id, whosever it is. Walks over in flight
  /// ones: as many as verdicts run, nothing that a container decides.
  const binding* newest_live(std::string_view request_id) const;

  /// The container's holder, made if need be. The caller ends with
  /// remove_if_empty().
  holder& hold(std::string_view container);
  void remove_if_empty(holder& x);

  /// Whether a binding of `bytes` keeps every bound.
  bool fits(const holder& owner, std::size_t bytes) const noexcept;

  /// Whether it would if its container had no other.
  bool could_fit(const holder& owner, std::size_t bytes) const noexcept;

  /// Adds a live one, newer than all, whose texts, number and parcel are set.
  /// There is no equal one.
  void add(holder& owner, std::unique_ptr<binding> x);

  /// Its holder stays, even if it is empty now.
  void remove(binding& x);
  void remove_all(holder& x);

  /// The container's oldest live binding, else the oldest of those in flight.
  /// It must have one.
  binding& oldest(holder& x);

  /// Puts a live binding in flight.
  ticket launch(binding& x);

  /// Makes one in flight live again, as old as it is.
  void land(binding& x);

  /// Asks so many parcels, in turn, whether somebody was handed them, and lets
  /// those go.
  void sweep(std::size_t parcels);

  /// The same for the oldest ones.
  void sweep_oldest(std::size_t parcels);

  const unhanded_log& unhanded() const noexcept { return unhanded_; }
  std::size_t size() const noexcept { return keys_.size(); }
  std::size_t in_flight() const noexcept { return tickets_.size(); }
  std::size_t holders() const noexcept { return holders_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

  /// What a binding is charged beside its container's name, its texts and its
  /// parcel: the object, its allocations' heads, its share in the indexes.
  /// A holder is not charged: there are never more of them than bindings.
  static constexpr std::size_t overhead_bytes = sizeof(binding) + 80;

private:
  struct holder_hook {
    static holder*& next(holder& x) noexcept { return x.chain; }
    static std::size_t hash(const holder& x) noexcept { return x.hash; }
  };
  struct key_hook {
    static binding*& next(binding& x) noexcept { return x.key_chain; }
    static std::size_t hash(const binding& x) noexcept { return x.key_hash; }
  };
  struct id_hook {
    static binding*& next(binding& x) noexcept { return x.id_chain; }
    static std::size_t hash(const binding& x) noexcept { return x.id_hash; }
  };

  binding* newest(std::string_view request_id) const;
  void add_namesake(binding& x);
  void remove_namesake(binding& x);
  void release_parcel(binding& x);

  authorisation_limits bounds_;
  chained_index<holder, holder_hook> holders_;
  chained_index<binding, key_hook> keys_;
  chained_index<binding, id_hook> ids_; // the newest of each id
  std::unordered_map<ticket, binding*> tickets_;
  ticket last_ticket_ = 0;
  unhanded_log unhanded_;
  std::size_t bytes_ = 0;
};

} // namespace clearance::protocol
