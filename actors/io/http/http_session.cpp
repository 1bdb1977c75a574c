//   reading --head--> deciding --refuse--> draining --> refusing --.
//      ^                  |                                        |
//      |                  '----serve---> serving ------------------+
//      |                                                           |
//      '-----------------------------------------------------------+
//                                                                  v
//                                             closed <--------- lingering
//
// A refusal waits until the request's body was read: a proxy (nginx) that gets
// a response while it sends a body does not pass the response on.
//
// Requests of a connection are handled one at a time. Bytes that a client sends
// early wait in the socket. The owner of a request holds its ticket. If the
// ticket is destroyed before the request has ended, the connection is closed.
// After the end the ticket has no effect.

#include "actors/io/http/http_session.hpp"

#include "actors/io/http/plain_repository.hpp"
#include "protocol/gate/http_response.hpp"
#include "protocol/gate/limits.hpp"

#include <caf/send.hpp>

#include <cerrno>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;
namespace gate_limits = protocol::gate_limits;
using event = http_wire::event;

class http_session::ticket final : public actors::http_request {
public:
  explicit ticket(std::shared_ptr<http_session> session)
      : session_(std::move(session)), head_(session_->wire_->head()) {
    // nop
  }

  ~ticket() override { session_->dropped(this); }

  const protocol::request_head& head() const noexcept override { return head_; }

  const actors::peer& who() const noexcept override { return session_->who_; }

  void own(actors::http_request_owner owner) override {
    if (session_->request_ == this)
      session_->git_request_ = std::move(owner);
    else // the client left before there was an owner
      caf::anon_send(owner, actors::answered{0, 0, 0, "the client left"});
  }

  void refuse(int status, std::string_view text,
              const protocol::http_fields& fields) override {
    if (session_->request_ == this && session_->state_ == state::deciding)
      session_->refuse(status, text, fields);
  }

  int serve(const actors::backend_plan& plan) override {
    if (session_->request_ == this && session_->state_ == state::deciding)
      return session_->serve(plan);
    return 0; // the message `answered` was sent
  }

  void end_if_slow() override {
    if (session_->request_ == this && session_->transfer_)
      session_->transfer_->end_if_slow();
  }

private:
  std::shared_ptr<http_session> session_;
  protocol::request_head head_; // a copy: the session may read the next head
};

http_session::http_session(std::shared_ptr<http_sessions> all, unique_fd fd,
                           actors::peer who)
    : all_(std::move(all)),
      wire_(std::make_shared<http_wire>(all_->context, std::move(fd))),
      who_(std::move(who)),
      timer_(all_->context),
      number_(++all_->begun) {
  all_->alive.insert(this);
  ++*all_->open;
}

http_session::~http_session() {
  all_->alive.erase(this);
  --*all_->open;
}

void http_session::start() {
  read_request(true);
}

// -- reading ------------------------------------------------------------------

void http_session::read_request(bool first) {
  state_ = state::reading;
  first_byte_ = false;
  if (first)
    arm(all_->times.head, &http_session::head_is_late);
  else
    arm(all_->times.idle, &http_session::close);
  wire_->read_head(
      [self = shared_from_this()](event what) {
        if (self->state_ == state::reading)
          self->got_head(what);
      },
      [this, first] { // called before the other handler, or never
        first_byte_ = true;
        if (!first)
          arm(all_->times.head, &http_session::head_is_late);
      });
}

void http_session::got_head(event what) {
  switch (what) {
  case event::complete:
    return hand_over();
  case event::refused:
    return reject(wire_->refusal());
  case event::piece:
  case event::ended:
    return close();
  }
}

void http_session::hand_over() {
  if (!all_->owner)
    return close();
  state_ = state::deciding;
  auto request = std::make_shared<ticket>(shared_from_this());
  request_ = request.get();
  arm(all_->times.vigil, &http_session::vigil);
  caf::anon_send(all_->owner, actors::requested{std::move(request)});
}

// Refuses a head. Nobody can tell where the next request begins, so the
// connection is closed afterwards.
void http_session::reject(const protocol::http_refusal& why) {
  state_ = state::refusing;
  if (all_->owner)
    caf::anon_send(all_->owner,
                   actors::malformed_request{why.status, why.why, who_});
  arm(all_->times.write, &http_session::close);
  response_ = protocol::text_response(why.status, why.why, true, all_->server);
  wire_->write({asio::buffer(response_)}, [self = shared_from_this()](bool ok) {
    ok ? self->linger() : self->close();
  });
}

void http_session::head_is_late() {
  if (first_byte_)
    reject({408, "the request's head took too long"});
  else
    close();
}

// -- answering ----------------------------------------------------------------

void http_session::refuse(int status, std::string_view text,
                          const protocol::http_fields& fields) {
  const auto& head = wire_->head();
  refusal_ = {status, std::string(text), fields, 0};
  if (!head.has_body())
    return send_refusal(true);
  // The client waits for 100 Continue, or sends its body nevertheless. So
  // nobody can tell where the next request begins.
  if (head.expects_continue)
    return send_refusal(false);
  state_ = state::draining;
  arm(all_->times.drain, &http_session::drained_enough);
  drain();
}

void http_session::drain() {
  wire_->read_body([self = shared_from_this()](event what, auto piece) {
    if (self->state_ != state::draining)
      return;
    auto& drained = self->refusal_.drained;
    drained += piece.size();
    switch (what) {
    case event::complete:
      return self->send_refusal(drained <= gate_limits::drain_max_bytes);
    case event::piece:
      return drained < gate_limits::drain_max_bytes ? self->drain()
                                                    : self->drained_enough();
    case event::refused:
    case event::ended:
      return self->drained_enough();
    }
  });
}

