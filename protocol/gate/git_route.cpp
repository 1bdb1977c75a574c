#include "protocol/gate/git_route.hpp"

#include <algorithm>
#include <array>

namespace clearance::protocol {

namespace {

struct entry {
  std::string_view suffix;
  git_endpoint endpoint;
};

constexpr std::array<entry, 4> endpoints{{
    {".git/info/refs", git_endpoint::info_refs},
    {".git/git-upload-pack", git_endpoint::upload_pack},
    {".git/git-receive-pack", git_endpoint::receive_pack},
    {".git/HEAD", git_endpoint::head},
}};

constexpr bool is_name_char(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
         || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

} // namespace

bool is_repository_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_name_char);
}

std::optional<git_route> parse_git_route(std::string_view target) noexcept {
  const auto path = target.substr(0, target.find('?'));
  const auto query =
      path.size() < target.size() ? target.substr(path.size() + 1) : "";
  if (!path.starts_with('/'))
    return std::nullopt;
  for (const auto& [suffix, endpoint] : endpoints) {
    if (!path.ends_with(suffix))
      continue;
    const auto name = path.substr(1, path.size() - 1 - suffix.size());
    if (is_repository_name(name))
      return git_route{path, query, name, endpoint};
  }
  return std::nullopt;
}

std::string_view method_of(git_endpoint endpoint) noexcept {
  switch (endpoint) {
  case git_endpoint::info_refs:
  case git_endpoint::head:
    return "GET";
  case git_endpoint::upload_pack:
  case git_endpoint::receive_pack:
    return "POST";
  }
  return {};
}

std::optional<git_service> service_of(const git_route& route) noexcept {
  switch (route.endpoint) {
  case git_endpoint::info_refs:
    if (route.query == "service=git-upload-pack")
      return git_service::upload_pack;
    if (route.query == "service=git-receive-pack")
      return git_service::receive_pack;
    return std::nullopt;
  case git_endpoint::receive_pack:
    return git_service::receive_pack;
  case git_endpoint::upload_pack:
  case git_endpoint::head:
    return git_service::upload_pack;
  }
  return std::nullopt;
}

} // namespace clearance::protocol
