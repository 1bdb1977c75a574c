/// A varlink client for tests. It uses nothing of protocol/.
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

/// A JSON object of these names and string values.
using string_parameters =
    std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string object_of(string_parameters parameters);

/// The bytes of a call, NUL included. `more_members` is JSON text that is added
/// unchanged, for example `"more":true`.
std::string call_bytes(std::string_view method,
                       std::string_view parameters = {},
                       std::string_view more_members = {});

/// Replies that tests expect.
varlink_reply success(std::string_view parameters = "{}");
varlink_reply failure(std::string_view error, string_parameters parameters);

class varlink_client {
public:
  explicit varlink_client(const std::filesystem::path& path) : socket_(path) {}

  raw_socket& socket() noexcept { return socket_; }

  /// Sends a call; `parameters` is a JSON object.
  void send(std::string_view method, std::string_view parameters = {},
            std::string_view more_members = {});

  /// Waits for the next reply. Throws if the stream ends or if the reply is not
  /// valid varlink.
  varlink_reply next_reply();

  /// Calls send() and next_reply().
  varlink_reply call(std::string_view method, std::string_view parameters = {});

  varlink_reply verdict(std::string_view container, std::string_view request_id,
                        std::string_view dest, std::string_view action);
  void send_verdict(std::string_view container, std::string_view request_id,
                    std::string_view dest, std::string_view action);

  /// After `Subscribe`: waits for the next event that is not a sync mark.
  wire_event next_event();

  /// After `Subscribe`: waits for the mark. Keeps the events before it for
  /// next_event().
  void await_mark(const std::string& mark);

  /// Waits for the mark and returns the events before it.
  std::vector<wire_event> events_until(const std::string& mark);

  /// After `Subscribe`: takes an event that is there; true if it is a mark.
  bool take_mark();

  /// The newest mark that came.
  const std::string& last_mark() const noexcept { return last_mark_; }

private:
  wire_event next_of_any_kind();

  raw_socket socket_;
  std::deque<wire_event> early_;
  std::string last_mark_;
};

/// A mark: a reader's line that changes nothing and that every subscriber gets.
/// It separates the events before it from those after it.
std::string mark_line(std::string_view container, const std::string& mark);

} // namespace clearance::test
