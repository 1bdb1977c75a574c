/// Starts the programs under test, each deployment with its own sockets.
#pragma once

#include "test/support/doubles/fake_shield.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/net/varlink_client.hpp"
#include "test/support/process/child.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::test {

/// The built program; or the program that the variable TEROK_CLEARANCE names,
/// to test another implementation of clearance.md.
std::filesystem::path terok_clearance();

/// The paths of one hub and its helper. The directory of the sockets does not
/// exist: the programs have to make it.
struct runtime {
  temp_dir dir;

  std::filesystem::path directory() const { return dir / "run"; }
  std::filesystem::path clearance() const { return directory() / "c.sock"; }
  std::filesystem::path reader() const { return directory() / "r.sock"; }
  std::filesystem::path verdict() const { return directory() / "v.sock"; }
};

struct hub_options {
  /// The hub executes verdicts itself, without a helper and without a sandbox.
  /// This is also the case if a shield is set.
  bool inline_verdict = false;
  /// Empty: no shield is named.
  std::filesystem::path shield;
  /// More arguments, after those for sockets and shield.
  std::vector<std::string> arguments;
  /// All options of the child except argv; the first word of argv may be set.
  child_options process;
  /// The container that sync marks name.
  std::string mark_container = "marks";
};

/// argv of `serve` on the runtime's sockets.
child_options serve(const runtime& where, hub_options options = {});

/// argv of `serve-verdict`.
child_options serve_verdict(const runtime& where,
                            const std::filesystem::path& shield);

/// Starts a program and waits until all `sockets` accept connections. Throws
/// with the program's stderr if it ends instead.
child start(child_options options,
            const std::vector<std::filesystem::path>& sockets);

/// A running hub.
class hub {
public:
  explicit hub(const runtime& where, hub_options options = {});

  child& process() noexcept { return process_; }
  pid_t pid() const noexcept { return process_.pid(); }

  varlink_client client() const { return varlink_client{clearance_}; }
  raw_socket reader() const { return raw_socket{reader_}; }

  /// Returns a client that is subscribed for sure: it has received a mark.
  varlink_client subscriber();

  /// Sends lines over one connection, so that they keep their order.
  void emit(std::string_view lines) { emitter_.send(lines); }

  /// Emits a new mark. All earlier lines arrive before it.
  std::string mark();

  /// The events that a subscriber gets for `line`.
  std::vector<wire_event> events_of(std::string_view line,
                                    varlink_client& subscriber);

  /// Sends SIGTERM and waits for the end.
  ending stop(std::chrono::milliseconds guard = hang_guard);

private:
  std::filesystem::path clearance_;
  std::filesystem::path reader_;
  std::string mark_container_;
  child process_;
  raw_socket emitter_;
  int marks_ = 0;
};

/// A hub, its shield and, if chosen, its helper.
enum class executor { hub, helper };

struct operation {
  explicit operation(executor how, std::string_view shield_words = "exit 0",
                     std::string_view shield_stderr = {},
                     std::vector<std::string> hub_arguments = {},
                     std::string_view shield_can = {});

  runtime where;
  fake_shield shield;
  std::optional<child> helper;
  hub server;
};

/// Runs the test case once with a helper and once without (doctest subcases).
executor each_executor();

} // namespace clearance::test
