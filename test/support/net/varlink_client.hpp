/// A varlink client for tests, independent of protocol/.
#pragma once

#include "test/support/net/raw_socket.hpp"
#include "test/support/wire/json.hpp"
#include "test/support/wire/wire_event.hpp"

#include <deque>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::test {

/// One reply. `error` is empty for success.
struct varlink_reply {
  std::string error;
  json parameters;

  friend bool operator==(const varlink_reply&, const varlink_reply&) = default;
};

std::string to_string(const varlink_reply& x);

inline std::ostream& operator<<(std::ostream& out, const varlink_reply& x) {
  return out << to_string(x);
}

/// Names and values, as an object of strings.
using string_parameters =
    std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string object_of(string_parameters parameters);

/// A call as bytes, NUL included; `more_members` go in as they are, for example
/// `"more":true`.
std::string call_bytes(std::string_view method,
                       std::string_view parameters = {},
                       std::string_view more_members = {});

/// Expected replies.
varlink_reply success(std::string_view parameters = "{}");
varlink_reply failure(std::string_view error, string_parameters parameters);

class varlink_client {
public:
  explicit varlink_client(const std::filesystem::path& path) : socket_(path) {}

  raw_socket& socket() noexcept { return socket_; }

  /// Sends a call; `parameters` is a JSON object.
  void send(std::string_view method, std::string_view parameters = {},
            std::string_view more_members = {});

  /// Awaits the next reply. Throws when the stream ends or when the reply is
  /// not of varlink's form.
  varlink_reply next_reply();

  /// send() and next_reply().
  varlink_reply call(std::string_view method, std::string_view parameters = {});

  varlink_reply verdict(std::string_view container, std::string_view request_id,
                        std::string_view dest, std::string_view action);
  void send_verdict(std::string_view container, std::string_view request_id,
                    std::string_view dest, std::string_view action);

  /// After `Subscribe`: awaits the next event that is not a sync mark.
  wire_event next_event();

  /// After `Subscribe`: awaits the mark, keeping what comes before it for
  /// next_event().
  void await_mark(const std::string& mark);

  /// The same, and returns what came before it.
  std::vector<wire_event> events_until(const std::string& mark);

  /// After `Subscribe`: takes an event that is here; true when it is a mark.
  bool take_mark();

  /// The newest mark seen.
  const std::string& last_mark() const noexcept { return last_mark_; }

private:
  wire_event next_of_any_kind();

  raw_socket socket_;
  std::deque<wire_event> early_;
  std::string last_mark_;
};

/// A reader's line that every subscriber sees and that changes nothing; next to
/// it stand what happened before and what after.
std::string mark_line(std::string_view container, const std::string& mark);

} // namespace clearance::test
