// A part that is asked for its counters may send itself a message, to count
// what it has not looked at yet. So the board is asked twice, as metrics_port
// does: first here, and then by an actor that is started after that.

#include "services/embedding/embedded_metrics.hpp"

#include "protocol/metrics/prometheus.hpp"

#include <caf/actor_cast.hpp>

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace clearance::actors::embedding {

namespace {

/// Which actors are ours: the application could name one of its own. The
/// application's actor systems share this, each with threads of its own.
struct known_boards {
  struct entry {
    const io_host* io = nullptr;
    counter_board_ptr board;
  };

  std::mutex mutex;
  std::map<const caf::abstract_actor*, entry> by_actor;
};

// Never destroyed: a loop may end later than everything static.
known_boards& boards() {
  static auto* const result = new known_boards;
  return *result;
}

face::counters counters_on(const counter_board& board) {
  const auto samples = protocol::samples_of(board.collect());
  face::counters result;
  result.list.reserve(samples.size());
  for (const auto& [what, value] : samples) {
    constexpr double microseconds_in_second = 1e6;
    const auto number = static_cast<double>(value);
    result.list.push_back(
        {std::string{what->family} + std::string{what->suffix},
         std::string{what->labels}, std::string{to_string(what->type)},
         what->is_microseconds ? number / microseconds_in_second : number});
  }
  result.text = protocol::text_of_samples(samples);
  return result;
}

/// Answers once.
class counters_answer {
public:
  static inline const char* name = "counters_answer";
  using interface = face::metrics;
  using self_type = hosted<interface::base>;
  using actor_type = hosted_actor<counters_answer>;

  counters_answer(self_type* self, counter_board_ptr board)
      : self_(self), board_(std::move(board)) {
    // nop
  }

  interface::behavior_type make_behavior() {
    return {[this](face::counters_atom) {
      auto result = counters_on(*board_);
      self_->quit();
      return result;
    }};
  }

private:
  self_type* self_;
  counter_board_ptr board_;
};

} // namespace

embedded_metrics::embedded_metrics(self_type* self, io_host& io,
                                   counter_board_ptr board)
    : self_(self),
      io_(io),
      board_(board ? std::move(board) : std::make_shared<counter_board>()) {
  const std::lock_guard guard{boards().mutex};
  boards().by_actor[self_] = {&io_, board_};
}

embedded_metrics::~embedded_metrics() {
  const std::lock_guard guard{boards().mutex};
  boards().by_actor.erase(self_);
}

embedded_metrics::interface::behavior_type embedded_metrics::make_behavior() {
  return {[this](face::counters_atom) {
    board_->collect();
    return self_->delegate(spawn_hosted<counters_answer>(io_, board_),
                           face::counters_atom::value);
  }};
}

face::metrics spawn_embedded_metrics(io_host& io, counter_board_ptr board) {
  return spawn_hosted<embedded_metrics>(io, io, std::move(board));
}

counter_board_ptr board_of(const face::metrics& handle, const io_host& io) {
  const std::lock_guard guard{boards().mutex};
  const auto& all = boards().by_actor;
  const auto found = all.find(caf::actor_cast<caf::abstract_actor*>(handle));
  return found != all.end() && found->second.io == &io ? found->second.board
                                                       : nullptr;
}

} // namespace clearance::actors::embedding
