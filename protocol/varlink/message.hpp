/// Varlink messages: calls in, replies out; and the other way for clients.
/// Source: varlink.org, "Protocol" and "Service".
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

/// One top-level parameter. Only what our interfaces use is told apart.
struct parameter {
  enum class kind { string, boolean, integer, null, other };

  std::string name;
  kind type = kind::null;
  std::string text; ///< the string's text; "true"/"false"; the integer, which
                    ///< fits 64 bits signed; else ""
};

/// One call. Of a repeated key the last one counts.
struct call {
  std::string method;
  std::vector<parameter> parameters;
  bool more = false;
  bool oneway = false;
  bool upgrade = false;
};

/// Why a message is no call; close the peer.
struct malformed {
  std::string_view why; ///< a literal
};

/// The parameter of that name, or null.
const parameter* find(const std::vector<parameter>& xs,
                      std::string_view name) noexcept;

/// Parses one message (without its NUL). `capacity` as in reader_line.hpp.
/// malformed: not JSON, not an object, no `method`, an unqualified `method`
/// (no dot, or nothing before or behind the last one), `parameters` that are
/// no object (null counts as none), or a flag that is no boolean (null is
/// none). Source: clearance.md, section 7.
std::variant<call, malformed> parse_call(std::string_view message,
                                         std::size_t capacity = 0);

/// Appends a call, NUL included. `parameters` are strings.
void append_call(
    std::string& out, std::string_view method,
    const std::vector<std::pair<std::string_view, std::string_view>>&
        parameters,
    bool more = false);

/// Appends `{"parameters":{...}}` and a NUL; `members` is the inside of the
/// object, already JSON, maybe empty.
void append_reply(std::string& out, std::string_view members);

/// Appends an error reply with string parameters, NUL included.
void append_error(
    std::string& out, std::string_view name,
    const std::vector<std::pair<std::string_view, std::string_view>>&
        parameters = {});

/// Appends what a `Verdict` call gets: `ok`, or the typed error.
void append_verdict(std::string& out, const verdict_outcome& x);

/// Appends what an `Apply` call gets.
void append_apply(std::string& out, const shield_outcome& x);

/// A reply as a client sees it.
struct reply {
  std::string error; ///< qualified name; empty for success
  bool continues = false;
  std::vector<parameter> parameters; ///< top-level ones
  std::optional<event> notification; ///< parameters.event, when there is one
};

/// Parses one message of a service. `notification` stays empty for an event
/// whose type we do not know or whose known fields have a wrong type; fields
/// that are absent are empty or zero, unknown ones are ignored.
/// malformed: not JSON, not an object, an `error` that is no string (null
/// counts as none), a `continues` that is no boolean, `parameters` that are no
/// object (null counts as none).
std::variant<reply, malformed> parse_reply(std::string_view message,
                                           std::size_t capacity = 0);

} // namespace clearance::protocol::varlink
