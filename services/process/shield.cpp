#include "services/process/shield.hpp"

#include "actors/base/log.hpp"
#include "actors/io/process/find_program.hpp"
#include "protocol/text/text.hpp"

#include <array>
#include <cstdlib>
#include <pwd.h>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace clearance::services {

namespace {

constexpr auto shield_name = "terok-shield";
constexpr auto own_shield_name = "terok-guard";

std::string text_of_variable(const char* name) {
  // Read before any thread is started.
  const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string{} : value;
}

// A hook's environment may have no HOME. Empty: nobody knows.
std::string home_directory() {
  if (auto home = text_of_variable("HOME"); home.starts_with('/'))
    return home;
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found)
          != 0
      || found == nullptr || found->pw_dir == nullptr)
    return {};
  return found->pw_dir;
}

actors::shield_names default_names() {
  actors::shield_names result{shield_name, {}};
  // pipx installs there. A hook's PATH has only the system's directories.
  const auto home = home_directory();
  for (const std::string name : {shield_name, own_shield_name}) {
    if (name != shield_name)
      result.others.push_back(name);
    if (!home.empty())
      result.others.push_back((home + "/.local/bin/").append(name));
  }
  return result;
}

// The path of the first one that is there; empty: none is.
std::string found_program(const actors::shield_names& x) {
  auto result = io::find_program(x.first);
  for (const auto& other : x.others)
    if (result.empty())
      result = io::find_program(other);
  return result;
}

} // namespace

shield_choice choose_shield(const std::string& given) {
  shield_choice result;
  result.names =
      given.empty() ? default_names() : actors::shield_names{given, {}};
  result.program = found_program(result.names);
  // A path that was given is what its giver knows already.
  const bool is_path = given.find('/') != std::string::npos;
  if (!result.program.empty() && !is_path)
    log(actors::severity::info, "shield", "this program executes verdicts",
        {{"shield", protocol::escaped(result.program)}});
  else if (result.program.empty())
    log(actors::severity::warning, "shield",
        "the shield is not found, every verdict will fail until it is there",
        {{"shield", protocol::escaped(result.names.first)},
         {"looked_for",
          is_path         ? "at this path"
          : given.empty() ? "beside this program, on PATH and in ~/.local/bin; "
                            "then terok-guard in the same places"
                          : "beside this program, then on PATH"},
         {"to_change",
          "install it, or name it with --shield or TEROK_SHIELD"}});
  return result;
}

std::string shield_setting(const std::string& parsed, int argc,
                           const char* const* argv) {
  constexpr std::string_view option = "--shield";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == option
        || (word.starts_with(option)
            && word.substr(option.size()).starts_with('=')))
      return parsed;
  }
  auto named = text_of_variable("TEROK_SHIELD");
  return named.empty() ? parsed : named;
}

std::string shield_caveat(const shield_choice& x) {
  if (x.program.empty())
    return "the shield was not found: verdicts fail";
  const auto name = x.program.substr(x.program.rfind('/') + 1);
  if (x.names.first == shield_name && name == own_shield_name)
    return "terok-shield was not found: terok-guard executes verdicts";
  return {};
}

} // namespace clearance::services
