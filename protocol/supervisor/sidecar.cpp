// Reading takes two steps, so that the reported fault does not depend on the
// order of the fields in the file: first the last value of each field is noted,
// then the values are judged in the order of the table in supervisor.md,
// section 1.

#include "protocol/supervisor/sidecar.hpp"

#include "protocol/base/container_id.hpp"
#include "protocol/gate/git_route.hpp"
#include "protocol/gate/limits.hpp"
#include "protocol/json/strict_json.hpp"
#include "protocol/supervisor/limits.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <utility>

namespace clearance::protocol {

namespace {

using kind = json_item::kind;

enum field : std::size_t {
  container_name,
  ipc_mode,
  runtime_dir,
  project_id,
  container_id,
  init_pid,
  gate_base_path,
  gate_token,
  gate_port,
  allow_debugger,
  field_count,
};

constexpr std::array<std::string_view, field_count> names{
    "container_name", "ipc_mode",       "runtime_dir",    "project_id",
    "container_id",   "init_pid",       "gate_base_path", "gate_token",
    "gate_port",      "allow_debugger",
};

// Thrown and caught only in this file.
struct refused_field {
  sidecar_fault fault;
};

[[noreturn]] void refuse(field x, std::string why) {
  throw refused_field{{std::string{names[x]}, std::move(why)}};
}

std::string shown(std::string_view text) {
  return "`" + escaped(text, 64) + "`";
}

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

/// The values of the known fields. The texts are valid while the reader's
/// document is.
class notes {
public:
  bool take(json_reader& reader, std::string_view name, json_reader::value& x) {
    json_item item;
    if (!reader.take(x, item))
      return false;
    auto at = std::find(names.begin(), names.end(), name);
    if (at != names.end())
      items_[static_cast<std::size_t>(at - names.begin())] =
          item.type == kind::null ? std::nullopt : std::optional{item};
    return true;
  }

  bool has(field x) const { return items_[x].has_value(); }

  /// Has a value, which is not the empty text.
  bool filled(field x) const {
    return has(x)
           && (items_[x]->type != kind::string || !items_[x]->text.empty());
  }

  std::string_view text(field x) const {
    return of(x, kind::string, "a string").text;
  }

  bool flag(field x) const {
    return of(x, kind::boolean, "true or false").text == "true";
  }

  /// Accepts an integer from 1 to `max`, written without fraction and exponent.
  template <class T>
  T number(field x, T max = std::numeric_limits<T>::max()) const {
    const auto& item = of(x, kind::number, "a number");
    const auto value = integer_part(item.text);
    if (!value || *value < 1 || *value > max
        || item.text != std::to_string(*value))
      refuse(x, "is not a whole number from 1 to " + std::to_string(max));
    return static_cast<T>(*value);
  }

private:
  const json_item& of(field x, kind type, const char* what) const {
    if (!has(x))
      refuse(x, "is missing");
    if (items_[x]->type != type)
      refuse(x, std::string{"is not "} + what);
    return *items_[x];
  }

  std::array<std::optional<json_item>, field_count> items_;
};

std::string component(const notes& from, field x) {
  const auto text = from.text(x);
  if (text.empty() || text == "." || text == ".." || has_control(text)
      || text.find('/') != text.npos
      || text.size() > supervisor_limits::name_max_bytes)
    refuse(x, shown(text) + " is not a safe directory name");
  return std::string{text};
}

// Other directories are derived from this one, so it must be unambiguous:
// double slashes and slashes at the end are removed.
std::string directory(const notes& from, field x) {
  const auto text = from.text(x);
  if (!text.starts_with('/'))
    refuse(x, shown(text) + " is not an absolute path");
  if (has_control(text))
    refuse(x, "has a control character in it");
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('/', at), text.size());
    const auto part = text.substr(at, end - at);
    if (part == "." || part == "..")
      refuse(x, shown(text) + " has a component `.` or `..`");
    if (!part.empty())
      (result += '/') += part;
    at = end + 1;
  }
  if (result.empty())
    refuse(x, "is the root directory");
  return result;
}

secret token(const notes& from) {
  const auto text = from.text(gate_token);
  const auto bad = [](char c) {
    return static_cast<unsigned char>(c) < 0x21 || c == 0x7f || c == ':';
  };
  if (text.size() > gate_limits::token_max_bytes)
    refuse(gate_token, "is longer than "
                           + std::to_string(gate_limits::token_max_bytes)
                           + " bytes");
  if (std::any_of(text.begin(), text.end(), bad))
    refuse(gate_token, "has a colon, white space or a control character in it");
  return secret{text};
}

