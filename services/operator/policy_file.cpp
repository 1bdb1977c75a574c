#include "services/operator/policy_file.hpp"

#include "actors/io/base/small_file.hpp"
#include "protocol/operator/limits.hpp"
#include "protocol/text/error_text.hpp"
#include "services/cli/toml.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace clearance::services {

namespace {

namespace operator_limits = protocol::operator_limits;
using protocol::policy_fault;
using protocol::policy_part;
using protocol::policy_value;
using value_kind = policy_value::kind;

std::chrono::sys_days day_of(const toml::date& x) {
  return std::chrono::year{x.year} / std::chrono::month{x.month}
         / std::chrono::day{x.day};
}

policy_value value_of(const toml::node& x);

void read_members(const toml::table& from, policy_value& to) {
  for (const auto& [key, node] : from)
    to.members.push_back(
        {std::string{key.str()}, key.source().begin.line, value_of(node)});
}

policy_value value_of(const toml::node& x) {
  policy_value result;
  result.line = x.source().begin.line;
  if (const auto* table = x.as_table()) {
    result.type = value_kind::table;
    read_members(*table, result);
  } else if (const auto* list = x.as_array()) {
    result.type = value_kind::list;
    for (const auto& each : *list)
      result.items.push_back(value_of(each));
  } else if (const auto* text = x.as_string()) {
    result.type = value_kind::text;
    result.text = text->get();
  } else if (const auto* number = x.as_integer()) {
    result.type = value_kind::integer;
    result.number = number->get();
  } else if (const auto* truth = x.as_boolean()) {
    result.type = value_kind::boolean;
    result.truth = truth->get();
  } else if (const auto* date = x.as_date()) {
    result.type = value_kind::date;
    result.date = day_of(date->get());
  }
  return result;
}

// Why the file `info` may not decide what is allowed. Empty: it may.
std::string distrust_of(const struct stat& info) {
  if (info.st_uid != 0 && info.st_uid != ::geteuid())
    return "belongs to another user (uid " + std::to_string(info.st_uid)
           + "); the policy must be root's or yours";
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return "may be written by others; remove that with chmod go-w";
  return {};
}

struct close_directory {
  void operator()(DIR* x) const noexcept { ::closedir(x); }
};
using directory_ptr = std::unique_ptr<DIR, close_directory>;

/// Reads directories and files. Throws faults, which load_policy() catches.
class loader {
public:
  explicit loader(const protocol::public_suffix_test& is_suffix)
      : is_suffix_(is_suffix) {
    // nop
  }

  void read(const policy_directory& x) {
    directory_ptr open{::opendir(x.path.c_str())};
    if (!open) {
      if (errno == ENOENT && !x.is_required)
        return;
      refuse(x.path,
             std::string{"cannot be opened: "} + protocol::error_text(errno));
    }
    const int fd = ::dirfd(open.get());
    struct stat info {};
    if (::fstat(fd, &info) != 0)
      refuse(x.path, protocol::error_text(errno));
    if (auto why = distrust_of(info); !why.empty())
      refuse(x.path, why);
    for (const auto& name : names_in(open.get(), x.path))
      read_file(fd, name, x.path + "/" + name);
  }

  std::vector<policy_part> take() { return std::move(parts_); }

private:
  [[noreturn]] static void refuse(const std::string& file, std::string why) {
    throw policy_fault{file, 0, "", std::move(why)};
  }

  static std::vector<std::string> names_in(DIR* directory,
                                           const std::string& path) {
    std::vector<std::string> result;
    for (;;) {
      errno = 0;
      const auto* entry = ::readdir(directory); // NOLINT(concurrency-mt-unsafe)
      if (entry == nullptr)
        break;
      const std::string_view name{entry->d_name};
      if (!name.starts_with('.') && name.ends_with(".toml"))
        result.emplace_back(name);
    }
    if (errno != 0)
      refuse(path,
             std::string{"cannot be read: "} + protocol::error_text(errno));
    std::sort(result.begin(), result.end());
    return result;
  }

  void read_file(int directory, const std::string& name,
                 const std::string& path) {
    if (parts_.size() == operator_limits::policy_files_max)
      refuse(path, "is one too many; a policy has at most "
                       + std::to_string(operator_limits::policy_files_max)
                       + " files");
    auto file = io::open_regular(directory, name);
    if (const auto* fault = std::get_if<io::file_fault>(&file))
      refuse(path, "cannot be read: " + fault->why);
    const auto& open = std::get<io::regular_file>(file);
    if (auto why = distrust_of(open.info); !why.empty())
      refuse(path, why);
    constexpr auto max = operator_limits::policy_file_max_bytes;
    auto text = io::read_up_to(open.fd.get(), max);
    if (const auto* fault = std::get_if<io::file_fault>(&text))
      refuse(path, "cannot be read: " + fault->why);
    if (std::get<std::string>(text).size() > max)
      refuse(path, "is larger than " + std::to_string(max) + " bytes");
    auto part = parse_policy(path, std::get<std::string>(text), is_suffix_);
    if (auto* fault = std::get_if<policy_fault>(&part))
      throw std::move(*fault);
    parts_.push_back(std::get<policy_part>(std::move(part)));
  }

  const protocol::public_suffix_test& is_suffix_;
  std::vector<policy_part> parts_;
};

} // namespace

std::variant<policy_value, policy_fault>
parse_policy_toml(const std::string& file, std::string_view text) try {
  return value_of(toml::parse(text));
} catch (const toml::parse_error& x) {
  return policy_fault{file, x.source().begin.line, "",
                      std::string{x.description()}};
}

std::variant<policy_part, policy_fault>
parse_policy(const std::string& file, std::string_view text,
             const protocol::public_suffix_test& is_public_suffix) {
  auto root = parse_policy_toml(file, text);
  if (auto* fault = std::get_if<policy_fault>(&root))
    return std::move(*fault);
  return protocol::read_policy(file, std::get<policy_value>(root),
                               is_public_suffix);
}

std::variant<policy_part, policy_fault>
load_policy(const std::vector<policy_directory>& directories,
            const protocol::public_suffix_test& is_public_suffix) try {
  loader files{is_public_suffix};
  for (const auto& x : directories)
    files.read(x);
  return protocol::combine(files.take());
} catch (const policy_fault& x) {
  return x;
}

} // namespace clearance::services
