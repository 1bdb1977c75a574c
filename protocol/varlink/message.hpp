/// Varlink messages: calls and replies, for services and for clients. Source:
/// varlink.org, "Protocol" and "Service".
#pragma once

#include "protocol/hub/event.hpp"
#include "protocol/hub/verdict.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::protocol::varlink {

/// One top-level parameter. It has a kind only for the types that our
/// interfaces use.
struct parameter {
  enum class kind { string, boolean, integer, null, other };

  std::string name;
  kind type = kind::null;
  /// the text of a string; "true" or "false"; an integer of 64 bits with sign;
  /// the source text of an array, an object or another number; "" of null and
  /// of the parameter `event` of a reply
  std::string text;
};

/// One call. If a key is repeated, the last one counts.
struct call {
  std::string method;
  std::vector<parameter> parameters;
  bool more = false;
  bool oneway = false;
  bool upgrade = false;
};

/// The message is not a call; close the connection.
struct malformed {
  std::string_view why; ///< a literal
};

/// Makes what the calling thread needs to read messages. The first message of a
/// thread does the same, but where there is no memory for it the C library
/// aborts the process.
void prepare_thread();

/// The parameter of that name, or null.
const parameter* find(const std::vector<parameter>& xs,
                      std::string_view name) noexcept;

/// Parses one message (without its NUL). `capacity` as in reader_line.hpp.
/// malformed: it is not JSON, not an object, has no `method`, has a `method`
/// without an interface (no dot, or nothing before or after the last dot),
/// `parameters` that are not an object (null counts as none), or a flag that is
/// not a boolean (null counts as none). Source: clearance.md, section 7.
std::variant<call, malformed> parse_call(std::string_view message,
                                         std::size_t capacity = 0);

/// Appends a call, NUL included. All `parameters` are strings.
void append_call(
    std::string& out, std::string_view method,
    const std::vector<std::pair<std::string_view, std::string_view>>&
        parameters,
    bool more = false);

/// Appends `{"parameters":{...}}` and a NUL. `members` is the JSON text between
/// the inner braces; it may be empty.
void append_reply(std::string& out, std::string_view members);

/// Appends an error reply with string parameters, NUL included.
void append_error(
    std::string& out, std::string_view name,
    const std::vector<std::pair<std::string_view, std::string_view>>&
        parameters = {});

/// Appends the reply to a `Verdict` call: `ok`, or the error.
void append_verdict(std::string& out, const verdict_outcome& x);

/// Appends the reply to an `Apply` call.
void append_apply(std::string& out, const shield_outcome& x);

/// A reply as a client sees it.
struct reply {
  std::string error; ///< qualified name; empty for success
  bool continues = false;
  std::vector<parameter> parameters; ///< the top-level parameters
  /// the event in parameters.event, if there is one
  std::optional<event> notification;
};

/// Parses one message of a service. `notification` is empty if the event's type
/// is unknown or a known field has a wrong type. Absent fields are empty or
/// zero, unknown ones are ignored. malformed: not JSON, not an object, an
/// `error` that is not a string (null counts as none), a `continues` that is
/// not a boolean, `parameters` that are not an object (null counts as none).
std::variant<reply, malformed> parse_reply(std::string_view message,
                                           std::size_t capacity = 0);

} // namespace clearance::protocol::varlink
