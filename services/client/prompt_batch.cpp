#include "services/client/prompt_batch.hpp"

#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/client/operator_hubs.hpp"
#include "services/client/prompt_text.hpp"
#include "services/client/prompt_words.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <poll.h>

namespace clearance::services {

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;
using protocol::list_entry;

/// How long the snapshots may take. ssh may have to connect first.
constexpr auto load_limit = 60s;

class prompt_batch {
public:
  prompt_batch(const std::string& socket, const std::vector<std::string>& hosts)
      : hosts_(hosts),
        hubs_({socket.empty() ? std::vector<std::string>{}
                              : std::vector<std::string>{socket},
               "", "terok-clearance", hosts},
              list_) {
    // Else a closed pipe at stdout ends the program before it can say what was
    // decided.
    std::signal(SIGPIPE, SIG_IGN);
  }

  /// Waits until every hub has sent its prompts. Complains about those that
  /// have none, or cannot be reached.
  void load();

  const protocol::prompt_list& list() const noexcept { return list_; }

  /// Decides, waits for the answers, and says them on stdout and stderr.
  void decide(const std::vector<const list_entry*>& all,
              const decide_config& config);

  /// Something went wrong; `what` is printable.
  void fail(const std::string& what) {
    complain(what);
    code_ = exit_failed;
  }

  /// What reaches the hub of that name, for a command.
  std::string options_for(const std::string& hub) const;

  /// Writes to stdout; returns the exit code. With `done` something was done
  /// already, and is only told here.
  int end(const std::string& text, std::string_view done = {});

private:
  void poll_until(std::optional<steady::time_point> end);

  const std::vector<std::string>& hosts_;
  protocol::prompt_list list_;
  operator_hubs hubs_;
  int code_ = exit_ok;
};

void prompt_batch::poll_until(std::optional<steady::time_point> end) {
  std::vector<pollfd> entries;
  hubs_.append(entries);
  auto next = hubs_.due();
  if (end && (!next || *end < *next))
    next = end;
  std::int64_t left = -1;
  if (next)
    left = std::max<std::int64_t>(
        std::chrono::ceil<std::chrono::milliseconds>(*next - steady::now())
            .count(),
        0);
  if (::poll(entries.data(), entries.size(), static_cast<int>(left)) >= 0)
    hubs_.handle(entries, steady::now());
}

void prompt_batch::load() {
  const auto end = steady::now() + load_limit;
  hubs_.look(steady::now());
  while (list_.is_loading() && steady::now() < end)
    poll_until(end);
  for (const auto& [name, x] : list_.hosts())
    if (x.status != protocol::link_status::current)
      fail(x.why.empty() ? shown(name) + " did not answer in time" : x.why);
  for (const auto& [name, x] : list_.hubs()) {
    if (x.status != protocol::link_status::current)
      fail("the hub " + shown(name) + ": "
           + (x.why.empty() ? "it did not answer in time" : x.why));
    else if (x.is_older)
      fail("the hub " + shown(name)
           + " keeps no prompts; start it without --no-prompts");
  }
}

std::string prompt_batch::options_for(const std::string& hub) const {
  for (const auto& host : hosts_)
    if (hub.starts_with(hub_name(host, "/")))
      return " --host " + shell_quoted(host);
  return socket_option(hub, default_clearance_socket(runtime_directory()));
}

int prompt_batch::end(const std::string& text, std::string_view done) {
  if (text.empty())
    return code_;
  const auto why = print(text);
  if (why.empty())
    return code_;
  complain(std::string{done} + why);
  return done.empty() ? exit_failed : code_;
}

void prompt_batch::decide(const std::vector<const list_entry*>& all,
                          const decide_config& config) {
  std::size_t missing = 0;
  std::string done;
  for (const auto* x : all) {
    ++missing;
    const auto about = container_words(x->prompt) + " "
                       + protocol::escaped(x->prompt.target, 300) + ": ";
    const auto revision =
        config.prompt.empty() ? x->prompt.revision : config.revision;
    hubs_.decide(
        x->key, revision, config.action, config.reason,
        [&, about](const decision_outcome& outcome) {
          --missing;
          if (outcome.what == decision_outcome::kind::done)
            done += about + outcome.text + "\n";
          else
            fail(about + outcome.text);
        },
        steady::now(), config.seconds);
  }
  while (missing > 0)
    poll_until({});
  code_ = end(done, "the decisions were made, but ");
}

std::string list_line(const list_entry& x, bool is_json,
                      const std::string& options) {
  std::string json;
  protocol::append_listed_prompt(json, x.prompt);
  if (is_json) {
    std::string result = "{\"hub\":";
    protocol::append_json(result, x.key.hub);
    return ascii_json(result + "," + json.substr(1)) + "\n";
  }
  const auto tree = protocol::parse_json_tree(json);
  return tree ? prompt_text(*tree, options) : std::string{};
}

/// What an operator types for a target: case and a dot at the end say nothing.
std::string plain_target(std::string_view text) {
  std::string result;
  for (char c : text)
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (result.size() > 1 && result.ends_with('.'))
    result.pop_back();
  return result;
}

bool fits(const list_entry& x, const decide_config& config) {
  if (!config.prompt.empty())
    return x.key.id == config.prompt;
  if (!x.can_be_decided())
    return false;
  return config.all_of.empty()
             ? plain_target(x.prompt.target) == plain_target(config.target)
             : x.prompt.container == config.all_of;
}

} // namespace

int list_hosts(const list_config& config) {
  prompt_batch batch{config.clearance_socket, config.hosts};
  batch.load();
  std::string result;
  for (const auto& [number, x] : batch.list().all())
    if ((config.container.empty() || x.prompt.container == config.container)
        && (config.all || x.prompt.is_open()))
      result += list_line(x, config.json, batch.options_for(x.key.hub));
  return batch.end(result);
}

int decide_many(const decide_config& config) {
  prompt_batch batch{config.clearance_socket, config.hosts};
  batch.load();
  std::vector<const list_entry*> chosen;
  std::size_t left_out = 0;
  for (const auto& [number, x] : batch.list().all()) {
    if (!fits(x, config))
      continue;
    if (config.prompt.empty() && config.action == protocol::action::allow
        && !x.prompt.flags.empty()) {
      ++left_out;
      batch.fail(container_words(x.prompt) + " "
                 + protocol::escaped(x.prompt.target, 300)
                 + ": left out, because it has flags (" + flags_words(x.prompt)
                 + "); decide it alone: terok-clearance decide "
                 + shell_quoted(x.key.id) + " "
                 + std::to_string(x.prompt.revision) + " allow"
                 + batch.options_for(x.key.hub));
    } else {
      chosen.push_back(&x);
    }
  }
  if (chosen.empty() && left_out == 0)
    batch.fail(config.prompt.empty()
                   ? "no prompt that waits fits; `terok-clearance list` shows "
                     "those that wait"
                   : "there is no such prompt any more; `terok-clearance list` "
                     "shows those that wait");
  batch.decide(chosen, config);
  return batch.end({});
}

} // namespace clearance::services
