// Two pumps work independently. Each has one buffer and one operation under
// way, so a slow side makes the other side wait.
//
//   client --read_body--> window --write--> backend's stdin      (up)
//   client <---write----- output <--read--- backend's stdout     (down)
//
// git http-backend writes its head before it reads the body, and a proxy
// (nginx) that gets a head while it sends a body stops sending. So the
// response's head is held back until the request's body was read to its end, or
// the first byte of the response's body is there, or the backend has ended its
// output. If something fails before the head is sent, the client gets an error
// status; after that the connection is closed in the middle of the response.
// The end of the response is sent only after the backend's exit, because the
// response of a killed backend must not look complete. An exit code other than
// 0 is accepted: git reports errors in its own protocol and then exits with 1
// or 128.
//
// When the client leaves, the backend is ended, except for a push whose whole
// body was read; see lose_client().

#include "actors/io/http/transfer.hpp"

#include "protocol/gate/http_response.hpp"
#include "protocol/gate/limits.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <utility>

namespace clearance::io {

namespace asio = boost::asio;
namespace gate_limits = protocol::gate_limits;
using event = http_wire::event;
using clock = std::chrono::steady_clock;

transfer::transfer(asio::io_context& context, std::shared_ptr<http_wire> wire,
                   const http_times& times, bool keep_alive, std::string server)
    : wire_(std::move(wire)),
      times_(times),
      keep_alive_(keep_alive),
      server_(std::move(server)),
      backend_(std::make_shared<backend>(context)) {
  // nop
}

int transfer::start(spawn_plan plan, transfer_rules rules,
                    backend::line_handler on_line, done_handler done) {
  auto exit = [weak = weak_from_this()] {
    if (auto self = weak.lock())
      self->exited();
  };
  if (auto error =
          backend_->start(std::move(plan), std::move(on_line), std::move(exit)))
    return error;
  done_ = std::move(done);
  rules_ = std::move(rules);
  wire_->start_clocks();
  read_output();
  if (!wire_->head().has_body()) {
    end_body();
    return 0;
  }
  // The client may send its body only when the backend runs.
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  if (wire_->head().expects_continue && !wire_->write_now(go_on)) {
    cut("the client left");
    return 0;
  }
  read_body();
  return 0;
}

void transfer::abandon() {
  done_ = nullptr;
  up_ = up::done;
  down_ = down::done;
  backend_->abandon();
}

// -- up -----------------------------------------------------------------------

void transfer::read_body() {
  up_ = up::client;
  up_since_ = rate_.since = clock::now();
  wire_->read_body([self = shared_from_this()](event what, auto piece) {
    if (self->up_ == up::client)
      self->took_body(what, piece);
  });
}

void transfer::took_body(event what, std::span<const char> piece) {
  if (what == event::refused)
    return fail(400, wire_->refusal().why);
  if (what == event::ended)
    return cut("the client left");
  count_body(piece.size());
  result_.received += piece.size();
  if (result_.received > rules_.body_max_bytes)
    return fail(413, "the request's body is too large");
  const bool last = what == event::complete;
  if (discarding_ || piece.empty())
    return last ? end_body() : read_body();
  up_ = up::backend;
  backend_->write(piece, [self = shared_from_this(), last](bool ok) {
    if (self->up_ != up::backend)
      return;
    // The backend answers although it has not read everything, mostly to
    // refuse. The rest of the client's body is read and dropped until the
    // answer ends.
    self->discarding_ = !ok;
    if (last)
      self->end_body();
    else
      self->read_body();
  });
}

void transfer::end_body() {
  up_ = up::done;
  result_.body_read = true;
  backend_->close_input();
  if (head_made_ && !head_sent_)
    release_head();
  else if (!releasing_)
    resume_output();
}

// Counts only the time in which we waited for the client.
void transfer::count_body(std::size_t bytes) {
  const auto now = clock::now();
  rate_.waited += now - std::exchange(rate_.since, now);
  rate_.bytes += bytes;
  if (rate_.waited < times_.body_rate)
    return;
  const std::chrono::duration<double> seconds = rate_.waited;
  rate_.slow = static_cast<double>(rate_.bytes)
               < seconds.count() * gate_limits::body_rate_min_bytes;
  rate_.waited = {};
  rate_.bytes = 0;
}

void transfer::end_if_slow() {
  if (up_ == up::client && rate_.slow)
    fail(408, "the request's body comes too slowly, and others wait");
}

// -- down ---------------------------------------------------------------------

void transfer::read_output() {
  down_ = down::backend;
  if (!output_)
    output_ =
        std::make_unique_for_overwrite<char[]>(gate_limits::pump_max_bytes);
  const auto before = rules_.preamble.copy(output_.get(), std::string::npos);
  backend_->read({output_.get() + before, gate_limits::pump_max_bytes - before},
                 [self = shared_from_this(), before](std::size_t bytes) {
                   if (self->down_ == down::backend)
                     self->took_output(bytes == 0 ? 0 : before + bytes);
                   else if (self->down_ == down::alone)
                     self->dropped_output(bytes == 0 ? 0 : before + bytes);
                 });
}

void transfer::took_output(std::size_t bytes) {
  if (releasing_ || (rules_.body_first && up_ != up::done)) {
    next_output_ = bytes;
    down_ = down::waiting;
    return;
  }
  std::string_view got(output_.get(), bytes);
  if (bytes == 0 && !rules_.preamble.empty())
    return end_output(); // exited() checks whether the backend failed
  rules_.preamble.clear();
  if (bytes == 0 && head_sent_)
    return end_output();
  if (bytes == 0 && !head_made_)
    return fail(502, "the backend ended without a header block");
  if (bytes == 0) // the response has no body
    head_sent_ = true;
  if (head_made_)
    return pass_on(got);
  const auto [what, consumed] = parser_.feed(got);
  switch (what) {
  case protocol::cgi_head_parser::outcome::need_more:
    return read_output();
  case protocol::cgi_head_parser::outcome::malformed:
    return fail(502, "the backend wrote no header block");
  case protocol::cgi_head_parser::outcome::complete:
    make_head();
    return pass_on(got.substr(consumed));
  }
}

void transfer::make_head() {
  auto [head, length] = parser_.take();
  // An HTTP/1.0 client sees the end of the body when the connection is closed.
  chunked_ = !length && wire_->head().http_1_1;
  keep_alive_ = keep_alive_ && (chunked_ || length);
  left_ = length;
  head_made_ = true;
  backend_says_ = head.status;
  head_bytes_ =
      protocol::to_bytes(head, {chunked_, length, !keep_alive_}, server_);
}

void transfer::pass_on(std::string_view body) {
  if (!head_sent_ && body.empty() && up_ != up::done)
    return read_output(); // the head is held back
  if (result_.status == 0)
    result_.status = backend_says_;
  head_sent_ = true;
  write_output(body);
}

// Sends the head: the body was read to its end while the backend's output is
// being read.
void transfer::release_head() {
  head_sent_ = true;
  releasing_ = true;
  result_.status = backend_says_;
  wire_->write({asio::buffer(head_bytes_)},
               [self = shared_from_this()](bool ok) {
                 if (self->down_ != down::done && self->releasing_)
                   self->released(ok);
               });
}

void transfer::released(bool ok) {
  releasing_ = false;
  head_bytes_.clear();
  if (!ok)
    return lose_client("the client left");
  resume_output();
}

void transfer::resume_output() {
  if (down_ != down::waiting)
    return;
  down_ = down::backend;
  took_output(next_output_);
}

void transfer::write_output(std::string_view body) {
  static constexpr std::string_view line_end = "\r\n";
  if (left_ && body.size() > *left_)
    return cut("the backend wrote more than it said");
  if (left_)
    *left_ -= body.size();
  result_.sent += body.size();
  read_report(body);
  if (chunked_ && !body.empty())
    head_bytes_ += protocol::chunk_line(body.size());
  down_ = down::client;
  const bool framed = chunked_ && !body.empty();
  wire_->write({asio::buffer(head_bytes_), asio::buffer(body),
                asio::buffer(framed ? line_end : std::string_view())},
               [self = shared_from_this()](bool ok) {
                 if (self->down_ == down::client)
                   self->wrote(ok);
               });
}

void transfer::wrote(bool ok) {
  head_bytes_.clear();
  if (!ok)
    return lose_client("the client left");
  read_output();
}

// The backend closes its output shortly before it exits.
void transfer::end_output() {
  down_ = down::exit;
  output_ended_ = clock::now();
  if (backend_->status())
    exited();
}

void transfer::exited() {
  if (down_ == down::alone && alone_output_ended_)
    down_ = down::done;
  if (down_ != down::exit)
    return end_if_over();
  if (!rules_.preamble.empty())
    return answer_with_preamble();
  if (backend_->status()->signaled)
    return cut("the backend was killed");
  if (left_.value_or(0) > 0)
    return cut("the backend wrote less than it said");
  result_.reusable = keep_alive_;
  if (!chunked_) {
    down_ = down::done;
    return end_if_over();
  }
  static constexpr std::string_view last_chunk = "0\r\n\r\n";
  down_ = down::client;
  wire_->write({asio::buffer(last_chunk)},
               [self = shared_from_this()](bool ok) {
                 if (self->down_ != down::client)
                   return;
                 if (!ok)
                   return self->lose_client("the client left");
                 self->down_ = down::done;
                 self->end_if_over();
               });
}

// The backend has ended without output. The preamble is in output_.
void transfer::answer_with_preamble() {
  if (*backend_->status() != exit_status{})
    return fail(502, "git ended without an answer");
  down_ = down::backend;
  took_output(std::exchange(rules_.preamble, {}).size());
}

// -- what goes wrong ----------------------------------------------------------

// Sends an error status if no head was sent yet. The connection is closed
// afterwards.
void transfer::fail(int status, std::string_view trouble) {
  if (head_sent_)
    return cut(trouble);
  head_sent_ = true;
  result_.status = status; // replaces the backend's status
  result_.trouble = trouble;
  up_ = up::done;
  backend_->terminate();
  down_ = down::client;
  head_bytes_ = protocol::text_response(status, trouble, true, server_);
  wire_->write({asio::buffer(head_bytes_)}, [self = shared_from_this()](bool) {
    if (self->down_ == down::client) {
      self->down_ = down::done;
      self->end_if_over();
    }
  });
}

void transfer::cut(std::string_view trouble) {
  result_.trouble = trouble;
  result_.reusable = false;
  result_.body_read = false;
  result_.cut = true;
  up_ = up::done;
  down_ = down::done;
  wire_->close();
  backend_->terminate();
  end_if_over();
}

// A push whose whole body was read goes on: its result must not depend on
// whether the client waits for the answer.
void transfer::lose_client(std::string_view trouble) {
  if (!rules_.runs_on_alone || !result_.body_read)
    return cut(trouble);
  result_.trouble = trouble;
  result_.reusable = false;
  result_.cut = true;
  wire_->close();
  releasing_ = false; // the handler of that write does nothing any more
  const auto before = std::exchange(down_, down::alone);
  alone_since_ = clock::now();
  if (before == down::waiting)
    dropped_output(next_output_);
  else if (before != down::backend) // else a read is under way
    drop_output();
}

void transfer::drop_output() {
  backend_->read({output_.get(), gate_limits::pump_max_bytes},
                 [self = shared_from_this()](std::size_t bytes) {
                   if (self->down_ == down::alone)
                     self->dropped_output(bytes);
                 });
}

// The first `bytes` of output_ go nowhere, but the report in them is read.
// 0: the output has ended.
void transfer::dropped_output(std::size_t bytes) {
  if (bytes == 0) {
    alone_output_ended_ = true;
    if (backend_->status())
      exited();
    return;
  }
  rules_.preamble.clear();
  std::string_view got(output_.get(), bytes);
  if (!head_made_) {
    using outcome = protocol::cgi_head_parser::outcome;
    const auto [what, consumed] = parser_.feed(got);
    got.remove_prefix(consumed);
    head_made_ = what == outcome::complete;
    if (what == outcome::malformed)
      rules_.reads_report = false;
  }
  if (head_made_)
    read_report(got);
  drop_output();
}

void transfer::read_report(std::string_view body) {
  if (rules_.reads_report)
    report_.feed(body);
}

void transfer::report() {
  if (report_.declined() == 0)
    return;
  result_.declined = protocol::escaped(report_.first_declined());
  if (report_.declined() > 1)
    result_.declined +=
        " (and " + std::to_string(report_.declined() - 1) + " refs more)";
  for (const auto& line : report_.said())
    result_.said +=
        (result_.said.empty() ? "" : " / ") + protocol::escaped(line);
}

void transfer::end_if_over() {
  if (down_ != down::done || !backend_->status())
    return;
  up_ = up::done;
  report();
  if (auto done = std::exchange(done_, nullptr))
    done(result_);
}

// -- the vigil ----------------------------------------------------------------

void transfer::watch() {
  if (down_ == down::done)
    return; // the backend is being ended already
  const auto now = clock::now();
  if (down_ == down::alone) {
    if (now - alone_since_ > times_.push_alone)
      cut("the client left, and the push did not end");
    else if (backend_->status()
             && now - backend_->last_progress() > times_.backend_exit)
      cut(result_.trouble); // a process that left the group holds stdout
    return;
  }
  if (wire_->hung_up())
    return lose_client("the client left");
  switch (down_) {
  case down::client:
    if (now - wire_->last_write() > times_.write)
      lose_client("the client takes nothing");
    return;
  case down::waiting:
    if (!releasing_)
      watch_body(now);
    else if (now - wire_->last_write() > times_.write)
      lose_client("the client takes nothing");
    return;
  case down::exit:
    if (now - output_ended_ > times_.backend_exit)
      backend_->terminate();
    return;
  case down::backend:
    watch_backend(now);
    return;
  case down::alone:
  case down::done:
    return;
  }
}

void transfer::watch_backend(time_point now) {
  // A process that left the group may hold stdout.
  if (backend_->status()
      && now - backend_->last_progress() > times_.backend_exit)
    return fail(502, "the backend left its output open");
  watch_body(now);
}

void transfer::watch_body(time_point now) {
  if (up_ == up::client) {
    count_body(0);
    if (now - up_since_ > times_.body)
      fail(408, "the client sends nothing");
    return;
  }
  // The backend's time began when the client last did something.
  const auto since = std::max(
      {backend_->last_progress(), wire_->last_read(), wire_->last_write()});
  if (now - since > times_.backend)
    fail(504, "the backend does nothing");
}

} // namespace clearance::io
