#include "protocol/guard/dnsmasq_log.hpp"

#include "protocol/guard/dns_name.hpp"

#include <algorithm>
#include <utility>

namespace clearance::protocol {

namespace {

// `reply NAME is WHAT`, or the same with `cached`.
struct log_reply {
  std::string name;
  std::string_view what;
};

std::string_view take_word(std::string_view& text) {
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

// What stands behind `dnsmasq[NUMBER]: `. Nothing may stand before it but the
// time, because a name that is asked for may hold such words, too.
std::string_view text_behind_program(std::string_view line) {
  constexpr std::string_view program = " dnsmasq[";
  constexpr std::size_t time_chars = 15; // `Nov 29 10:11:12`
  if (line.size() < time_chars || !line.substr(time_chars).starts_with(program))
    return {};
  line.remove_prefix(time_chars + program.size());
  const auto end = line.find_first_not_of("0123456789");
  constexpr std::string_view colon = "]: ";
  if (end == std::string_view::npos || end == 0
      || !line.substr(end).starts_with(colon))
    return {};
  return line.substr(end + colon.size());
}

bool is_number(std::string_view word) {
  return !word.empty()
         && word.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<log_reply> parse_reply(std::string_view line) {
  auto rest = text_behind_program(line);
  auto verb = take_word(rest);
  // With --log-queries=extra: a serial number, and who asked.
  if (is_number(verb)) {
    take_word(rest);
    verb = take_word(rest);
  }
  if (verb != "reply" && verb != "cached")
    return std::nullopt;
  std::string name{take_word(rest)};
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (name.ends_with('.'))
    name.pop_back();
  if (take_word(rest) != "is" || rest.find(' ') != std::string_view::npos
      || !is_dns_name(name))
    return std::nullopt;
  return log_reply{std::move(name), rest};
}

} // namespace

std::optional<dns_answer> dnsmasq_log::take(std::string_view line) {
  auto reply = parse_reply(line);
  if (!reply) {
    alias_.clear();
    return std::nullopt;
  }
  const bool goes_on =
      !alias_.empty() && (target_.empty() || target_ == reply->name);
  if (reply->what == "<CNAME>") {
    // The next line says what the alias stands for.
    if (!goes_on)
      alias_ = std::move(reply->name);
    target_.clear();
    return std::nullopt;
  }
  const auto address = parse_ip_address(reply->what);
  if (!address) {
    alias_.clear(); // such as NXDOMAIN
    return std::nullopt;
  }
  dns_answer result;
  if (goes_on) {
    target_ = std::move(reply->name);
    result.name = alias_;
  } else {
    alias_.clear();
    result.name = std::move(reply->name);
  }
  result.addresses.push_back({*address, 0});
  return result;
}

} // namespace clearance::protocol
