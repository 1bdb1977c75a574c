// One parser for both ways: a setting of the file becomes words, which the
// program's own command line judges. So every option can stand in a file, with
// the same checks and texts. Where a setting stands comes from the parsed TOML;
// which setting a fault is about, from the options that the fault names.
//
// Three looks at each section: does its parser know the key, and does the TOML
// value have the option's form; then each setting alone, for its value; and
// when those are good, all together, with what the command line adds.

#include "services/cli/config_file.hpp"

#include "actors/io/base/small_file.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/limits.hpp"
#include "services/cli/toml.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>

namespace clearance::services {

namespace {

using words_list = std::vector<std::string>;
using argument = known_option::argument;

struct setting {
  std::string key;
  words_list words;
  std::size_t line = 0;
  bool off = false; // a flag that is false: as if nothing had been said

  std::string option() const { return "--" + key; }
};

struct section {
  std::string name; // of the subcommand; empty: the top
  std::vector<setting> settings;
  bool good = true; // no fault was found yet
};

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
  const auto names_file = [&name](const std::string& word) {
    return word == name || word.starts_with(name + "=");
  };
  if (std::count_if(words.begin(), std::find(words.begin(), words.end(), "--"),
                    names_file)
      > 1)
    throw refused{name + ": given twice"};
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

std::string contents_of(const std::string& path) {
  const auto fail = [&path](const std::string& why) {
    throw refused{"cannot read the configuration file "
                  + protocol::escaped(path) + ": " + why};
  };
  auto file = io::open_regular(AT_FDCWD, path);
  if (const auto* fault = std::get_if<io::file_fault>(&file))
    fail(fault->why);
  constexpr auto max = cli_limits::config_file_max_bytes;
  auto text = io::read_up_to(std::get<io::regular_file>(file).fd.get(), max);
  if (const auto* fault = std::get_if<io::file_fault>(&text))
    fail(fault->why);
  if (std::get<std::string>(text).size() > max)
    fail("it is larger than " + std::to_string(max) + " bytes");
  return std::get<std::string>(std::move(text));
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

// Behind `--` stands what is not ours.
bool says(const words_list& words, const setting& x) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::any_of(words.begin(), end, [&](const auto& word) {
    return word == x.option() || word.starts_with(x.option() + "=");
  });
}

/// One file, and the first of its faults.
class reader {
public:
  reader(std::string path, const config_judge& judge)
      : path_(std::move(path)), judge_(judge) {
    // nop
  }

  /// In the order of the file's lines, with every setting that has words.
  std::vector<section> read();

  /// What the value of each setting alone is accused of.
  void check_each(section& x);

  /// What one setting means for another. What is missing may be given by the
  /// command line, which is judged later.
  void check_together(const section& x, const words_list& rest);

  /// Throws the first fault by line.
  void refuse_first() const {
    if (first_)
      throw refused{*first_};
  }

private:
  toml::table parse() const;
  void read_section(section& to, const toml::table& from);
  std::string words_of(setting& to, const toml::node& from,
                       const known_option& option) const;
  const known_option* known(const section& in, const setting& x) const;
  void note(std::size_t line, const std::string& key, const std::string& why);

