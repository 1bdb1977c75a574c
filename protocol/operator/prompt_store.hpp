/// Finds, charges and removes the prompts of the table. Only prompt_table.cpp
/// includes this; the rules of decisions are there.
#pragma once

#include "protocol/operator/prompt_table.hpp"
#include "protocol/operator/request_ring.hpp"

#include <map>
#include <set>
#include <string>
#include <unordered_map>

namespace clearance::protocol {

struct prompt_holder;

/// What each block reads of a prompt_entry. It lies before the members of
/// prompt that each block reads, so that all of them are together.
struct prompt_entry_head {
  prompt_holder* owner = nullptr;
  std::size_t requests = 0; ///< open ones; the holder has them
  std::size_t charged = 0;
  /// Of the last block whose port and protocol are listed.
  std::int64_t last_port = -1;
  std::int64_t last_protocol = -1;
};

/// A prompt, and data that only the table needs.
struct prompt_entry : prompt_entry_head, prompt {
  flag_set kept_flags; ///< all flags except automatic_failed
  bool is_ruled_quiet = false;
  bool has_failed_automatically = false;
  std::string key;      ///< see target_key()
  request_ref deciding; ///< the request that is being executed
  std::optional<std::int64_t> seconds;
  std::uint64_t finish_number =
      0; ///< the order of decided and gone prompts; 0: open
  time_point finished_at;
};

/// A container that has prompts, or is quiet.
struct prompt_holder {
  std::string name;
  /// The prompt of the container's last block, while it is the newest of its
  /// target: the next block is often of the same target. Null: not known.
  prompt_entry* recent = nullptr;
  std::size_t bytes = 0;
  std::size_t open_count = 0;
  request_ring requests;                         ///< of all its prompts
  std::shared_ptr<const prompt_container> facts; ///< null: no block yet
  bool is_quiet = false;
  std::uint32_t hint = no_slot; ///< see prompt_store::find_holder()
  /// The newest prompt of each target, by its key.
  std::unordered_map<std::string_view, prompt_entry*> targets;
  /// The prompts that list an address.
  std::map<ip_address, std::vector<prompt_entry*>> addresses;
  std::set<std::uint64_t> open;
  std::map<std::uint64_t, std::uint64_t> finished; ///< by finish_number
};

/// Owns all prompts and their holders, and reports every change to observers.
class prompt_store {
public:
  explicit prompt_store(prompt_limits limits) : limits_(limits) {
    // nop
  }
  prompt_store(const prompt_store&) = delete;
  prompt_store& operator=(const prompt_store&) = delete;

  void add(prompt_observer& x) { observers_.push_back(&x); }
  void remove(prompt_observer& x) { std::erase(observers_, &x); }

  /// `hint` is the registry's number of the container: the last time it was
  /// often the same container. no_slot: there is no hint.
  prompt_holder* find_holder(std::string_view name, slot_link hint = no_slot);
  prompt_holder& hold(std::string_view name, slot_link hint = no_slot);
  void drop_if_empty(prompt_holder& x);

  /// Sets the facts of a container from now on; null: none.
  void set_facts(prompt_holder& x,
                 std::shared_ptr<const prompt_container> facts);

  /// Null: there is none.
  prompt_entry* find(std::uint64_t number);
  prompt_entry* next_after(std::uint64_t number);
  prompt_entry* newest_of(prompt_holder& owner, const std::string& key);

  /// Makes a new waiting prompt. The caller sets its texts and then calls
  /// settle().
  prompt_entry& create(prompt_holder& owner, std::string key);

  /// The generation is greater than all of the container before.
  void attach(prompt_entry& x, const request_ref& request);
  /// Says that blocks of the container with this hint come soon: first the
  /// container is needed, then its prompt, then the texts of that.
  void prefetch_holder(slot_link hint) const noexcept;
  void prefetch_prompt(slot_link hint) const noexcept;
  void prefetch_texts(slot_link hint) const noexcept;

  /// The newest open request of a prompt that has one.
  static const request_ref& newest_request(const prompt_entry& x);
  /// Removes one open request from the prompt, if the prompt has it.
  void detach(prompt_entry& x, std::uint64_t generation);
  void detach_all(prompt_entry& x);
  void add_address(prompt_entry& x, const ip_address& address);
  void drop_addresses(prompt_entry& x) noexcept;

  /// The prompt is decided or gone. False: memory was denied, so it was removed
  /// at once.
  bool finish(prompt_entry& x, time_point now);

  /// Charges the changes and reports them to the observers. Then makes room by
  /// removing prompts, at last `x` itself. Returns false if `x` was removed.
  bool settle(prompt_entry& x, bool is_urgent, prompt_time now);
  /// Whether one more open request may need room.
  bool is_nearly_full(const prompt_holder& x) const noexcept;
  void notify(const prompt_entry& x, bool is_urgent);

  /// Makes a waiting prompt gone.
  void forget(prompt_entry& x, prompt_time now);
  void erase(prompt_entry& x);

  void expire(time_point now);
  time_point next_expiry() const noexcept;

  template <class F>
  void for_each(F f) {
    for (auto& [number, x] : prompts_)
      f(*x);
  }

  std::size_t size() const noexcept { return prompts_.size(); }
  std::size_t open() const noexcept { return open_; }
  std::size_t holders() const noexcept { return holders_.size(); }
  std::size_t quiet_holders() const noexcept;
  std::size_t bytes() const noexcept { return bytes_; }
  std::uint64_t last_number() const noexcept { return last_number_; }
  std::uint64_t forgotten() const noexcept { return forgotten_; }

  /// The bytes that a prompt, an open request, an address and a container are
  /// charged in addition to their texts: for objects, entries of indexes, and
  /// the allocator. test/protocol/operator/prompt_memory.cpp measures it.
  static constexpr std::size_t prompt_overhead_bytes = 704;
  static constexpr std::size_t decision_overhead_bytes = 560;
  static constexpr std::size_t request_bytes = 64;
  static constexpr std::size_t address_overhead_bytes = 160;
  static constexpr std::size_t holder_overhead_bytes = 768;

private:
  void release_facts(prompt_holder& x,
                     const std::shared_ptr<const prompt_container>& facts);
  void take_hint(prompt_holder& x, slot_link hint);
  void drop_hint(prompt_holder& x) noexcept;
  void release(prompt_request& x) noexcept;
  void recharge(prompt_entry& x);
  bool is_over(const prompt_holder& x) const noexcept;
  bool is_over_in_all() const noexcept;
  prompt_entry* oldest_waiting(prompt_holder& owner, const prompt_entry& but);
  bool give_up_one(prompt_entry& x, prompt_time now);

  prompt_limits limits_;
  std::vector<prompt_observer*> observers_;
  std::map<std::uint64_t, std::unique_ptr<prompt_entry>> prompts_;
  std::map<std::string, prompt_holder, std::less<>> holders_;
  std::vector<prompt_holder*> hints_;               // by the registry's numbers
  std::map<std::uint64_t, std::uint64_t> finished_; // by finish_number
  time_point expire_from_ = time_point::max(); // nothing expires before that
  std::size_t open_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_finish_ = 0;
  std::uint64_t forgotten_ = 0;
};

} // namespace clearance::protocol
