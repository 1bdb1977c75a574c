/// A neighbour of the actor under test that only writes down what it is told.
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

/// What all inboxes of a test were told, in the order of sending.
struct journal {
  struct entry {
    caf::actor_id to;
    caf::message what;
  };
  std::vector<entry> entries;
};

class actor_fixture;

/// A double of any actor: has every interface, answers nothing. What is sent
/// to it stands in the journal at once, whether the scheduler runs or not.
class inbox {
public:
  explicit inbox(actor_fixture& fixture);

  template <class Handle>
  Handle as() const {
    return caf::actor_cast<Handle>(actor_);
  }
  const caf::actor& actor() const noexcept { return actor_; }

  /// Sends as this one.
  template <class Handle, class T>
  void tell(const Handle& whom, T&& x) const {
    caf::send_as(actor_, caf::actor_cast<caf::actor>(whom), std::forward<T>(x));
  }

  /// Everything of that type that it was told and that was not taken yet.
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

  /// Takes the only one of that type; fails the test when there is another
  /// number of them.
  template <class T>
  T only() {
    auto all = take<T>();
    require_one(all.size());
    return std::move(all.front());
  }

  /// Messages that were not taken.
  std::size_t size() const;

  /// Called for each message, when it is sent.
  void on_message(std::function<void(const caf::message&)> f) {
    *callback_ = std::move(f);
  }

  /// Ends this one, and runs what follows.
  void leave();

private:
  static void require_one(std::size_t count);

  actor_fixture& fixture_;
  journal& journal_;
  std::shared_ptr<std::function<void(const caf::message&)>> callback_;
  caf::actor actor_;
};

} // namespace clearance::test
