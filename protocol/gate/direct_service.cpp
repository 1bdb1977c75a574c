// What `git http-backend` does for one request, read in its source and seen
// with strace (git 2.39), test/end_to_end/gate/gate_direct.cpp compares both:
//
//   it refuses a request with a wrong content type;
//   it looks into the repository's configuration (http.uploadpack,
//     http.receivepack);
//   it writes three fields against caches and the content type;
//   before what info/refs shows it writes one packet that names the service,
//     but not for version 2 of git's protocol;
//   it reads the whole body of a fetch before it starts the service;
//   it decompresses a body;
//   it adds GIT_PROTOCOL and a committer's name to the environment.
//
// The gate leaves to it what is marked in direct_service_for() below.

#include "protocol/gate/direct_service.hpp"

#include "protocol/gate/limits.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace clearance::protocol {

namespace {

constexpr std::string_view no_cache =
    "Expires: Fri, 01 Jan 1980 00:00:00 GMT\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache, max-age=0, must-revalidate\r\n";

// The header's value is a list of `key=value`, divided by colons.
bool asks_for_version_2(std::string_view git_protocol) noexcept {
  while (!git_protocol.empty()) {
    const auto entry = git_protocol.substr(0, git_protocol.find(':'));
    if (entry == "version=2")
      return true;
    git_protocol.remove_prefix(std::min(git_protocol.size(), entry.size() + 1));
  }
  return false;
}

std::string preamble_of(const std::string& service, std::string_view what) {
  std::string result(no_cache);
  result += "Content-Type: application/x-git-" + service + '-';
  result += what;
  result += "\r\n\r\n";
  return result;
}

// A packet: four hexadecimal digits, its length with them. Then a flush packet.
std::string service_packet(const std::string& service) {
  const std::string line = "# service=git-" + service + '\n';
  constexpr std::string_view digits = "0123456789abcdef";
  const auto size = line.size() + 4;
  return {std::string("00") + digits[size / 16 % 16] + digits[size % 16] + line
          + "0000"};
}

} // namespace

std::optional<direct_service> direct_service_for(const cgi_config& config,
                                                 const cgi_request& request,
                                                 const git_route& route) {
  const auto service = service_of(route);
  if (!service || route.endpoint == git_endpoint::head
      || !request.content_encoding.empty())
    return std::nullopt; // left to git http-backend
  const bool fetches = *service == git_service::upload_pack;
  const std::string name = fetches ? "upload-pack" : "receive-pack";
  direct_service result;
  result.repository =
      config.project_root + '/' + std::string(route.repository) + ".git";
  if (route.endpoint == git_endpoint::info_refs) {
    result.argv = {"git", name, "--http-backend-info-refs", result.repository};
    result.preamble = preamble_of(name, "advertisement");
    if (!asks_for_version_2(request.git_protocol))
      result.preamble += service_packet(name);
  } else {
    if (request.content_type != "application/x-git-" + name + "-request")
      return std::nullopt; // left to git http-backend
    if (fetches
        && request.content_length.value_or(SIZE_MAX)
               > gate_limits::direct_fetch_body_max_bytes)
      return std::nullopt; // left to git http-backend
    result.argv = {"git", name, "--stateless-rpc", result.repository};
    result.preamble = preamble_of(name, "result");
    result.body_first = fetches;
  }
  result.environment = cgi_environment(config, request);
  if (!request.git_protocol.empty())
    result.environment.push_back("GIT_PROTOCOL="
                                 + std::string(request.git_protocol));
  result.environment.emplace_back("GIT_COMMITTER_NAME=token");
  result.environment.emplace_back("GIT_COMMITTER_EMAIL=token@http.(none)");
  return result;
}

} // namespace clearance::protocol
