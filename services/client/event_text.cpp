#include "services/client/event_text.hpp"

#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"

namespace clearance::services {

namespace {

using protocol::event;
using protocol::event_type;

// SGR sequences. Source: ECMA-48, section 8.3.117.
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view faint = "\x1b[2m";
constexpr std::string_view red = "\x1b[1;31m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view plain = "\x1b[0m";

std::string_view color_of(const event& x) {
  switch (x.type) {
  case event_type::connection_blocked:
    return red;
  case event_type::container_started:
  case event_type::container_exited:
    return bold;
  case event_type::shield_up:
    return green;
  case event_type::shield_down:
  case event_type::shield_disengaged:
    return yellow;
  case event_type::verdict_applied:
    return x.ok ? green : red;
  }
  return plain;
}

/// Appends to a text, with colours if they are wanted.
struct writer {
  std::string& out;
  bool color;

  void put(std::string_view sgr, std::string_view text) {
    out += color ? sgr : "";
    out += text;
    out += color ? plain : "";
  }

  void field(std::string_view name, std::string_view value) {
    out += ' ';
    put(faint, std::string{name} + "=");
    out += shown(value);
  }
};

std::string endpoint(const event& x) {
  // The colons of an IPv6 address must not run into the port.
  bool v6 = x.dest.find(':') != std::string::npos;
  auto address = v6 ? "[" + x.dest + "]" : x.dest;
  auto port = std::to_string(x.port) + "/" + proto_name(x.proto);
  return shown(address) + ":" + port;
}

/// Whether a verdict can cite it: an empty request_id binds nothing, and there
/// is no verdict on an empty target.
bool answerable(const event& x) {
  return x.type == event_type::connection_blocked && !x.request_id.empty()
         && !x.target().empty();
}

// Null: the dossier has none.
const std::string* container_name(const event& x) {
  for (const auto& [key, value] : x.dossier)
    if (key == "container_name" && !value.empty())
      return &value;
  return nullptr;
}

void put_circumstances(writer& w, const event_circumstances& x) {
  if (x.repeated > 0)
    w.field("repeated", std::to_string(x.repeated));
  if (!x.hub.empty())
    w.field("hub", x.hub);
}

void put_details(writer& w, const event& x) {
  switch (x.type) {
  case event_type::connection_blocked:
    w.out += ' ';
    w.put(bold, endpoint(x));
    if (!x.domain.empty())
      w.field("domain", x.domain);
    w.field("request_id", x.request_id);
    break;
  case event_type::verdict_applied:
    w.out += ' ';
    w.out += shown(x.action);
    w.put(x.ok ? green : red, x.ok ? " ok" : " failed");
    w.field("request_id", x.request_id);
    break;
  case event_type::container_exited:
    if (!x.reason.empty())
      w.field("reason", x.reason);
    break;
  case event_type::container_started:
  case event_type::shield_up:
  case event_type::shield_down:
  case event_type::shield_disengaged:
    break;
  }
}

} // namespace

std::string event_text(const event& x, const event_circumstances& around,
                       const event_style& style) {
  std::string result;
  writer w{result, style.color};
  w.put(faint, around.time);
  result += ' ';
  w.put(color_of(x), to_string(x.type));
  result += ' ';
  result += shown(x.container);
  const auto* name = container_name(x);
  if (name != nullptr)
    result += " (" + shown(*name) + ")";
  put_details(w, x);
  for (const auto& [key, value] : x.dossier)
    if (&value != name)
      w.field(shown(key), value);
  put_circumstances(w, around);
  result += '\n';
  if (answerable(x)) {
    const bool is_far = !around.host.empty();
    w.put(faint, is_far ? "         the command that answers it is shown by: "
                        : "         answer (allow or deny): ");
    result += is_far ? list_command(x, around.host)
                     : answer_command(x, around.socket, style.default_socket);
    result += '\n';
  }
  return result;
}

std::string unknown_event_text(std::string_view json,
                               const event_circumstances& around,
                               const event_style& style) {
  std::string result;
  writer w{result, style.color};
  w.put(faint, around.time);
  w.put(yellow, " unknown event ");
  result += json;
  put_circumstances(w, around);
  return result + '\n';
}

std::string event_json(std::string_view event, std::string_view socket,
                       std::int64_t time) {
  std::string path;
  protocol::append_json(path, protocol::escaped(socket));
  std::string result = R"({"event":)";
  result += event;
  result += R"(,"hub":)" + path + R"(,"time":)" + std::to_string(time);
  return result + "}\n";
}

std::string answer_command(const event& x, std::string_view socket,
                           std::string_view default_socket) {
  std::string result = "terok-clearance verdict";
  // What a container chose must stay an operand, whatever it starts with.
  bool dash = x.request_id.starts_with('-') || x.target().starts_with('-');
  auto operands = " " + shell_quoted(x.request_id) + " "
                  + shell_quoted(x.target()) + " allow";
  if (!dash)
    result += operands;
  result += x.container.starts_with('-') ? " --container=" : " --container ";
  result += shell_quoted(x.container);
  if (socket != default_socket)
    result += " --clearance-socket " + shell_quoted(socket);
  if (dash)
    result += " --" + operands;
  return result;
}

std::string list_command(const event& x, std::string_view host) {
  return "terok-clearance list --host " + shell_quoted(host)
         + (x.container.starts_with('-') ? " --container=" : " --container ")
         + shell_quoted(x.container);
}

std::string proto_name(std::int64_t proto) {
  switch (proto) {
  case 1:
    return "icmp";
  case 6:
    return "tcp";
  case 17:
    return "udp";
  case 58:
    return "icmpv6";
  default:
    return std::to_string(proto);
  }
}

} // namespace clearance::services
