#include "services/client/block_times.hpp"

#include "protocol/operator/operator_answer.hpp"
#include "protocol/varlink/message.hpp"
#include "protocol/varlink/operator_call.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace clearance::services {

namespace {

// The prompts that `List` answers may be many: they are read in such pieces.
constexpr std::size_t answer_piece_bytes = 64 * 1024;

} // namespace

void block_times::ask(descriptor connection, time_point due) {
  forget();
  std::string call;
  protocol::varlink::append_call(
      call, std::string{protocol::varlink::operator_name} + ".List", {}, false);
  const auto n =
      ::send(connection.get(), call.data(), call.size(), MSG_NOSIGNAL);
  if (n != static_cast<ssize_t>(call.size()))
    return;
  connection_ = std::move(connection);
  due_ = due;
  framer_ = protocol::nul_framer();
}

void block_times::read() {
  std::string buffer(answer_piece_bytes, '\0');
  const auto n = ::recv(fd(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  protocol::frame_batch frames;
  const bool fits =
      n > 0
      && framer_.feed({buffer.data(), static_cast<std::size_t>(n)}, frames);
  if (frames.size() > 0)
    take(frames.at(0));
  if (!fits || frames.size() > 0)
    connection_.reset();
}

void block_times::forget() {
  connection_.reset();
  seen_.clear();
}

// A hub without prompts answers with an error: nothing is known then.
void block_times::take(std::string_view message) {
  const auto answer = protocol::parse_operator_answer(message);
  const auto* prompts = answer ? answer->find("prompts") : nullptr;
  if (prompts == nullptr)
    return;
  for (const auto& each : prompts->items)
    if (const auto x = protocol::read_prompt(each))
      seen_[{x->container, x->target}] = x->last_seen;
}

std::optional<std::int64_t> block_times::of(const protocol::event& x) const {
  if (x.type != protocol::event_type::connection_blocked || seen_.empty())
    return {};
  const auto found = seen_.find({x.container, std::string{x.target()}});
  if (found == seen_.end())
    return {};
  return found->second;
}

} // namespace clearance::services
