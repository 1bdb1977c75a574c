/// One whole JSON message, parsed and validated to its last byte. For the
/// parsers of protocol/; nobody else sees simdjson.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// The DOM of one message, its top an object. Small messages share a parser of
/// this thread: at most one json_message lives in a thread at a time. A large
/// one has a parser of its own, which goes with it: an idle process keeps
/// nothing of the largest message it ever saw.
class json_message {
public:
  /// `capacity` bytes from the text's first on are readable; fewer than
  /// text.size() + frame_batch::padding costs a copy.
  json_message(std::string_view text, std::size_t capacity);
  ~json_message();
  json_message(const json_message&) = delete;
  json_message& operator=(const json_message&) = delete;

  /// The top; nothing if the message is no JSON object. Its views live as long
  /// as this.
  const std::optional<simdjson::dom::object>& object() const noexcept {
    return object_;
  }

  /// Why there is no object; a literal.
  std::string_view why() const noexcept { return why_; }

private:
  simdjson::error_code parse(std::string_view text, std::size_t capacity,
                             simdjson::dom::element& out);

  std::string copy_;
  std::optional<simdjson::dom::parser> own_;
  std::optional<simdjson::dom::object> object_;
  std::string_view why_;
};

/// Of elements with the same name only the last one's value stays, at the first
/// one's place. `name` gives an element's name. O(n log n) at worst: a message
/// can hold 200 000 of them.
template <class T, class Name>
void keep_last_of_each(std::vector<T>& xs, Name name) {
  auto is_new = [&](const T& x) {
    return std::none_of(std::as_const(xs).data(), &x,
                        [&](const T& y) { return name(y) == name(x); });
  };
  constexpr std::size_t few = 16;
  if (xs.size() <= few && std::all_of(xs.begin(), xs.end(), is_new))
    return;
  std::vector<std::size_t> order(xs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](auto l, auto r) { return name(xs[l]) < name(xs[r]); });
  // Each run holds the places of one name, oldest first.
  std::vector<bool> gone(xs.size());
  for (std::size_t i = 0; i < order.size();) {
    auto last = i;
    while (last + 1 < order.size()
           && name(xs[order[last + 1]]) == name(xs[order[i]]))
      gone[order[++last]] = true;
    if (last != i)
      std::swap(xs[order[i]], xs[order[last]]);
    i = last + 1;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (!gone[i] && kept++ != i)
      xs[kept - 1] = std::move(xs[i]);
  xs.resize(kept);
}

} // namespace clearance::protocol
