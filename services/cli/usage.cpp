#include "services/cli/usage.hpp"

#include "protocol/text/text.hpp"
#include "services/process/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <utility>
#include <vector>

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

using kind = usage_error::kind;

bool has_flag(const CLI::App& app, const std::string& name) {
  const auto* option = app.get_option_no_throw(name);
  return option != nullptr && option->get_expected_max() == 0;
}

/// The flag of the first word `--flag=value`. CLI11 would accept some of these
/// values, and would take `--flag=no` as if the flag had not been given. Looks
/// at flags of `app` and of the subcommand that the first word names. Empty:
/// there is no such word.
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
      return name;
  }
  return {};
}

/// The first word `--option=` of an option that takes a value. CLI11 would take
/// the next word as the value. Empty: there is no such word.
std::string option_without_value(const CLI::App& app,
                                 const std::vector<std::string>& words) {
  auto named = app.get_subcommands([&words](const CLI::App* x) {
    return !words.empty() && x->get_name() == words.front();
  });
  const auto& asked = named.empty() ? app : *named.front();
  const auto end = std::find(words.begin(), words.end(), "--");
  for (auto word = words.begin(); word != end; ++word) {
    if (!word->starts_with("--") || !word->ends_with('='))
      continue;
    auto name = word->substr(0, word->size() - 1);
    if (asked.get_option_no_throw(name) != nullptr)
      return name;
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

/// `said`, with the words that CLI11 did not understand in the order in which
/// they were typed. CLI11 says them from the last one on.
std::string unexpected(const CLI::App& app, const std::string& said) {
  const auto words = app.remaining(true);
  if (words.size() < 2)
    return said;
  std::string result = "The following arguments were not expected:";
  for (const auto& word : words)
    result += " " + word;
  return result;
}

/// Whether the program needs a subcommand.
bool has_subcommands(const CLI::App& app) {
  return app.get_require_subcommand_min() > 0;
}

/// The subcommand that the words name, or nothing.
std::string reached(const CLI::App& app) {
  auto subs = app.get_subcommands();
  return subs.empty() ? std::string{} : subs.front()->get_name();
}

/// How many letters must be changed, put in or taken out to make one word of
/// the other.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j],
                               std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

/// `; did you mean --color?` when the first unknown option in `words` is nearly
/// one that the reached subcommand has, or begins it (`--token`: --token-file).
/// Empty: there is nothing to propose.
std::string proposal(const CLI::App& app,
                     const std::vector<std::string>& words) {
  auto subs = app.get_subcommands();
  const auto& asked = subs.empty() ? app : *subs.front();
  for (const auto& word : words) {
    auto name = word.substr(0, word.find('='));
    if (word == "--")
      break;
    if (!name.starts_with("--") || asked.get_option_no_throw(name) != nullptr)
      continue;
    for (const auto* option : asked.get_options())
      for (const auto& known : option->get_lnames())
        if (distance(name, "--" + known) <= 2
            || ("--" + known).starts_with(name + '-'))
          return "; did you mean --" + known + "?";
    break;
  }
  return {};
}

/// The options that CLI11 found at odds: one that was given, and one that it
/// excludes and that was given, too, or none where it misses another.
std::vector<std::string> at_odds(const CLI::App& app) {
  const auto name = reached(app);
  const auto& parsed = name.empty() ? app : *app.get_subcommand(name);
  for (const auto* x : parsed.get_options()) {
    if (x->count() == 0)
      continue;
    for (const auto* y : x->get_needs())
      if (y->count() == 0)
        return {x->get_name()};
    for (const auto* y : x->get_excludes())
      if (y->count() > 0)
        return {x->get_name(), y->get_name()};
  }
  return {};
}

/// The option that takes one value and was given more than once, or nothing.
std::string given_twice(const CLI::App& app) {
  const auto name = reached(app);
  const auto& parsed = name.empty() ? app : *app.get_subcommand(name);
  for (const auto* x : parsed.get_options())
    if (x->nonpositional() && x->get_expected_max() == 1 && x->count() > 1)
      return x->get_name();
  return {};
}

kind kind_of(const CLI::Error& e) {
  if (dynamic_cast<const CLI::ValidationError*>(&e) != nullptr
      || dynamic_cast<const CLI::ConversionError*>(&e) != nullptr)
    return kind::value;
  if (dynamic_cast<const CLI::RequiresError*>(&e) != nullptr
      || dynamic_cast<const CLI::ExcludesError*>(&e) != nullptr)
    return kind::together;
  if (dynamic_cast<const CLI::RequiredError*>(&e) != nullptr)
    return kind::missing;
  return kind::other;
}

outcome fault(const CLI::App& app, const std::string& what,
              kind what_kind = kind::other,
              std::vector<std::string> options = {}) {
  const auto& program = app.get_name();
  auto name = has_subcommands(app) ? reached(app) : std::string{};
  const auto why = protocol::escaped(what);
  return {exit_usage,
          "",
          program + ": " + why + "\nTry '" + program
              + (name.empty() ? "" : " " + name) + " --help'.\n",
          {what_kind, std::move(options), why}};
}

outcome version_of(const CLI::App& app) {
  return {exit_ok, app.get_name() + " " CLEARANCE_VERSION "\n", ""};
}

} // namespace

usage_fault bad_value(const std::string& option, const std::string& why) {
  return usage_fault(option + ": " + why, kind::value, {option});
}

usage_fault missing(const std::string& why) {
  return usage_fault(why, kind::missing);
}

std::vector<known_option> options_of(const CLI::App& app) {
  std::vector<known_option> result;
  auto add = [&result](const CLI::App& from, const std::string& subcommand) {
    for (const auto* x : from.get_options())
      if (x->nonpositional())
        result.push_back(
            {subcommand, x->get_name(),
             x->get_expected_max() == 0   ? known_option::argument::none
             : x->get_expected_max() == 1 ? known_option::argument::one
                                          : known_option::argument::many});
  };
  add(app, "");
  for (const auto* sub :
       app.get_subcommands([](const CLI::App*) { return true; }))
    add(*sub, sub->get_name());
  return result;
}

std::optional<outcome>
take_words(CLI::App& app, const std::vector<std::string>& words,
           const std::function<std::string_view(std::string_view)>& help,
           const bool& version, const std::function<void()>& finish) {
  try {
    // Before CLI11, which would only miss a subcommand.
    if (has_subcommands(app) && !words.empty() && !words[0].starts_with('-')
        && (words[0].empty() || help(words[0]).empty()))
      throw usage_fault("there is no subcommand `" + words[0] + "`");
    if (auto flag = valued_flag(app, words); !flag.empty())
      throw usage_fault(flag + " takes no value", kind::value, {flag});
    if (auto option = option_without_value(app, words); !option.empty())
      throw usage_fault(option + ": there is no value after `=`", kind::value,
                        {option});
    // CLI11 reads the words from the last one on.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    if (version)
      return version_of(app);
    finish();
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    return outcome{exit_ok, std::string{help(reached(app))}, ""};
  } catch (const CLI::ArgumentMismatch& e) {
    if (auto option = given_twice(app); !option.empty())
      return fault(app, option + ": given twice", kind::value, {option});
    std::string what = e.what();
    return fault(app, what.substr(0, what.find(':')) + " takes one value",
                 kind::value);
  } catch (const CLI::Error& e) {
    if (version)
      return version_of(app);
    if (has_subcommands(app) && reached(app).empty())
      return fault(app, no_subcommand(app, e.what()) + proposal(app, words));
    // Other errors are about options that there are.
    const bool unknown = dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr;
    return fault(app,
                 unknown ? unexpected(app, e.what()) + proposal(app, words)
                         : e.what(),
                 kind_of(e), at_odds(app));
  } catch (const usage_fault& e) {
    return fault(app, e.what(), e.what_kind, e.options);
  }
}

} // namespace clearance::services
