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

constexpr bool starts_with_letters(std::string_view text,
                                   std::string_view letters) noexcept {
  if (text.size() < letters.size())
    return false;
  for (std::size_t i = 0; i < letters.size(); ++i)
    if (text[i] != letters[i] && (text[i] | 0x20) != letters[i])
      return false;
  return true;
}

// The path and the query of a target in either form; empty: neither. Who is
// meant by the host is not asked: this server has one name space.
std::string_view origin_form(std::string_view target) noexcept {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!starts_with_letters(target, scheme))
      continue;
    target.remove_prefix(scheme.size());
    const auto host = target.substr(0, target.find_first_of("/?#"));
    if (host.empty() || host.find('@') != host.npos)
      return {};
    target.remove_prefix(host.size());
    break;
  }
  return target.starts_with('/') ? target : std::string_view{};
}

struct parts {
  std::string_view path;
  std::string_view query;
};

parts split(std::string_view target) noexcept {
  target = origin_form(target);
  const auto path = target.substr(0, target.find('?'));
  return {path,
          path.size() < target.size() ? target.substr(path.size() + 1) : ""};
}

} // namespace

bool is_repository_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_name_char);
}

std::optional<git_route> parse_git_route(std::string_view target) noexcept {
  const auto [path, query] = split(target);
  for (const auto& [suffix, endpoint] : endpoints) {
    if (!path.ends_with(suffix))
      continue;
    const auto name = path.substr(1, path.size() - 1 - suffix.size());
    if (is_repository_name(name))
      return git_route{path, query, name, endpoint};
  }
  return std::nullopt;
}

git_extra git_extra_of(std::string_view target) noexcept {
  const auto [path, query] = split(target);
  const auto slash = path.find('/', 1);
  if (slash == path.npos)
    return git_extra::none;
  const auto name = path.substr(1, slash - 1);
  if (!name.ends_with(".git") || !is_repository_name(name) || name == ".git")
    return git_extra::none;
  const auto rest = path.substr(slash);
  if (rest.starts_with("/info/lfs/"))
    return git_extra::lfs;
  if (rest == "/git-upload-archive"
      || (rest == "/info/refs" && query == "service=git-upload-archive"))
    return git_extra::archive;
  return git_extra::none;
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
