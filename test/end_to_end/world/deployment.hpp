/// The programs under test, on sockets of their own.
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

/// The built program; or what the environment names as TEROK_CLEARANCE, to hold
/// another implementation against the same clearance.md.
std::filesystem::path terok_clearance();

/// Where one hub and its helper live. The parent directory of the sockets is
/// not there yet: making it is theirs.
struct runtime {
  temp_dir dir;

  std::filesystem::path directory() const { return dir / "run"; }
  std::filesystem::path clearance() const { return directory() / "c.sock"; }
  std::filesystem::path reader() const { return directory() / "r.sock"; }
  std::filesystem::path verdict() const { return directory() / "v.sock"; }
};

struct hub_options {
  /// Verdicts run in the hub, not in a helper: then it has no sandbox. So it
  /// is when a shield is named.
  bool inline_verdict = false;
  /// Empty: none is named.
  std::filesystem::path shield;
  /// Besides sockets and shield.
  std::vector<std::string> arguments;
  /// Everything but argv, whose first word may be set.
  child_options process;
  /// Whom sync marks name.
  std::string mark_container = "marks";
};

/// argv of `serve` on the runtime's sockets.
child_options serve(const runtime& where, hub_options options = {});

/// argv of `serve-verdict`.
child_options serve_verdict(const runtime& where,
                            const std::filesystem::path& shield);

/// Starts it and returns once every one of `sockets` takes connections. Throws
/// with its stderr when it ends instead.
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

  /// Subscribed for sure when it returns: it has seen a mark.
  varlink_client subscriber();

  /// Sends lines over one connection of ours: their order is kept.
  void emit(std::string_view lines) { emitter_.send(lines); }

  /// Emits a new mark. What was emitted before comes before it.
  std::string mark();

  /// What `line` makes a subscriber see.
  std::vector<wire_event> events_of(std::string_view line,
                                    varlink_client& subscriber);

  /// SIGTERM, and its end.
  ending stop(std::chrono::milliseconds guard = hang_guard);

private:
  std::filesystem::path clearance_;
  std::filesystem::path reader_;
  std::string mark_container_;
  child process_;
  raw_socket emitter_;
  int marks_ = 0;
};

/// A hub, its shield and, if so chosen, its helper.
enum class executor { hub, helper };

struct operation {
  explicit operation(executor how, std::string_view shield_words = "exit 0",
                     std::string_view shield_stderr = {});

  runtime where;
  fake_shield shield;
  std::optional<child> helper;
  hub server;
};

/// Lets the test case run once with each (doctest subcases).
executor each_executor();

} // namespace clearance::test
