/// What an actor does when memory is denied, or when another exception comes
/// out of its work.
///
/// CAF ends an actor whose handler throws, and most actors of a hub are linked:
/// one message that there is no memory for would end them all. So each handler
/// catches what its work throws, and gives up what the message was about:
///
///   actor            message          what is given up
///   hub              accepted         the new client
///   verdict_helper   accepted         the new client
///   session          any              its client
///   ingester         any of a reader  that reader
///   registry         announce         a block: its open request;
///                                     a subscriber: these events, counted
///                    verdict          this verdict; its client is told
///                    subscribe        that subscriber, as with replay
///   subscriber       any              its client
///   prompts          a batch          a block: it is in no prompt;
///                    a question       its client's connection; a decision that
///                                     was begun has failed; a prompt that
///                                     was decided is not shown any more
///                    Watch            that client
///   operator_session any              its client
///   shield_executor  shield_call      this verdict
///   helper_executor  any              the verdict on that connection
///   any              report           that line of the log
///
/// An actor that waits for an answer would wait for ever if the answer were
/// not sent: see insist(), which has memory of its own for that. If memory is
/// denied to that, too, the exception leaves the handler. Then the actor ends,
/// its service ends with it, and the log says so ("internal error").
#pragma once

#include <exception>
#include <new>
#include <string_view>
#include <sys/types.h>

namespace clearance::actors {

/// "out of memory", or what the exception says of itself. Valid as long as `x`.
std::string_view fault_text(const std::exception& x) noexcept;

/// Logs that the connection to the process `pid` is closed because of `fault`,
/// with the memory of memory_reserve.
void report_closed(const char* name, pid_t pid,
                   const std::exception& fault) noexcept;
void report_closed(const char* name, pid_t pid,
                   const std::exception_ptr& fault) noexcept;

/// Memory that is held for messages that somebody waits for, and for the end of
/// an actor: limits::memory_reserve_bytes for all threads together.
class memory_reserve {
public:
  /// Takes the memory back, if it was given away and there is enough.
  static void fill() noexcept;

  /// Gives the memory, and what the thread keeps for events, to whoever asks
  /// next, that is to the caller.
  static void give() noexcept;
};

/// Calls `f`, and once more with the reserve if memory is denied: for a message
/// that somebody waits for. Nothing may have changed when `f` throws.
template <class F>
void insist(F f) {
  memory_reserve::fill();
  try {
    f();
    return;
  } catch (const std::bad_alloc&) {
    // nop: see below
  }
  memory_reserve::give();
  f();
  memory_reserve::fill();
}

/// Calls `f`, which may be left out if memory is denied: a line of the log.
template <class F>
void if_memory_allows(F f) noexcept {
  try {
    f();
  } catch (const std::exception&) {
    // nop
  }
}

} // namespace clearance::actors
