#include "services/client/hub_name.hpp"

#include "protocol/text/text.hpp"

#include <algorithm>

namespace clearance::services {

namespace {

constexpr std::size_t host_max_bytes = 255;

/// A host as a URI, where ssh takes a port, too.
constexpr std::string_view uri_scheme = "ssh://";

std::string label_of_path(std::string_view path) {
  auto name = path.substr(path.rfind('/') + 1); // npos + 1 is 0
  if (name == "hub.sock" && name.size() < path.size()) {
    auto directory = path.substr(0, path.size() - name.size() - 1);
    name = directory.substr(directory.rfind('/') + 1);
  } else if (name.ends_with(".sock")) {
    name.remove_suffix(5);
  }
  return protocol::escaped(name.empty() ? path : name);
}

/// How many bytes of `name` are the host and its colon; 0: there is no host.
std::size_t host_size(std::string_view name) {
  if (name.starts_with('/') || name.starts_with('.'))
    return 0;
  const auto begin = name.starts_with(uri_scheme) ? uri_scheme.size() : 0;
  const auto at = name.find(":/", begin);
  return at == name.npos ? 0 : at + 1;
}

} // namespace

std::string host_fault(std::string_view word) {
  if (word.empty())
    return "must not be empty";
  if (word.starts_with('-'))
    return "must not begin with `-`: ssh would take it for an option";
  if (word.size() > host_max_bytes)
    return "is longer than the " + std::to_string(host_max_bytes)
           + " bytes that a host may have";
  const auto name =
      word.starts_with(uri_scheme) ? word.substr(uri_scheme.size()) : word;
  const bool is_odd = std::any_of(name.begin(), name.end(), [](char c) {
    return c <= ' ' || c > '~' || c == '/';
  });
  if (name.empty() || name.starts_with('.') || is_odd)
    return "is no [USER@]HOST";
  return {};
}

std::string hub_name(const std::string& path) {
  return host_size(path) > 0 ? "./" + path : path;
}

std::string hub_name(const std::string& host, const std::string& path) {
  return host + ":" + path;
}

std::string_view host_of(std::string_view name) {
  const auto size = host_size(name);
  return name.substr(0, size == 0 ? 0 : size - 1);
}

std::string hub_label(std::string_view name) {
  const auto size = host_size(name);
  return protocol::escaped(name.substr(0, size))
         + label_of_path(name.substr(size));
}

} // namespace clearance::services
