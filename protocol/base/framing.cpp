// All whole frames of one read are copied into the batch at once, and only this
// once. Only a frame that a read cuts in two is copied twice: first into
// `pending_`, then into the batch.
//
//     bytes:    ...tail of a frame | whole | whole | head of the next...
//               joined to pending_   -------> out    kept in pending_
//
// A frame is too long as soon as its bytes without delimiter are more than
// `max_bytes`. Under overflow::drop the framer then forgets them and only
// looks for the delimiter. The drop is counted where the frame ends, so that
// dropped() plus the number of frames is the number of delimiters seen.

#include "protocol/base/framing.hpp"

#include "protocol/base/limits.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

namespace clearance::protocol {

void frame_batch::append(std::string_view head, std::string_view tail) {
  auto offset = storage_.size() - padding;
  auto size = head.size() + tail.size();
  assert(offset + size <= std::numeric_limits<std::uint32_t>::max());
  storage_.resize(offset);
  storage_.append(head).append(tail).append(padding, '\0');
  frames_.push_back(
      {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(size)});
}

std::size_t frame_batch::append_each(std::string_view bytes, char delimiter) {
  auto offset = storage_.size() - padding;
  assert(offset + bytes.size() <= std::numeric_limits<std::uint32_t>::max());
  std::size_t taken = 0;
  while (const auto* end = static_cast<const char*>(std::memchr(
             bytes.data() + taken, delimiter, bytes.size() - taken))) {
    auto size = static_cast<std::size_t>(end - bytes.data()) - taken;
    frames_.push_back({static_cast<std::uint32_t>(offset + taken),
                       static_cast<std::uint32_t>(size)});
    taken += size + 1;
  }
  storage_.reserve(offset + taken + padding);
  storage_.resize(offset);
  storage_.append(bytes, 0, taken).append(padding, '\0');
  return taken;
}

std::string_view frame_batch::at(std::size_t i) const noexcept {
  return {storage_.data() + frames_[i].offset, frames_[i].size};
}

std::size_t frame_batch::capacity_at(std::size_t i) const noexcept {
  return storage_.size() - frames_[i].offset;
}

void frame_batch::charge(const byte_budget_ptr& budget) {
  charge_ = byte_charge{budget};
  charge_.settle(footprint());
}

framer::framer(char delimiter, std::size_t max_bytes, overflow policy,
               byte_budget_ptr budget) noexcept
    : delimiter_(delimiter),
      policy_(policy),
      max_bytes_(max_bytes),
      charge_(std::move(budget)) {
  // nop
}

bool framer::feed(std::string_view bytes, frame_batch& out) {
  while (!failed_ && !bytes.empty()) {
    if (pending_.empty() && !skipping_ && bytes.size() <= max_bytes_) {
      // All of `bytes` is within the limit, so no frame in it can be too long.
      keep(bytes.substr(out.append_each(bytes, delimiter_)));
      break;
    }
    const auto* end = static_cast<const char*>(
        std::memchr(bytes.data(), delimiter_, bytes.size()));
    auto size = end != nullptr ? static_cast<std::size_t>(end - bytes.data())
                               : bytes.size();
    auto part = bytes.substr(0, size);
    if (!skipping_ && part.size() > max_bytes_ - pending_.size())
      overflowed(false);
    if (failed_)
      break;
    if (end == nullptr) {
      keep(part);
      break;
    }
    complete(part, out);
    bytes.remove_prefix(size + 1);
  }
  return !failed_;
}

void framer::finish(frame_batch& out) {
  if (!failed_ && (skipping_ || !pending_.empty()))
    complete({}, out);
}

void framer::overflowed(bool no_room) {
  no_room_ = no_room;
  release();
  switch (policy_) {
  case overflow::drop:
    skipping_ = true;
    break;
  case overflow::fail:
    failed_ = true;
    starved_ += no_room ? 1 : 0;
    break;
  }
}

void framer::keep(std::string_view part) {
  if (skipping_)
    return;
  auto needed = pending_.size() + part.size();
  if (needed > pending_.capacity()) {
    // Reserved by hand: std::string would double its capacity and could so
    // exceed the limit by almost `max_bytes`.
    const auto size = std::min(std::max(needed, 2 * pending_.capacity()),
                               std::max(needed, max_bytes_));
    if (size > limits::kept_max_bytes && !charge_.try_hold(size))
      return overflowed(true);
    std::string grown;
    grown.reserve(size);
    grown.append(pending_);
    pending_.swap(grown);
  }
  pending_.append(part);
}

void framer::complete(std::string_view part, frame_batch& out) {
  if (skipping_) {
    skipping_ = false;
    ++dropped_;
    starved_ += no_room_ ? 1 : 0;
    return;
  }
  out.append(pending_, part);
  pending_.clear();
  if (pending_.capacity() > limits::kept_max_bytes)
    release();
}

void framer::release() {
  std::string{}.swap(pending_);
  charge_.settle(0);
}

framer line_framer(byte_budget_ptr budget) {
  return {'\n', limits::reader_line_max_bytes, framer::overflow::drop,
          std::move(budget)};
}

framer nul_framer(byte_budget_ptr budget) {
  return {'\0', limits::varlink_message_max_bytes, framer::overflow::fail,
          std::move(budget)};
}

} // namespace clearance::protocol
