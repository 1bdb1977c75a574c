#include "services/process/activation.hpp"

#include "protocol/text/text.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/setup_fault.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace clearance::services {

namespace {

std::string in_quotes(std::string_view name) {
  return '`' + protocol::escaped(name) + '`';
}

// "`a`", "`a` and `b`".
std::string list_of(const std::vector<std::string_view>& names) {
  std::string result;
  for (std::size_t i = 0; i < names.size(); ++i)
    result += (i == 0                 ? ""
               : i + 1 < names.size() ? ", "
                                      : " and ")
              + in_quotes(names[i]);
  return result;
}

} // namespace

std::variant<std::vector<int>, std::string>
match_sockets(const std::vector<systemd::passed_socket>& passed,
              const std::vector<std::string_view>& names) {
  auto fail = [&](const std::string& why) {
    return why + "; this service takes " + list_of(names)
           + (names.size() > 1 ? ", once each" : ", once");
  };
  if (passed.empty())
    return std::vector<int>{};
  std::vector<int> result(names.size(), -1);
  for (const auto& x : passed) {
    auto it = std::find(names.begin(), names.end(), x.name);
    if (it == names.end())
      return fail("there is one named " + in_quotes(x.name));
    auto& fd = result[static_cast<std::size_t>(it - names.begin())];
    if (fd >= 0)
      return fail("there are two named " + in_quotes(x.name));
    fd = x.fd;
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    if (result[i] < 0)
      return fail("there is none named " + in_quotes(names[i]));
  return result;
}

std::vector<activated_socket>
activated_sockets(const std::vector<std::string_view>& names,
                  std::string_view option) {
  auto fail = [](int code, const std::string& why) -> setup_fault {
    return {code, "cannot serve the sockets that were passed: " + why};
  };
  auto passed = systemd::take_passed_sockets();
  if (auto why = std::get_if<std::string>(&passed))
    throw fail(exit_failed, *why);
  auto matched = match_sockets(std::get<0>(passed), names);
  if (auto why = std::get_if<std::string>(&matched))
    throw fail(exit_failed, *why);
  std::vector<activated_socket> result;
  for (int fd : std::get<0>(matched)) {
    auto place = io::place_of(fd);
    if (auto why = std::get_if<std::string>(&place))
      throw fail(exit_failed, in_quotes(names[result.size()]) + ' ' + *why);
    result.push_back({fd, std::get<0>(std::move(place))});
  }
  if (!result.empty() && !option.empty())
    throw fail(exit_usage, std::string{option} + " names another");
  return result;
}

} // namespace clearance::services
