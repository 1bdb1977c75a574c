// One parser for both ways: what a file says becomes words, which the program's
// own command line judges. So every option can stand in a file, with the same
// checks and texts; here it is only found out which line a fault is about.

#include "services/cli/config_file.hpp"

#include "protocol/text/text.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>

namespace clearance::services {

namespace {

using words_list = std::vector<std::string>;

/// A larger file was not written by hand.
constexpr std::size_t file_max_bytes = 64 * 1024;

struct setting {
  std::string key;
  words_list words;
  std::size_t line = 0;
  bool off = false; // false: as if nothing had been said

  std::string option() const { return "--" + key; }
};

struct section {
  std::string name; // of the subcommand; empty: the top
  std::size_t line = 0;
  std::vector<setting> settings;
};

// Tables are sorted by name.
template <class T>
void sort_by_line(std::vector<T>& xs) {
  std::sort(xs.begin(), xs.end(),
            [](const T& a, const T& b) { return a.line < b.line; });
}

// Thrown and caught in this file alone.
struct refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::size_t line_of(const toml::source_region& x) {
  return x.begin.line;
}

// `--config FILE` or `--config=FILE`, before a `--`.
std::optional<std::string> take_option(words_list& words) {
  const std::string name = "--config";
  for (auto it = words.begin(); it != words.end() && *it != "--"; ++it) {
    if (it->starts_with(name + "=")) {
      auto result = it->substr(name.size() + 1);
      words.erase(it);
      return result;
    }
    if (*it == name) {
      if (std::next(it) == words.end())
        throw refused{"--config takes one value"};
      auto result = *std::next(it);
      words.erase(it, std::next(it, 2));
      return result;
    }
  }
  return std::nullopt;
}

/// Speaks of one file.
class reader {
public:
  explicit reader(std::string path) : path_(std::move(path)) {}

  std::vector<section> read(const config_judge& judge) const {
    const auto table = parse();
    std::vector<section> result;
    if (judge.subcommands.empty()) {
      result.push_back({"", 1, settings_of(table)});
      return result;
    }
    for (const auto& [key, node] : table) {
      const std::string name{key.str()};
      if (!node.is_table())
        refuse(line_of(key.source()), name, "belongs into a section");
      if (std::find(judge.subcommands.begin(), judge.subcommands.end(), name)
          == judge.subcommands.end())
        refuse(line_of(key.source()), "[" + name + "]",
               "there is no such subcommand");
      result.push_back(
          {name, line_of(key.source()), settings_of(*node.as_table())});
    }
    sort_by_line(result);
    return result;
  }

  [[noreturn]] void refuse(std::size_t line, const std::string& key,
                           const std::string& why) const {
    throw refused{protocol::escaped(path_) + ":" + std::to_string(line) + ": "
                  + protocol::escaped(key) + ": " + why};
  }

private:
  toml::table parse() const try {
    std::ifstream in{path_, std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    if (!in || text.size() > file_max_bytes)
      throw refused{"cannot read the configuration file "
                    + protocol::escaped(path_)};
    return toml::parse(text);
  } catch (const toml::parse_error& x) {
    throw refused{protocol::escaped(path_) + ":"
                  + std::to_string(line_of(x.source())) + ": "
                  + protocol::escaped(x.description())};
  }

  std::vector<setting> settings_of(const toml::table& table) const {
    std::vector<setting> result;
    for (const auto& [key, node] : table) {
      setting next{std::string{key.str()}, {}, line_of(key.source()), false};
      if (auto* list = node.as_array())
        for (const auto& each : *list)
          add(next, each);
      else
        add(next, node);
      result.push_back(std::move(next));
    }
    sort_by_line(result);
    return result;
  }

  void add(setting& to, const toml::node& x) const {
    if (auto text = x.value_exact<std::string>(); text && text->empty())
      to.words.insert(to.words.end(), {to.option(), ""}); // "=" alone is less
    else if (text)
      to.words.push_back(to.option() + "=" + *text);
    else if (auto number = x.value_exact<std::int64_t>())
      to.words.push_back(to.option() + "=" + std::to_string(*number));
    else if (auto flag = x.value_exact<bool>())
      add_flag(to, *flag);
    else
      refuse(to.line, to.key, "is no text, whole number, true or false");
  }

  // The word is judged even if it is not meant: it may be no flag.
  static void add_flag(setting& to, bool on) {
    to.words.push_back(to.option());
    to.off = !on;
  }

  std::string path_;
};

// Whether `text` names the option, and not one that only begins like it.
bool names(std::string_view text, const std::string& option) {
  for (auto at = text.find(option); at != text.npos;
       at = text.find(option, at + 1)) {
    const auto end = at + option.size();
    if (end == text.size()
        || std::string_view{" :=,.|)]\n"}.find(text[end])
               != std::string_view::npos)
      return true;
  }
  return false;
}

words_list joined(const section& from, const words_list& rest = {}) {
  words_list result;
  if (!from.name.empty())
    result.push_back(from.name);
  for (const auto& x : from.settings)
    result.insert(result.end(), x.words.begin(), x.words.end());
  result.insert(result.end(), rest.begin(), rest.end());
  return result;
}

// The key stands before it already.
std::string without_option(const std::string& why, const setting& x) {
  const auto prefix = x.option() + ": ";
  return why.starts_with(prefix) ? why.substr(prefix.size()) : why;
}

// What the value alone is accused of. Takes out what is off.
void check_each(const reader& file, section& all, const config_judge& judge) {
  const auto help = judge.help(all.name);
  for (const auto& x : all.settings) {
    if (x.key == "help" || x.key == "version" || x.key == "config"
        || !names(help, x.option()))
      file.refuse(x.line, x.key, "there is no such setting");
    const auto why = judge.fault(joined({all.name, 0, {x}}));
    if (why.starts_with(x.option() + ": ")
        || why.starts_with(x.option() + " takes"))
      file.refuse(x.line, x.key, without_option(why, x));
  }
  std::erase_if(all.settings, [](const auto& x) { return x.off; });
}

// What one setting means for another. What is missing may come with the words.
void check_together(const reader& file, const section& all,
                    const config_judge& judge, const words_list& rest) {
  const auto why = judge.fault(joined(all, rest));
  if (why.empty() || why.find("is required") != why.npos)
    return;
  for (const auto& x : all.settings)
    if (names(why, x.option()))
      file.refuse(x.line, x.key, without_option(why, x));
}

bool says(const words_list& words, const setting& x) {
  return std::any_of(words.begin(), words.end(), [&](const auto& word) {
    return word == x.option() || word.starts_with(x.option() + "=");
  });
}

} // namespace

std::variant<words_list, config_fault>
with_config(words_list words, const config_judge& judge) try {
  const auto path = take_option(words);
  if (!path)
    return words;
  const reader file{*path};
  section chosen;
  words_list rest = words;
  if (!judge.subcommands.empty() && !rest.empty()) {
    chosen.name = rest.front();
    rest.erase(rest.begin());
  }
  for (auto& x : file.read(judge)) {
    check_each(file, x, judge);
    const bool ours = x.name == chosen.name;
    if (ours)
      std::erase_if(x.settings, [&](const auto& y) { return says(rest, y); });
    check_together(file, x, judge, ours ? rest : words_list{});
    if (ours)
      chosen = std::move(x);
  }
  return joined(chosen, rest);
} catch (const refused& x) {
  return config_fault{x.what()};
}

} // namespace clearance::services
