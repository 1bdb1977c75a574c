/// One HTTP connection. Its requests are read one after another, and each is
/// given to an owner that decides.
#pragma once

#include "actors/gate/http_port.hpp"
#include "actors/io/http/http_times.hpp"
#include "actors/io/http/http_wire.hpp"
#include "actors/io/http/transfer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_set>

namespace clearance::io {

class http_session;

/// What the sessions of one listener share.
struct http_sessions {
  /// Closes the oldest connection whose client has not sent a whole request.
  /// False: there is none.
  bool close_oldest();

  boost::asio::io_context& context;
  actors::request_owner owner; ///< null: the listener is closing
  std::string server;
  http_times times;
  std::unordered_set<http_session*> alive;
  std::shared_ptr<std::size_t> open; ///< how many sessions are alive
  std::uint64_t begun = 0;           ///< sessions, from the start
};

/// A session lives as long as one of its operations is pending. See
/// http_session.cpp.
class http_session : public std::enable_shared_from_this<http_session> {
public:
  http_session(std::shared_ptr<http_sessions> all, unique_fd fd,
               actors::peer who);
  ~http_session();
  http_session(const http_session&) = delete;
  http_session& operator=(const http_session&) = delete;

  void start();

  /// Closes the connection, if necessary after the current request.
  void wind_down();

  /// The number of this session; those of a listener are counted.
  std::uint64_t number() const noexcept { return number_; }

  /// Whether make_way() closes the connection: it is open, and its client has
  /// not sent a whole request that is not answered yet.
  bool can_make_way() const noexcept;

  /// Closes the connection for another.
  void make_way();

private:
  class ticket;

  enum class state : std::uint8_t {
    reading,   ///< a head, or waiting for its first byte
    deciding,  ///< the owner has the request
    draining,  ///< reads the body of a request that is refused
    refusing,  ///< writes an error response
    serving,   ///< a backend answers the request
    lingering, ///< the last response is written
    closed,
  };

  void read_request(bool first);
  void got_head(http_wire::event what);
  void hand_over();
  void reject(const protocol::http_refusal& why);

  void refuse(int status, std::string_view text,
              const protocol::http_fields& fields);
  int serve(const actors::backend_plan& plan);
  int serve_directly(const actors::backend_plan& plan);
  int start(spawn_plan child, transfer_rules rules);
  void served(const transfer_result& result);
  void dropped(const ticket* which);

  void drain();
  void drained_enough();
  void send_refusal(bool keep);

  void finish(actors::answered what, bool keep);
  void lost();
  void linger();
  void close();

  void arm(std::chrono::milliseconds time, void (http_session::*action)());
  void head_is_late();
  void vigil();
  void said(std::string_view line);

  std::shared_ptr<http_sessions> all_;
  std::shared_ptr<http_wire> wire_;
  actors::peer who_;
  boost::asio::steady_timer timer_;
  std::uint64_t number_;
  unsigned timer_round_ = 0;
  state state_ = state::reading;
  bool first_byte_ = false;         // the first byte of the head has arrived
  const ticket* request_ = nullptr; // the request that is not answered yet
  actors::http_request_owner git_request_;
  std::shared_ptr<transfer> transfer_;
  struct {
    int status = 0;
    std::string text;
    protocol::http_fields fields;
    std::size_t drained = 0; // bytes of the body
  } refusal_;
  std::string response_;
};

} // namespace clearance::io
