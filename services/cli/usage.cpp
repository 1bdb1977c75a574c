#include "services/cli/usage.hpp"

#include "protocol/text/text.hpp"
#include "services/process/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace clearance::services {

const std::map<std::string, log_level> log_levels{
    {"debug", log_level::debug},
    {"info", log_level::info},
    {"warning", log_level::warning},
    {"error", log_level::error},
};

const std::map<std::string, sandbox_mode> sandbox_modes{
    {"auto", sandbox_mode::automatic},
    {"required", sandbox_mode::required},
    {"off", sandbox_mode::off},
};

namespace {

bool has_flag(const CLI::App& app, const std::string& name) {
  const auto* option = app.get_option_no_throw(name);
  return option != nullptr && option->get_expected_max() == 0;
}

/// What is wrong with the first word `--flag=value`, whatever the value: CLI11
/// would take some of them, and `--flag=no` as if nothing had been said. Looks
/// at flags of `app` and of the subcommand that the first word names. Empty:
/// nothing.
std::string valued_flag(const CLI::App& app,
                        const std::vector<std::string>& words) {
  auto named = app.get_subcommands([&words](const CLI::App* x) {
    return !words.empty() && x->get_name() == words.front();
  });
  // Behind `--` stand operands.
  auto end = std::find(words.begin(), words.end(), "--");
  for (auto word = words.begin(); word != end; ++word) {
    auto name = word->substr(0, word->find('='));
    if (!name.starts_with("--") || name.size() == word->size())
      continue;
    if (has_flag(named.empty() ? app : *named.front(), name))
      return name + " takes no value";
  }
  return {};
}

/// What to say when CLI11 missed a subcommand of `app` and said `missed`: the
/// first word that it did not understand, if there is one.
std::string no_subcommand(const CLI::App& app, const std::string& missed) {
  auto words = app.remaining();
  return words.empty()
             ? missed
             : "The following argument was not expected: " + words.front();
}

/// Whether it does nothing without one of them.
bool has_subcommands(const CLI::App& app) {
  return app.get_require_subcommand_min() > 0;
}

/// The subcommand that the words got to, or nothing.
std::string reached(const CLI::App& app) {
  auto subs = app.get_subcommands();
  return subs.empty() ? std::string{} : subs.front()->get_name();
}

outcome fault(const CLI::App& app, const std::string& what) {
  const auto& program = app.get_name();
  auto name = has_subcommands(app) ? reached(app) : std::string{};
  return {exit_usage, "",
          program + ": " + protocol::escaped(what) + "\nTry '" + program
              + (name.empty() ? "" : " " + name) + " --help'.\n"};
}

outcome version_of(const CLI::App& app) {
  return {exit_ok, app.get_name() + " " CLEARANCE_VERSION "\n", ""};
}

} // namespace

std::optional<outcome>
take_words(CLI::App& app, const std::vector<std::string>& words,
           const std::function<std::string_view(std::string_view)>& help,
           const bool& version, const std::function<void()>& finish) {
  try {
    // Before CLI11, which would only miss a subcommand.
    if (has_subcommands(app) && !words.empty() && !words[0].starts_with('-')
        && (words[0].empty() || help(words[0]).empty()))
      throw usage_fault("there is no subcommand `" + words[0] + "`");
    if (auto why = valued_flag(app, words); !why.empty())
      throw usage_fault(why);
    // CLI11 takes them from the back.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    if (version)
      return version_of(app);
    finish();
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    return outcome{exit_ok, std::string{help(reached(app))}, ""};
  } catch (const CLI::ArgumentMismatch& e) {
    std::string what = e.what();
    return fault(app, what.substr(0, what.find(':')) + " takes one value");
  } catch (const CLI::Error& e) {
    if (version)
      return version_of(app);
    return fault(app, has_subcommands(app) && reached(app).empty()
                          ? no_subcommand(app, e.what())
                          : e.what());
  } catch (const usage_fault& e) {
    return fault(app, e.what());
  }
}

} // namespace clearance::services
