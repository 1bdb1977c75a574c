#include "protocol/guard/set_change.hpp"

#include "protocol/guard/limits.hpp"
#include "protocol/guard/rules.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace clearance::protocol {

namespace {

constexpr std::uint16_t batch_begin = 0x10;
constexpr std::uint16_t batch_end = 0x11;
constexpr std::uint16_t nft_subsystem = 10;
constexpr std::uint16_t new_element = nft_subsystem << 8 | 12;
constexpr std::uint16_t old_element = nft_subsystem << 8 | 14;

constexpr std::uint16_t request_flag = 1;     // NLM_F_REQUEST
constexpr std::uint16_t ack_flag = 4;         // NLM_F_ACK
constexpr std::size_t flags_offset = 6;       // in nlmsghdr
constexpr std::uint16_t create_flag = 0x400;  // NLM_F_CREATE
constexpr std::uint16_t nested_flag = 0x8000; // NLA_F_NESTED
constexpr char inet_family = 1;               // NFPROTO_INET
constexpr std::uint16_t list_table = 1;       // NFTA_SET_ELEM_LIST_TABLE
constexpr std::uint16_t list_set = 2;         // ..._SET
constexpr std::uint16_t list_elements = 3;    // ..._ELEMENTS
constexpr std::uint16_t list_element = 1;     // NFTA_LIST_ELEM
constexpr std::uint16_t element_key = 1;      // NFTA_SET_ELEM_KEY
constexpr std::uint16_t element_timeout = 4;  // NFTA_SET_ELEM_TIMEOUT
constexpr std::uint16_t data_value = 1;       // NFTA_DATA_VALUE

// Messages and attributes: each begins with its size, and the next one begins
// at a multiple of four.
class batch_writer {
public:
  batch_writer() { put_bounds(batch_begin); }

  void put_element(std::uint16_t type, const std::string& set,
                   const ip_address& x,
                   std::optional<std::chrono::seconds> time) {
    const auto message = begin_set_message(type, set);
    const auto elements = begin(list_elements | nested_flag);
    const auto element = begin(list_element | nested_flag);
    const auto key = begin(element_key | nested_flag);
    put(data_value, key_of(x));
    end(key);
    if (time)
      put(element_timeout, big_endian(std::chrono::milliseconds{*time}));
    end(element);
    end(elements);
    end_message(message);
  }

  /// What is not there cannot be deleted, and what is there is not changed by
  /// a new element: so the element is made, deleted, and made as it is to be.
  void replace_element(const std::string& set, const ip_address& x,
                       std::optional<std::chrono::seconds> time) {
    delete_element(set, x);
    put_element(new_element, set, x, time);
  }

  void delete_element(const std::string& set, const ip_address& x) {
    put_element(new_element, set, x, {});
    put_element(old_element, set, x, {});
  }

  /// Deletes all elements.
  void flush(const std::string& set) {
    end_message(begin_set_message(old_element, set));
  }

  /// The kernel answers to the last message, and to each that fails.
  std::string finish() {
    std::uint16_t flags = 0;
    auto* at = bytes_.data() + last_ + flags_offset;
    std::memcpy(&flags, at, sizeof flags);
    flags |= ack_flag;
    std::memcpy(at, &flags, sizeof flags);
    put_bounds(batch_end);
    return std::move(bytes_);
  }

private:
  static std::string key_of(const ip_address& x) {
    const auto* all = reinterpret_cast<const char*>(x.bytes.data());
    const std::string_view view(all, x.bytes.size());
    return std::string{x.is_ipv4() ? view.substr(12) : view};
  }

  std::size_t begin_set_message(std::uint16_t type, const std::string& set) {
    last_ = begin_message(type, inet_family, 0);
    // guard_table is the family and the name.
    const auto name = guard_table.substr(guard_table.find(' ') + 1);
    put(list_table, std::string{name} + '\0');
    put(list_set, set + '\0');
    return last_;
  }

  static std::string big_endian(std::chrono::milliseconds time) {
    std::string result;
    for (int shift = 56; shift >= 0; shift -= 8)
      result += static_cast<char>(time.count() >> shift & 0xff);
    return result;
  }

  template <class Integer>
  void put_native(Integer value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::size_t begin_message(std::uint16_t type, char family,
                            std::uint16_t resource) {
    const auto at = bytes_.size();
    const auto create = type == new_element ? create_flag : std::uint16_t{0};
    put_native(std::uint32_t{0}); // the size
    put_native(type);
    put_native(static_cast<std::uint16_t>(request_flag | create));
    put_native(next_sequence_++);
    put_native(std::uint32_t{0}); // to the kernel
    bytes_ += family;
    bytes_ += '\0'; // NFNETLINK_V0
    bytes_ += static_cast<char>(resource >> 8 & 0xff);
    bytes_ += static_cast<char>(resource & 0xff);
    return at;
  }

  void end_message(std::size_t at) {
    const auto size = static_cast<std::uint32_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &size, sizeof size);
  }

  void put_bounds(std::uint16_t type) {
    end_message(begin_message(type, 0, nft_subsystem));
  }

  std::size_t begin(std::uint16_t type) {
    const auto at = bytes_.size();
    put_native(std::uint16_t{0}); // the size
    put_native(type);
    return at;
  }

  void end(std::size_t at) {
    const auto size = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &size, sizeof size);
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
  }

  void put(std::uint16_t type, const std::string& value) {
    const auto at = begin(type);
    bytes_ += value;
    end(at);
  }

  std::string bytes_;
  std::size_t last_ = 0; // where the last message about a set begins
  std::uint32_t next_sequence_ = 0;
};

} // namespace

std::string address_verdict(const std::vector<ip_range>& addresses, bool allow,
                            std::optional<std::chrono::seconds> time) {
  batch_writer out;
  for (const auto& x : addresses) {
    out.delete_element(verdict_set(x, !allow), x.base);
    out.replace_element(verdict_set(x, allow), x.base, time);
  }
  return out.finish();
}

std::string open_named_addresses(const std::vector<dns_address>& all) {
  batch_writer out;
  bool is_empty = true;
  for (const auto& x : all) {
    if (is_special(x.address))
      continue;
    is_empty = false;
    out.replace_element(x.address.is_ipv4() ? "name4" : "name6", x.address,
                        std::clamp(std::chrono::seconds{x.ttl},
                                   guard_limits::named_min_time,
                                   guard_limits::named_max_time));
  }
  return is_empty ? std::string{} : out.finish();
}

std::string close_named_addresses() {
  batch_writer out;
  out.flush("name4");
  out.flush("name6");
  return out.finish();
}

} // namespace clearance::protocol