void http_session::drained_enough() {
  send_refusal(false);
}

// `keep`: the request was read to its end, so the connection may stay. A
// response to HEAD must have no body; ours has one, so the connection is closed
// afterwards.
void http_session::send_refusal(bool keep) {
  const auto& head = wire_->head();
  keep = keep && head.keep_alive && all_->owner && head.method != "HEAD";
  state_ = state::refusing;
  arm(all_->times.write, &http_session::lost);
  response_ = protocol::text_response(refusal_.status, refusal_.text, !keep,
                                      all_->server, refusal_.fields);
  wire_->write({asio::buffer(response_)},
               [self = shared_from_this(), keep](bool ok) {
                 if (self->state_ != state::refusing)
                   return;
                 if (ok)
                   self->finish({self->refusal_.status,
                                 self->refusal_.drained,
                                 self->response_.size(),
                                 {}},
                                keep);
                 else
                   self->lost();
               });
}

int http_session::serve(const actors::backend_plan& plan) {
  if (plan.direct && serve_directly(plan) == 0)
    return 0;
  spawn_plan child{plan.program, plan.argv, plan.environment};
  // git-http-backend never ends if a body with a Content-Length stops early.
  child.dies_with_us = true;
  return start(
      std::move(child),
      {plan.runs_on_alone, plan.body_max_bytes, plan.reads_report, {}});
}

// These services of git end when their input ends. They are not killed with the
// gate, so that they leave no lock file.
int http_session::serve_directly(const actors::backend_plan& plan) {
  const auto& [program, service, configuration] = *plan.direct;
  if (::access(program.c_str(), X_OK) != 0
      || !plain_repository(service.repository, configuration))
    return ENOEXEC;
  return start({program, service.argv, service.environment},
               {plan.runs_on_alone, plan.body_max_bytes, plan.reads_report,
                service.preamble, service.body_first});
}

int http_session::start(spawn_plan child, transfer_rules rules) {
  auto next = std::make_shared<transfer>(
      all_->context, wire_, all_->times,
      wire_->head().keep_alive && all_->owner, all_->server);
  const auto error = next->start(
      std::move(child), std::move(rules),
      [weak = weak_from_this()](std::string_view line) {
        if (auto self = weak.lock())
          self->said(line);
      },
      [self = shared_from_this()](const transfer_result& x) {
        self->served(x);
      });
  if (error != 0)
    return error;
  state_ = state::serving;
  transfer_ = std::move(next);
  return 0;
}

void http_session::said(std::string_view line) {
  if (git_request_)
    caf::anon_send(git_request_, actors::backend_said{std::string(line)});
}

void http_session::served(const transfer_result& x) {
  transfer_.reset();
  actors::answered what{x.status,   x.received, x.sent, std::string(x.trouble),
                        x.declined, x.said};
  if (x.cut)
    close();
  finish(std::move(what), x.reusable && x.body_read);
}

void http_session::finish(actors::answered what, bool keep) {
  request_ = nullptr;
  if (auto owner = std::exchange(git_request_, nullptr))
    caf::anon_send(owner, std::move(what));
  if (state_ == state::closed)
    return;
  if (!keep || !all_->owner)
    linger();
  else
    read_request(false);
}

void http_session::lost() {
  close();
  finish({0, 0, 0, "the client left"}, false);
}

// The owner destroyed the ticket: it crashed, or the gate is stopping.
void http_session::dropped(const ticket* which) {
  if (request_ != which)
    return;
  request_ = nullptr;
  git_request_ = nullptr;
  if (auto running = std::exchange(transfer_, nullptr))
    running->abandon();
  close();
}

// -- ending -------------------------------------------------------------------

// RFC 9112, section 9.6: if we close at once, a client that is still sending
// could lose the response.
void http_session::linger() {
  state_ = state::lingering;
  arm(all_->times.linger, &http_session::close);
  wire_->shut_down_writing();
  wire_->discard(gate_limits::linger_max_bytes,
                 [self = shared_from_this()] { self->close(); });
}

void http_session::close() {
  state_ = state::closed;
  ++timer_round_;
  timer_.cancel();
  wire_->close();
}

void http_session::wind_down() {
  switch (state_) {
  case state::reading:
  case state::lingering:
    return close();
  case state::deciding:
  case state::draining:
  case state::refusing:
  case state::serving:
  case state::closed:
    return;
  }
}

bool http_session::can_make_way() const noexcept {
  return state_ == state::reading || state_ == state::draining
         || state_ == state::lingering;
}

void http_session::make_way() {
  const bool has_request = state_ == state::draining;
  close();
  if (has_request)
    finish({0, refusal_.drained, 0, "closed for a newer connection"}, false);
}

bool http_sessions::close_oldest() {
  http_session* oldest = nullptr;
  for (auto* x : alive)
    if (x->can_make_way() && (!oldest || x->number() < oldest->number()))
      oldest = x;
  if (oldest)
    oldest->make_way();
  return oldest != nullptr;
}

// -- the clock ----------------------------------------------------------------

// A handler may be queued already when the timer is set again. Its number
// tells.
void http_session::arm(std::chrono::milliseconds time,
                       void (http_session::*action)()) {
  const auto round = ++timer_round_;
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this(), action,
                     round](const boost::system::error_code& error) {
    if (!error && round == self->timer_round_)
      ((*self).*action)();
  });
}

void http_session::vigil() {
  if (state_ != state::deciding && state_ != state::serving)
    return;
  arm(all_->times.vigil, &http_session::vigil);
  if (transfer_)
    transfer_->watch();
  else if (wire_->hung_up())
    lost();
}

} // namespace clearance::io