  std::string path_;
  const config_judge& judge_;
  std::size_t first_line_ = 0;
  std::optional<std::string> first_;
};

void reader::note(std::size_t line, const std::string& key,
                  const std::string& why) {
  if (first_ && first_line_ <= line)
    return;
  first_line_ = line;
  first_ = protocol::escaped(path_) + ":" + std::to_string(line) + ": "
           + protocol::escaped(key) + ": " + why;
}

toml::table reader::parse() const try {
  return toml::parse(contents_of(path_));
} catch (const toml::parse_error& x) {
  throw refused{protocol::escaped(path_) + ":"
                + std::to_string(line_of(x.source())) + ": "
                + protocol::escaped(x.description())};
}

std::vector<section> reader::read() {
  const auto table = parse();
  std::vector<section> result;
  if (judge_.subcommands.empty()) {
    result.emplace_back();
    read_section(result.back(), table);
    return result;
  }
  std::string sections;
  for (const auto& each : judge_.subcommands)
    sections += (sections.empty() ? "[" : ", [") + each + "]";
  for (const auto& [key, node] : table) {
    const std::string name{key.str()};
    const auto line = line_of(key.source());
    if (!node.is_table()) {
      note(line, name,
           "belongs into the section of a subcommand, one of " + sections);
    } else if (std::find(judge_.subcommands.begin(), judge_.subcommands.end(),
                         name)
               == judge_.subcommands.end()) {
      note(line, "[" + name + "]",
           "there is no such subcommand; the sections are " + sections);
    } else {
      result.emplace_back();
      result.back().name = name;
      read_section(result.back(), *node.as_table());
    }
  }
  return result;
}

const known_option* reader::known(const section& in, const setting& x) const {
  if (x.key == "help" || x.key == "version")
    return nullptr;
  for (const auto& each : judge_.options)
    if (each.subcommand == in.name && each.name == x.option())
      return &each;
  return nullptr;
}

void reader::read_section(section& to, const toml::table& from) {
  for (const auto& [key, node] : from) {
    setting next{std::string{key.str()}, {}, line_of(key.source()), false};
    const auto* option = known(to, next);
    const auto why = option == nullptr
                         ? "there is no such setting; --help names all"
                         : words_of(next, node, *option);
    if (why.empty()) {
      to.settings.push_back(std::move(next));
    } else {
      note(next.line, next.key, why);
      to.good = false;
    }
  }
  // toml++ sorts by key.
  std::sort(to.settings.begin(), to.settings.end(),
            [](const auto& a, const auto& b) { return a.line < b.line; });
}

// Why `from` is no value of `option`; empty: its words are in `to`.
std::string reader::words_of(setting& to, const toml::node& from,
                             const known_option& option) const {
  if (option.takes == argument::none) {
    const auto flag = from.value_exact<bool>();
    if (!flag)
      return "takes true or false, without quotes";
    // The words are judged even if nothing is to be said.
    to.words.push_back(to.option());
    to.off = !*flag;
    return {};
  }
  if (const auto* list = from.as_array()) {
    if (option.takes == argument::one)
      return "takes one value, not a list";
    for (const auto& each : *list) {
      if (each.is_array())
        return "takes a list of texts, not a list of lists";
      if (auto why = words_of(to, each, option); !why.empty())
        return why;
    }
    return {};
  }
  if (const auto text = from.value_exact<std::string>()) {
    if (text->find('\0') != text->npos)
      return "has a NUL character in it, which no option can have";
    if (text->empty())
      to.words.insert(to.words.end(), {to.option(), ""}); // "=" alone is less
    else
      to.words.push_back(to.option() + "=" + *text);
  } else if (const auto number = from.value_exact<std::int64_t>()) {
    to.words.push_back(to.option() + "=" + std::to_string(*number));
  } else if (from.is_boolean()) {
    return "takes a value: a text in quotes or a whole number, not true or "
           "false";
  } else {
    return "takes a text in quotes or a whole number";
  }
  return {};
}

void reader::check_each(section& x) {
  for (const auto& each : x.settings) {
    const auto fault = judge_.fault(joined({x.name, {each}, true}));
    if (fault.why.empty() || fault.what != usage_error::kind::value)
      continue;
    note(each.line, each.key, without_option(fault.why, each));
    x.good = false;
  }
}

void reader::check_together(const section& x, const words_list& rest) {
  const auto fault = judge_.fault(joined(x, rest));
  for (const auto& each : x.settings) {
    if (std::find(fault.options.begin(), fault.options.end(), each.option())
        == fault.options.end())
      continue;
    note(each.line, each.key, without_option(fault.why, each));
    return;
  }
}

} // namespace

std::variant<words_list, config_fault>
with_config(words_list words, const config_judge& judge) try {
  const auto path = take_option(words);
  if (!path)
    return words;
  section chosen;
  words_list rest = words;
  if (!judge.subcommands.empty() && !rest.empty()) {
    chosen.name = rest.front();
    rest.erase(rest.begin());
  }
  reader file{*path, judge};
  for (auto& x : file.read()) {
    file.check_each(x);
    const bool ours = x.name == chosen.name;
    std::erase_if(x.settings, [&](const auto& y) {
      return y.off || (ours && says(rest, y));
    });
    // A setting that is left out for its fault would be missed by others.
    if (x.good)
      file.check_together(x, ours ? rest : words_list{});
    if (ours)
      chosen = std::move(x);
  }
  file.refuse_first();
  return joined(chosen, rest);
} catch (const refused& x) {
  return config_fault{x.what()};
}

} // namespace clearance::services