sidecar::ipc mode(const notes& from) {
  if (!from.has(ipc_mode))
    return sidecar::ipc::socket;
  const auto text = from.text(ipc_mode);
  if (text != "socket" && text != "tcp")
    refuse(ipc_mode, shown(text) + " is neither socket nor tcp");
  return text == "tcp" ? sidecar::ipc::tcp : sidecar::ipc::socket;
}

// Reads the fields that identify the container, except its name.
void judge_container(const notes& from, sidecar& to) {
  if (from.has(container_id)) {
    to.container_id = from.text(container_id);
    if (!is_container_id(to.container_id))
      refuse(container_id,
             shown(to.container_id) + " is not 12 to 64 hexadecimal digits");
  }
  if (from.has(init_pid))
    to.init_pid = from.number<std::int32_t>(init_pid);
}

sidecar_gate judge_gate(const notes& from, sidecar& to) {
  sidecar_gate result;
  result.project_id = from.text(project_id);
  if (!is_repository_name(result.project_id) || result.project_id == "."
      || result.project_id == "..")
    refuse(project_id, shown(result.project_id)
                           + " is not a repository name (A-Z a-z 0-9 . _ -)");
  for (auto needed : {gate_base_path, gate_token})
    if (!from.filled(needed))
      refuse(needed, "is missing: a gate needs gate_base_path and gate_token");
  result.base_path = directory(from, gate_base_path);
  result.token = token(from);
  if (to.ipc_mode == sidecar::ipc::tcp)
    to.gate_port = from.number<std::uint16_t>(gate_port);
  return result;
}

// If these fields have a fault, the container gets its other services
// nevertheless.
void settle_gate(const notes& from, sidecar& to) try {
  if (from.filled(gate_base_path) || from.filled(gate_token))
    to.gate = judge_gate(from, to);
} catch (refused_field& x) {
  to.gate_fault = std::move(x.fault);
}

sidecar judge(const notes& from) {
  sidecar result;
  result.container_name = component(from, container_name);
  result.ipc_mode = mode(from);
  result.runtime_dir = directory(from, runtime_dir);
  judge_container(from, result);
  result.allow_debugger = from.has(allow_debugger) && from.flag(allow_debugger);
  settle_gate(from, result);
  return result;
}

} // namespace

std::string to_string(const sidecar_fault& x) {
  return x.field.empty() ? x.why : x.field + ": " + x.why;
}

sidecar for_container(const sidecar& x, std::string id) {
  sidecar result;
  result.container_name = x.container_name;
  result.ipc_mode = x.ipc_mode;
  result.runtime_dir = x.runtime_dir;
  result.container_id = std::move(id);
  if (x.gate)
    result.gate = {x.gate->base_path, x.gate->project_id,
                   secret{x.gate->token.reveal()}};
  result.gate_fault = x.gate_fault;
  result.gate_port = x.gate_port;
  result.allow_debugger = x.allow_debugger;
  return result;
}

bool is_container_name(std::string_view text) noexcept {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z');
  };
  return !text.empty() && text.size() <= supervisor_limits::name_max_bytes
         && plain(text.front())
         && std::all_of(text.begin(), text.end(), [&](char c) {
              return plain(c) || c == '_' || c == '.' || c == '-';
            });
}

std::variant<sidecar, sidecar_fault> parse_sidecar(std::string_view text) {
  if (text.size() > supervisor_limits::sidecar_max_bytes)
    return sidecar_fault{"", "larger than 64 KiB"};
  json_reader reader{supervisor_limits::sidecar_nesting_max_depth};
  notes noted;
  if (!reader.read(text, text.size(),
                   [&](std::string_view name, json_reader::value& x) {
                     return noted.take(reader, name, x);
                   }))
    return sidecar_fault{"", std::string{to_string(reader.why())}};
  try {
    return judge(noted);
  } catch (refused_field& x) {
    return std::move(x.fault);
  }
}

static_assert(supervisor_limits::sidecar_max_bytes == 64 * 1024,
              "the message names it");
static_assert(supervisor_limits::container_id_min_digits
                      == short_container_id_digits
                  && supervisor_limits::container_id_max_digits
                         == whole_container_id_digits,
              "the limits are those of is_container_id()");

} // namespace clearance::protocol
