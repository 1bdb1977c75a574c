/// Which requests of browsers are answered. Source: clients.md, section 4.
#pragma once

#include "protocol/text/secret.hpp"
#include "protocol/web/tokens.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace clearance::protocol {

/// What a request asks for.
enum class web_call : std::uint8_t {
  page,    ///< `GET /`: the only one that is no POST
  session, ///< trades a one-time token for a bearer token
  window,  ///< a one-time token for another window
  stream,  ///< all prompts, then every change
  alive,   ///< answers at once: the server can be reached
  decide,
  explain,
  quiet,
  rule, ///< the text of a rule that would decide a prompt
  rules,
};

/// Why a request is refused.
struct web_refusal {
  int status = 403;
  std::string_view why; ///< a literal for the operator's terminal

  friend bool operator==(const web_refusal&, const web_refusal&) = default;
};

/// A request's head, field by field. A field that decides who asks may stand
/// there once.
class web_request_head {
public:
  void start(std::string_view method, std::string_view target);
  void add(std::string_view name, std::string_view value);

  /// Judges the head before a byte of the body is looked at. `host` is the
  /// address and the port that were printed, for example `127.3.1.4:4567`.
  std::variant<web_call, web_refusal>
  judge(std::string_view host, const web_tokens& tokens, time_point now) const;

  /// The bearer token; empty if there is none.
  std::string_view bearer() const noexcept { return bearer_.reveal(); }

private:
  void set(std::optional<std::string>& field, std::string_view value);

  std::string method_;
  std::string target_;
  std::optional<std::string> host_;
  std::optional<std::string> origin_;
  std::optional<std::string> site_;
  std::optional<std::string> type_;
  std::optional<std::string> mark_;
  std::optional<std::string> length_;
  secret bearer_;
  bool has_authorization_ = false;
  bool has_coding_ = false;
  bool is_repeated_ = false;
};

/// The name and the value of the field that only our page sends: no other site
/// can make a browser send it without asking us first.
inline constexpr std::string_view web_mark_name = "x-terok-clearance";
inline constexpr std::string_view web_mark_value = "1";

} // namespace clearance::protocol
