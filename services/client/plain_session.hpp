/// What `terok-clearance --plain` writes and which commands it takes, without
/// sockets and without a terminal. Source: clients.md, section 2.
#pragma once

#include "protocol/operator/plain_command.hpp"
#include "protocol/operator/prompt_list.hpp"
#include "services/client/operator_calls.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

/// The numbers of prompts begin after a number that the owner chooses, and are
/// never used again. A number stands for one revision of a prompt: what is
/// decided is what the line with that number said. A prompt that changed gets
/// another line and another number.
class plain_session {
public:
  /// What the owner has to ask a hub for. The answer goes to the function of
  /// the same name below.
  struct wants_decision {
    std::uint64_t number = 0;
    protocol::prompt_key prompt;
    std::int64_t revision = 0;
    protocol::action action = protocol::action::deny;
    std::string reason;
  };
  struct wants_explanation {
    std::uint64_t number = 0;
    protocol::prompt_key prompt;
  };
  struct wants_quiet {
    std::uint64_t number = 0;
    std::string hub;
    std::string container;
    bool on = false;
  };
  struct wants_end {};
  using wish = std::variant<std::monostate, wants_decision, wants_explanation,
                            wants_quiet, wants_end>;

  /// One object a line instead of text. `clock` is put in front of each line of
  /// text.
  explicit plain_session(bool is_json, std::uint64_t before_first = 0)
      : is_json_(is_json), first_(before_first), last_number_(before_first) {
    // nop
  }

  /// The first line.
  void begin(std::string_view clock);

  /// Writes what changed in the list. `now` in microseconds since the epoch.
  void update(const protocol::prompt_list& list, std::int64_t now,
              std::string_view clock);

  /// Takes one line of stdin.
  wish command(std::string_view line, const protocol::prompt_list& list,
               std::int64_t now, std::string_view clock);

  /// The end of stdin; `rest` is what came behind the last newline.
  void input_ended(std::string_view rest, std::string_view clock);

  void decision(std::uint64_t number, const decision_outcome& x,
                std::string_view clock);
  void explanation(std::uint64_t number, const call_result& x,
                   std::string_view clock);
  void quiet(const wants_quiet& of, const call_result& x,
             std::string_view clock);
  /// Something that went wrong outside.
  void problem(std::string_view what, std::string_view clock);

  /// What is to be written; it is forgotten here.
  std::string take_output();

private:
  struct line_entry {
    std::uint64_t entry = 0; // number in the list
    std::int64_t revision = 0;
    /// This session answers it, or has answered it: the line about the outcome
    /// says how the prompt ended. With --json, both objects are written.
    bool is_answered = false;
  };
  /// What was written last about one entry of the list.
  struct told {
    std::uint64_t number = 0; // of the newest line; 0: none
    std::int64_t revision = 0;
    bool is_open = false;
    std::uint64_t decision = 0; // seq
    std::uint64_t generation = 0;
  };

  void say(std::string_view clock, const std::string& what);
  void say_about(std::string_view type, std::uint64_t number,
                 const std::string& text, std::string_view clock);
  void say_prompt(const protocol::list_entry& x, told& to, std::int64_t now,
                  std::string_view clock);
  void say_end(const protocol::listed_prompt* x, const told& of,
               std::string_view clock);
  bool answers(std::uint64_t number) const;
  void update_hubs(const protocol::prompt_list& list, std::string_view clock);
  void show_list(const protocol::prompt_list& list, std::int64_t now,
                 std::string_view clock);
  void show_help(std::string_view clock);
  /// The prompt of that number if it is what its line said, else null, and why.
  const protocol::list_entry* current(std::uint64_t number,
                                      const protocol::prompt_list& list,
                                      std::string_view clock);

  bool is_json_;
  std::string out_;
  std::uint64_t first_ = 0; // the number before the first one
  std::uint64_t last_number_ = 0;
  std::uint64_t generation_ = 0;
  std::map<std::uint64_t, line_entry> lines_; // by number
  std::map<std::uint64_t, told> told_;        // by number of the list's entry
  std::map<std::string, std::string> hosts_;  // what was said of each
  std::map<std::string, std::string> hubs_;   // ... and of each hub
  quiet_switches quiet_;
};

} // namespace clearance::services
