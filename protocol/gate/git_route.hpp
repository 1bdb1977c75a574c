/// Which part of which repository a request is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace clearance::protocol {

enum class git_endpoint : std::uint8_t {
  info_refs,    ///< /info/refs
  upload_pack,  ///< /git-upload-pack
  receive_pack, ///< /git-receive-pack
  head,         ///< /HEAD
};

enum class git_service : std::uint8_t { upload_pack, receive_pack };

/// Views into the request's target.
struct git_route {
  std::string_view path;       ///< what is before the first `?`
  std::string_view query;      ///< what is behind it
  std::string_view repository; ///< without `.git`
  git_endpoint endpoint;
};

/// The name of a repository, or of a scope: `[A-Za-z0-9._-]+`.
bool is_repository_name(std::string_view name) noexcept;

/// What other git servers serve below `/<repository>.git` and this one does
/// not.
enum class git_extra : std::uint8_t {
  none,
  lfs,     ///< /info/lfs/ and what is below it
  archive, ///< /git-upload-archive, or info/refs that asks for it
};

git_extra git_extra_of(std::string_view target) noexcept;

/// `/<repository>.git` and an endpoint, maybe behind `http://HOST` (the
/// absolute form of RFC 9112, section 3.2.2). Nothing is decoded. No value:
/// 404. Source: gate.md, section 2.
std::optional<git_route> parse_git_route(std::string_view target) noexcept;

/// "GET" or "POST": the one method that the endpoint takes.
std::string_view method_of(git_endpoint endpoint) noexcept;

/// What the request is for. Nothing: refused with 403. Git serves an info/refs
/// without a known service as a plain file, with every hidden ref in it; so the
/// whole query must be exactly one of the two that git sends.
std::optional<git_service> service_of(const git_route& route) noexcept;

} // namespace clearance::protocol
