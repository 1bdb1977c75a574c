#include "protocol/gate/grants.hpp"

#include "protocol/gate/limits.hpp"
#include "protocol/text/text.hpp"

#include <simdjson.h>

#include <optional>

namespace clearance::protocol {

namespace {

namespace dom = simdjson::dom;

std::string quoted(std::string_view text) {
  return "\"" + escaped(text, 64) + "\"";
}

// The members of one grant; each exactly once.
struct members {
  std::optional<std::string_view> token;
  std::optional<std::string_view> scope;
  std::optional<std::string_view> access;
};

std::string read_members(dom::element from, members& to) {
  dom::object object;
  if (from.get(object) != simdjson::SUCCESS)
    return "not an object";
  for (auto [key, value] : object) {
    auto* member = key == "token_sha256" ? &to.token
                   : key == "scope"      ? &to.scope
                   : key == "access"     ? &to.access
                                         : nullptr;
    if (member == nullptr)
      return "unknown member " + quoted(key);
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS)
      return quoted(key) + " is not a string";
    if (member->has_value())
      return quoted(key) + " is given twice";
    *member = text;
  }
  return {};
}

std::string read_grant(dom::element from, grant& to) {
  members got;
  if (auto why = read_members(from, got); !why.empty())
    return why;
  if (!got.token || !got.scope || !got.access)
    return "needs token_sha256, scope and access";
  const auto token = parse_sha256(*got.token);
  if (!token)
    return "token_sha256 is not 64 hexadecimal digits";
  if (*got.scope != "*" && !is_repository_name(*got.scope))
    return "scope " + quoted(*got.scope) + " is no repository's name";
  if (*got.access != "read-only" && *got.access != "read-write")
    return "access is neither read-only nor read-write";
  to = {*token, std::string(*got.scope), *got.access == "read-write"};
  return {};
}

std::string find_array(dom::element root, dom::array& to) {
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return "not an object";
  bool found = false;
  for (auto [key, value] : object) {
    if (key != "grants")
      return "unknown member " + quoted(key);
    if (found)
      return "\"grants\" is given twice";
    if (value.get(to) != simdjson::SUCCESS)
      return "\"grants\" is not an array";
    found = true;
  }
  return found ? "" : "no \"grants\"";
}

access check_one(const std::vector<grant>& grants, const sha256_digest& token,
                 std::string_view repository, bool writes) noexcept {
  bool known = false;
  bool in_scope = false;
  bool granted = false;
  for (const auto& x : grants) {
    const bool same = equal_in_constant_time(x.token, token);
    const bool scope = same && (x.scope == "*" || x.scope == repository);
    known = known || same;
    in_scope = in_scope || scope;
    granted = granted || (scope && (x.writes || !writes));
  }
  if (granted)
    return access::granted;
  if (in_scope)
    return access::read_only;
  return known ? access::other_scope : access::unknown_token;
}

} // namespace

access_decision check(const std::vector<grant>& grants,
                      const std::vector<sha256_digest>& tokens,
                      std::string_view repository,
                      git_service service) noexcept {
  const bool writes = service == git_service::receive_pack;
  access_decision result;
  for (const auto& token : tokens) {
    const auto what = check_one(grants, token, repository, writes);
    if (result.what == access::unknown_token && what != access::unknown_token)
      result = {what, token};
  }
  return result;
}

std::variant<std::vector<grant>, grants_error>
parse_grants(std::string_view text) {
  if (text.size() > gate_limits::grants_file_max_bytes)
    return grants_error{"larger than 1 MiB"};
  dom::parser parser;
  dom::element root;
  // An empty view may hold a null pointer, which simdjson would copy from.
  const auto error = text.empty()
                         ? simdjson::EMPTY
                         : parser.parse(text.data(), text.size()).get(root);
  if (error != simdjson::SUCCESS)
    return grants_error{std::string("not JSON: ")
                        + simdjson::error_message(error)};
  dom::array array;
  if (auto why = find_array(root, array); !why.empty())
    return grants_error{std::move(why)};
  std::vector<grant> result;
  for (auto element : array) {
    if (result.size() == gate_limits::grants_max)
      return grants_error{"more than 4096 grants"};
    grant next;
    if (auto why = read_grant(element, next); !why.empty())
      return grants_error{"grant " + std::to_string(result.size() + 1) + ": "
                          + why};
    result.push_back(std::move(next));
  }
  return result;
}

static_assert(gate_limits::grants_max == 4096
                  && gate_limits::grants_file_max_bytes == 1024 * 1024,
              "the messages name them");

} // namespace clearance::protocol
