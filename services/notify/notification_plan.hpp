/// What a desktop shows of the prompts that wait, and when: changes of the list
/// and signals of the notification server in, calls to the server out. No bus
/// and no clock of its own. Source: clients.md, section 3.
#pragma once

#include "protocol/base/time.hpp"
#include "protocol/hub/verdict.hpp"
#include "protocol/operator/prompt_list.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::services {

using protocol::time_point;

/// What the notification server can do.
struct notification_abilities {
  bool actions = false;
  bool body_markup = false;
};

/// Which popups somebody wants.
struct notification_choice {
  bool blocked = true; ///< what waits
  bool verdict = true; ///< what was decided, and by whom
};

/// A call of Notify.
struct notification_show {
  std::uint64_t tag = 0;      ///< shown() and not_shown() take it
  std::uint32_t replaces = 0; ///< the server's id; 0: it is a new one
  std::string summary;        ///< plain text
  std::string body;           ///< markup is escaped where the server has it
  /// Key and label of each button. The key `default` is a click elsewhere.
  std::vector<std::pair<std::string, std::string>> actions;
  bool is_critical = false;
  bool is_brief = false; ///< it goes away by itself
};

/// A call of CloseNotification.
struct notification_close {
  std::uint32_t id = 0;
};

using notification_call = std::variant<notification_show, notification_close>;

/// What a person asked for by a click. `none` is nothing.
struct notification_decide {
  std::uint64_t number = 0; ///< of the list's entry
  protocol::prompt_key prompt;
  std::int64_t revision = 0;
  protocol::action action = protocol::action::deny;
};
struct notification_open {};
using notification_wish =
    std::variant<std::monostate, notification_decide, notification_open>;

/// `text` for a server that reads markup, so that it shows `text` as it is.
std::string without_markup(std::string_view text);

/// There is one notification for each container of each hub. If more than three
/// containers wait, there is one summary instead. Each is replaced at most once
/// a second, and in all at most one is sent each 250 ms: that bounds the rate,
/// whatever containers do.
///
/// A notification that a person dismissed comes back when its container has a
/// new prompt or one that changed, not when a count changes.
class notification_plan {
public:
  explicit notification_plan(notification_choice choice = {})
      : choice_(choice) {}

  /// There is a server, or another one: what the last one showed is forgotten,
  /// and what waits is shown again.
  void server_came(notification_abilities x);
  void server_gone();

  /// In quiet hours nothing is shown. At their end there is one digest, if
  /// something came meanwhile and still waits.
  void set_quiet(bool is_quiet);

  /// Takes a changed list.
  void update(const protocol::prompt_list& list);

  /// The calls that are due.
  std::vector<notification_call> calls(time_point now);
  /// When calls() has something, if nothing else happens before.
  std::optional<time_point> due() const;

  void shown(std::uint64_t tag, std::uint32_t id);
  /// Notify failed. It is tried again later.
  void not_shown(std::uint64_t tag, time_point now);
  /// The server closed it. That is no answer, whatever the reason is.
  void closed(std::uint32_t id);
  /// A click. Decides only what was on the button and is as it was then; else
  /// the notification is shown again as it is now.
  notification_wish clicked(std::uint32_t id, std::string_view key,
                            const protocol::prompt_list& list);
  /// A decision was not made; `why` is printable. The prompt is shown again.
  void not_decided(std::uint64_t number, const std::string& why);

private:
  struct told_prompt {
    std::uint64_t number = 0;
    std::int64_t revision = 0;

    friend bool operator==(const told_prompt&, const told_prompt&) = default;
  };
  using told_prompts = std::vector<told_prompt>;
  using group_key = std::pair<std::string, std::string>; // hub and container

  /// What waits for one container.
  struct group {
    std::string label;
    told_prompts prompts;
    std::vector<std::string> lines; // about the first of them
    std::string opens;              // what an allow of the first one opens
    bool is_flagged = false;
    bool can_decide = false; // there is one alone, without flags
  };

  /// One notification, or the place of one.
  struct slot {
    std::uint64_t tag = 0;
    std::uint32_t id = 0;    // 0: the server shows none
    bool is_pending = false; // Notify has not answered
    bool must_show = false;
    bool must_close = false;
    bool is_over = false; // its last word was said, or it has none
    std::optional<time_point> not_before;
    std::optional<time_point> close_at;
    told_prompts told;
    std::string note;     // a line in front: why it is shown again
    std::string farewell; // what became of the last prompt
  };

  static bool is_news(const told_prompts& before, const told_prompts& now);
  static void tell(slot& x, told_prompts now);
  static void withdraw(slot& x);
  void gather(const protocol::prompt_list& list);
  void say_goodbye(const protocol::prompt_list& list);
  void arrange();
  void forget_server();
  bool is_summed_up() const;
  slot* find(std::uint32_t id);
  slot* tagged(std::uint64_t tag);
  std::optional<notification_call> call_of(slot& x, time_point now,
                                           const group_key* key);
  notification_show text_of(const slot& x, const group_key* key) const;
  notification_show group_text(const slot& x, const group& of) const;
  notification_show summary_text() const;
  std::string body_text(const std::string& plain) const;
  void add_open(notification_show& to) const;

  notification_choice choice_;
  std::optional<notification_abilities> server_;
  bool is_quiet_ = false;
  bool is_digest_ = false; // the summary is one
  std::optional<std::uint64_t>
      quiet_from_;                // the last prompt before quiet hours
  std::uint64_t last_number_ = 0; // of a prompt
  std::map<group_key, group> groups_;
  std::map<group_key, slot> slots_;
  slot summary_;
  std::uint64_t last_tag_ = 0;
  std::optional<time_point> next_show_;
};

} // namespace clearance::services
