#include "protocol/operator/relay_frame.hpp"

#include "protocol/json/json_tree.hpp"
#include "protocol/operator/client_limits.hpp"
#include "protocol/operator/json_members.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

namespace clearance::protocol {

namespace {

constexpr std::string_view channel_key = R"({"channel":)";
constexpr std::string_view data_key = R"(,"data":)";

/// Digits of a channel's number.
constexpr std::size_t channel_max_digits = 10;

/// `x` is not empty and does not begin with 0, unless it is 0.
std::optional<std::uint32_t> channel_number(std::string_view x) {
  std::uint32_t value = 0;
  const auto* end = x.data() + x.size();
  const auto [at, error] = std::from_chars(x.data(), end, value);
  if (x.empty() || at != end || error != std::errc{}
      || (x.front() == '0' && x.size() > 1))
    return std::nullopt;
  return value;
}

/// `{"channel":N,"data":{...}}`, else nothing.
std::optional<relay_data> data_frame(std::string_view frame) {
  if (!frame.starts_with(channel_key) || !frame.ends_with("}}"))
    return std::nullopt;
  frame.remove_prefix(channel_key.size());
  const auto digits =
      std::min(frame.find_first_not_of("0123456789"), frame.size());
  const auto channel = channel_number(frame.substr(0, digits));
  frame.remove_prefix(digits);
  if (!channel || !frame.starts_with(data_key))
    return std::nullopt;
  frame.remove_prefix(data_key.size());
  frame.remove_suffix(1);
  if (!frame.starts_with('{'))
    return std::nullopt;
  return relay_data{*channel, frame};
}

relay_fault no_frame(std::string_view what) {
  return {"it sent bytes that are no frame: " + std::string{what}};
}

/// The path of a socket: a client shows it and puts it behind a host's name.
bool is_path(const std::string& x) {
  return x.starts_with('/') && !x.starts_with("//")
         && x.size() <= client_limits::relayed_path_max_bytes
         && x.find('\0') == std::string::npos;
}

relay_frame hubs_frame(const json_tree& x) {
  if (x.type != json_tree::kind::array)
    return no_frame("`hubs` is no array");
  if (x.items.size() > client_limits::followed_hubs_max)
    return no_frame("too many hubs");
  relay_hubs result;
  for (const auto& each : x.items) {
    auto path = each.string();
    if (!path || !is_path(*path))
      return no_frame("a hub is no absolute path");
    result.paths.push_back(std::move(*path));
  }
  return result;
}

template <class Frame>
std::string begin_frame(const Frame& x) {
  return std::string{channel_key} + std::to_string(x.channel);
}

} // namespace

relay_frame parse_relay_frame(std::string_view frame) {
  if (auto data = data_frame(frame))
    return *data;
  const auto tree = parse_json_tree(frame);
  if (!tree || tree->type != json_tree::kind::object)
    return no_frame("no JSON object");
  const auto& members = tree->members;
  if (members.size() == 1 && members[0].name == "hubs")
    return hubs_frame(members[0].value);
  if (members.size() != 2 || members[0].name != "channel")
    return no_frame("no `channel` and one member more");
  if (members[0].value.type != json_tree::kind::number)
    return no_frame("`channel` is no number");
  const auto channel = channel_number(members[0].value.text);
  if (!channel)
    return no_frame("`channel` is no number of 32 bits");
  const auto& [name, value] = members[1];
  if (name == "credit") {
    const auto bytes = value.integer();
    if (!bytes || *bytes <= 0
        || *bytes > static_cast<std::int64_t>(
               client_limits::relay_frame_max_bytes))
      return no_frame("`credit` is no number of bytes");
    return relay_credit{*channel, static_cast<std::size_t>(*bytes)};
  }
  auto text = value.string();
  if (!text)
    return no_frame("a member is no text");
  if (name == "close")
    return relay_close{*channel, std::move(*text)};
  if (name == "open" && is_path(*text))
    return relay_open{*channel, std::move(*text)};
  return no_frame(name == "open" ? "`open` is no absolute path"
                                 : "a member is not known");
}

void append_relay_frame(std::string& out, const relay_hubs& x) {
  {
    json_members to{out};
    to.list("hubs", x.paths, [](std::string& text, const std::string& path) {
      append_json(text, path);
    });
  }
  out += '\0';
}

void append_relay_frame(std::string& out, const relay_open& x) {
  {
    json_members to{out};
    to.count("channel", x.channel);
    to.text("open", x.hub);
  }
  out += '\0';
}

void append_relay_frame(std::string& out, const relay_data& x) {
  out += begin_frame(x);
  out += data_key;
  out += x.message;
  out += '}';
  out += '\0';
}

void append_relay_frame(std::string& out, const relay_credit& x) {
  {
    json_members to{out};
    to.count("channel", x.channel);
    to.count("credit", x.bytes);
  }
  out += '\0';
}

void append_relay_frame(std::string& out, const relay_close& x) {
  {
    json_members to{out};
    to.count("channel", x.channel);
    to.text("close", x.reason);
  }
  out += '\0';
}

std::size_t relayed_message_max_bytes() noexcept {
  return client_limits::relay_frame_max_bytes - channel_key.size()
         - channel_max_digits - data_key.size() - 1;
}

std::uint64_t relay_sender::initial() noexcept {
  return client_limits::relay_credit_bytes;
}

bool relay_sender::grant(std::size_t bytes) noexcept {
  // Nobody can pass on what was not sent.
  if (granted_ + bytes > used_ + client_limits::relay_credit_bytes)
    return false;
  granted_ += bytes;
  return true;
}

bool relay_receiver::received(std::size_t bytes) noexcept {
  if (received_ >= granted_ + client_limits::relay_credit_bytes)
    return false;
  received_ += bytes;
  return true;
}

std::size_t relay_receiver::passed_on(std::size_t bytes) noexcept {
  passed_on_ += bytes;
  const auto due = passed_on_ - granted_;
  if (due < client_limits::relay_credit_bytes / 4)
    return 0;
  granted_ = passed_on_;
  return static_cast<std::size_t>(due);
}

} // namespace clearance::protocol
