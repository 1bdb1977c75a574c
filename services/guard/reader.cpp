#include "services/guard/reader.hpp"

#include "actors/io/base/small_file.hpp"
#include "protocol/guard/annotations.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/guard/packet.hpp"
#include "protocol/guard/rules.hpp"
#include "services/client/reader_lines.hpp"
#include "services/client/unix_socket.hpp"
#include "services/guard/hold_keeper.hpp"
#include "services/guard/name_resolver.hpp"
#include "services/guard/say.hpp"
#include "services/process/stderr_lines.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <link.h>
#include <malloc.h>
#include <memory>
#include <optional>
#include <poll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

namespace limits = protocol::guard_limits;
using std::chrono::steady_clock;

// A datagram of the kernel holds at most 64 KiB of messages.
constexpr std::size_t datagram_max_bytes = 64 * 1024;

// Datagrams that are read before the container's end and the hub are looked
// at: a flood must not hide them.
constexpr int datagrams_in_a_row = 256;

int milliseconds_until(std::optional<protocol::time_point> due) {
  if (!due)
    return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*due - steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

emit_line line_of(const char* type, const reader_config& config) {
  emit_line x;
  x.type = type;
  x.container = config.container;
  x.dossier = config.dossier;
  return x;
}

// Neighbour discovery, mDNS and their like: nobody can decide about them. Our
// own firewall does not log them.
bool is_link_multicast(const protocol::ip_address& x) {
  return x.bytes[0] == 0xff && x.bytes[1] == 2;
}

// Of the program and its libraries most is for the start alone, and stays in
// memory. Parts that are never written can be dropped: what is needed again,
// the kernel maps again.
int drop_pages_of(dl_phdr_info* x, std::size_t, void*) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < x->dlpi_phnum; ++i) {
    const auto& part = x->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0)
      continue;
    const auto begin = (x->dlpi_addr + part.p_vaddr) / page * page;
    const auto end = x->dlpi_addr + part.p_vaddr + part.p_memsz;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses are numbers there
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

} // namespace

block_reader::block_reader(const reader_config& config)
    : config_(config),
      hub_(config.hub, line_of("container_started", config)),
      log_(config.name_log) {
  // nop
}

reader_end block_reader::run(int stop_signals) {
  // Blocks must be reported although nobody reads stderr.
  never_wait_for_stderr();
  for (bool settled = false;; settled = true) {
    hub_.maintain(steady_clock::now());
    tell_keeper_of_hub();
    tell_losses(false);
    if (!settled) {
      if (config_.ready >= 0)
        ::send(config_.ready, ".", 1, MSG_NOSIGNAL);
      // Once all is set up, and the hub was dialled.
      ::malloc_trim(0);
      ::dl_iterate_phdr(drop_pages_of, nullptr);
    }
    std::array<pollfd, 5> entries{{
        {stop_signals, POLLIN, 0},
        {config_.pidfd, POLLIN, 0},
        {config_.nflog, POLLIN, 0},
        {hub_.fd(),
         static_cast<short>(hub_.writes() ? POLLIN | POLLOUT : POLLIN), 0},
        {config_.labels, POLLIN, 0},
    }};
    if (::poll(entries.data(), entries.size(), milliseconds_until(due())) < 0) {
      if (errno == EINTR)
        continue;
      say("poll failed: " + error_text(errno));
      return reader_end::failed;
    }
    // A hook ends the reader when the container has ended: that is told.
    if (entries[0].revents != 0 && entries[1].revents == 0) {
      tell_losses(true);
      return reader_end::stopped;
    }
    // The forwarder names an address before a program can use it.
    read_labels();
    if (entries[2].revents != 0 && !read_packets())
      return reader_end::failed;
    if (entries[1].revents != 0) {
      // After the packets: the last blocks come before the end.
      tell_losses(true);
      auto end = line_of("container_exited", config_);
      end.reason = "poststop";
      hub_.maintain(steady_clock::now());
      send_with_losses(end);
      hub_.finish();
      return reader_end::container_exited;
    }
  }
}

bool block_reader::read_packets() {
  alignas(8) static std::array<char, datagram_max_bytes> bytes;
  for (int i = 0; i < datagrams_in_a_row; ++i) {
    const auto n =
        ::recv(config_.nflog, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == ENOBUFS) {
      ++overflows_;
      continue;
    }
    if (n < 0 && errno == EAGAIN)
      return true;
    if (n < 0) {
      say("NFLOG failed: " + error_text(errno));
      return false;
    }
    protocol::nflog_datagram datagram{
        {bytes.data(), static_cast<std::size_t>(n)}};
    while (const auto x = datagram.next())
      if (x->what == protocol::nflog_message::kind::packet)
        take(x->packet);
    malformed_ += datagram.malformed() ? 1 : 0;
  }
  return true;
}

