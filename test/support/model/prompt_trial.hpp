/// Runs a random sequence of calls on the prompt table and compares the table
/// with a simple model, and with what an observer was told.
#pragma once

#include "protocol/operator/prompt_table.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace clearance::test {

/// Each step makes one change in both and compares them. A difference throws
/// std::runtime_error.
class prompt_trial {
public:
  /// Returns a number below its argument.
  using chooser = std::function<std::size_t(std::size_t)>;

  explicit prompt_trial(const chooser& choose);
  ~prompt_trial();
  prompt_trial(const prompt_trial&) = delete;
  prompt_trial& operator=(const prompt_trial&) = delete;

  void step(const chooser& choose);

  /// How often prompts ended in each way. It shows that the trial itself
  /// reaches all ways.
  const std::map<std::string, std::size_t>& seen() const { return seen_; }

private:
  struct model_prompt {
    std::uint64_t number = 0;
    std::uint64_t revision = 1;
    std::string container, key, domain, target;
    std::set<std::string> addresses; // at most 16 are used
    std::set<std::int64_t> ports;
    std::uint64_t count = 0;
    std::map<std::uint64_t, std::string> requests; // by generation
    std::uint64_t executing = 0;                   // its generation
    std::string state = "waiting", why, rule, result;
    std::set<std::string> flags;
    bool is_allow = false, by_policy = false, failed = false, quiet = false,
         ruled_quiet = false;
    bool is_current =
        true; // the newest prompt of its target since the container started
    std::uint64_t finish_order = 0;
    protocol::time_point finished_at;
  };

  // Keeps the prompts as an observer sees them.
  class mirror : public protocol::prompt_observer {
  public:
    void changed(const protocol::prompt& x, bool is_urgent) override;
    void removed(std::uint64_t number) override;
    std::map<std::uint64_t, protocol::prompt> prompts;
  };

  void block(const chooser& choose);
  void fold(const protocol::event& x, const std::string& key,
            std::uint64_t generation, bool has_request);
  std::uint64_t generation_of(const std::string& container,
                              const std::string& id);
  void lifecycle(const chooser& choose);
  void close_request(const chooser& choose);
  void execute_elsewhere(const chooser& choose);
  void start(const chooser& choose);
  void finish(const chooser& choose);
  void leave_denied(const chooser& choose);
  void rule(const chooser& choose);
  void quiet(const chooser& choose);
  void pass_time(const chooser& choose);
  void compare();

  model_prompt* pick(const chooser& choose, const std::string& state);
  std::vector<model_prompt*> open_of(const std::string& container);
  model_prompt* holder_of(const std::string& container, const std::string& id);
  void end(model_prompt& x, const std::string& state, const std::string& why);
  void lose(model_prompt& x, std::uint64_t generation);
  void trim(const std::string& container, std::uint64_t but);
  bool make_room(model_prompt& x);
  void flag_all(const std::string& container);
  void expire();
  void remove(std::uint64_t number);
  static void require(bool holds, const std::string& what);

  protocol::prompt_limits limits_;
  protocol::prompt_table table_;
  mirror mirror_;
  std::map<std::uint64_t, model_prompt> model_;
  std::set<std::string> quiet_;
  protocol::prompt_time now_;
  std::uint64_t generation_ = 0;
  std::uint64_t numbers_ = 0;
  std::uint64_t finishes_ = 0;
  std::map<std::string, std::size_t> seen_;
};

} // namespace clearance::test
