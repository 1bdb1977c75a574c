/// Stands for any neighbour of the actor under test: keeps what it is sent.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>
#include <caf/send.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace clearance::test {

/// The messages to all inboxes of a test, in the order in which they were sent.
struct journal {
  struct entry {
    caf::actor_id to;
    caf::message what;
  };
  std::vector<entry> entries;
};

class actor_fixture;

/// Has every interface and answers nothing. A message is in the journal as soon
/// as it is sent, also if the scheduler is stopped.
class inbox {
public:
  explicit inbox(actor_fixture& fixture);

  template <class Handle>
  Handle as() const {
    return caf::actor_cast<Handle>(actor_);
  }
  const caf::actor& actor() const noexcept { return actor_; }

  /// Sends a message that comes from this inbox.
  template <class Handle, class T>
  void tell(const Handle& whom, T&& x) const {
    caf::send_as(actor_, caf::actor_cast<caf::actor>(whom), std::forward<T>(x));
  }

  /// Takes all messages of that type that were not taken yet.
  template <class T>
  std::vector<T> take() {
    std::vector<T> result;
    std::erase_if(journal_.entries, [&](const journal::entry& x) {
      if (x.to != actor_.id() || !x.what.match_elements<T>())
        return false;
      result.push_back(x.what.get_as<T>(0));
      return true;
    });
    return result;
  }

  /// Takes the only message of that type. Fails the test if there is none, or
  /// more than one.
  template <class T>
  T only() {
    auto all = take<T>();
    require_one(all.size());
    return std::move(all.front());
  }

  /// How many messages were not taken.
  std::size_t size() const;

  /// Called for each message at the moment when it is sent.
  void on_message(std::function<void(const caf::message&)> f) {
    *callback_ = std::move(f);
  }

  /// Ends this inbox and runs all actors that are then ready.
  void leave();

private:
  static void require_one(std::size_t count);

  actor_fixture& fixture_;
  journal& journal_;
  std::shared_ptr<std::function<void(const caf::message&)>> callback_;
  caf::actor actor_;
};

} // namespace clearance::test