void block_reader::read_labels() {
  std::array<char, limits::dns_message_max_bytes> bytes{};
  while (config_.labels >= 0) {
    const auto n =
        ::recv(config_.labels, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n < 0)
      return;
    if (n == 0)
      config_.labels = -1; // the forwarder has ended
    else if (const auto x = protocol::parse_dns_answer(
                 {bytes.data(), static_cast<std::size_t>(n)}))
      names_.add(*x);
  }
}

void block_reader::take(const protocol::nflog_packet& x) {
  const bool answer = x.group == limits::answer_group;
  if (x.sequence)
    lost_ += (answer ? answer_numbers_ : block_numbers_).before(*x.sequence);
  if (!answer) {
    if (x.prefix.find(protocol::blocked_prefix) != std::string_view::npos)
      on_block(x.payload);
    else if (x.prefix == protocol::left_out_prefix)
      ++left_out_;
    return;
  }
  const auto packet = protocol::parse_packet(x.payload);
  if (!packet)
    return;
  if (const auto names = protocol::parse_dns_answer(packet->udp_payload))
    names_.add(*names);
}

void block_reader::on_block(std::string_view bytes) {
  const auto packet = protocol::parse_packet(bytes);
  if (!packet) {
    ++malformed_;
    return;
  }
  if (config_.resolver >= 0)
    tell_resolver_of_block(config_.resolver, names_.of(packet->destination));
  const auto now = steady_clock::now();
  const protocol::blocked_target target{packet->destination, packet->protocol};
  if (!told_.is_due(target, now) || is_link_multicast(target.destination))
    return;
  log_.add_new(names_);
  auto line = line_of("connection_blocked", config_);
  line.request_id = make_request_id(config_.container);
  line.dest = to_string(packet->destination);
  line.port = packet->port;
  line.proto = packet->protocol;
  line.domain = names_.of(packet->destination);
  line.dossier = current_dossier();
  if (send_with_losses(line))
    told_.told(target, now);
}

// Of losses the hub hears in the next line's dossier: clients of the hub know
// no type of event for them.
bool block_reader::send_with_losses(emit_line& x) {
  const auto all = losses();
  if (all != sent_losses_)
    x.dossier.emplace_back("blocks_lost", std::to_string(all - sent_losses_));
  if (!hub_.send(x))
    return false;
  sent_losses_ = all;
  return true;
}

// The file may be replaced at any time: a container can get another name. What
// cannot be read or is faulty adds nothing.
protocol::dossier block_reader::current_dossier() const {
  auto result = config_.dossier;
  if (config_.meta_path.empty())
    return result;
  const auto file = io::open_regular(AT_FDCWD, config_.meta_path);
  const auto* opened = std::get_if<io::regular_file>(&file);
  if (opened == nullptr)
    return result;
  const auto text =
      io::read_up_to(opened->fd.get(), limits::annotations_max_bytes);
  const auto* bytes = std::get_if<std::string>(&text);
  auto more =
      bytes == nullptr ? std::nullopt : protocol::parse_annotations(*bytes);
  if (!more)
    return result;
  for (auto& x : *more) {
    std::erase_if(result, [&x](const auto& y) { return y.first == x.first; });
    result.push_back(std::move(x));
  }
  return result;
}

// Nobody answers a connection that waits when no hub is there.
void block_reader::tell_keeper_of_hub() {
  const bool connected = config_.hub.empty() || hub_.fd() >= 0;
  if (config_.keeper < 0 || connected == held_)
    return;
  held_ = connected;
  tell_keeper(config_.keeper, connected);
}

std::uint64_t block_reader::losses() const noexcept {
  return lost_ + overflows_ + malformed_ + left_out_;
}

// When something is to be done although nothing happens.
std::optional<protocol::time_point> block_reader::due() const {
  auto result = hub_.due();
  if (losses() != told_losses_ && (!result || next_loss_line_ < *result))
    result = next_loss_line_;
  return result;
}

// A flood makes losses all the time: one line in each interval, and a last one
// at the end.
void block_reader::tell_losses(bool at_end) {
  const auto all = losses();
  const auto now = steady_clock::now();
  if (all == told_losses_ || (!at_end && now < next_loss_line_))
    return;
  told_losses_ = all;
  next_loss_line_ = now + limits::loss_line_interval;
  auto text = "blocks may be missing: " + std::to_string(lost_)
              + " packets were lost, the receive buffer was full "
              + std::to_string(overflows_) + " times, "
              + std::to_string(malformed_) + " messages could not be read";
  if (left_out_ != 0)
    text += "; in " + std::to_string(left_out_)
            + " seconds more targets were blocked than the kernel tells of"
              " (terok-guard rules "
            + config_.container
            + " shows how many packets: the counter unlogged)";
  say(text);
}

io::unique_fd block_stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int x : {SIGTERM, SIGINT, SIGHUP})
    ::sigaddset(&set, x);
  // Sets the whole mask: what was blocked before is not any more.
  if (::pthread_sigmask(SIG_SETMASK, &set, nullptr) != 0)
    return {};
  ::signal(SIGPIPE, SIG_IGN);
  return io::unique_fd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
}

} // namespace clearance::services
