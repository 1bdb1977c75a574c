/// A gate with our hooks, and functions that look at the backups.
#pragma once

#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/net/receive_pack.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace clearance::test {

/// Writes our hooks into `hooks` below the world. Returns that directory.
inline std::filesystem::path install_hooks(const gate_world& world) {
  const auto directory = world.dir / "hooks";
  child_options options;
  options.argv = {terok_gate(), "--install-hooks", directory};
  child install{std::move(options)};
  if (install.wait() != exited(0))
    throw std::runtime_error("--install-hooks: " + install.err());
  return directory;
}

/// A repository with three commits on main, each the parent of the next, behind
/// a gate with our hooks.
class hooked_gate {
public:
  explicit hooked_gate(gate_options options = {})
      : server_(prepared(), with_hooks(std::move(options))) {
    // nop
  }

  const gate_world& world() const noexcept { return world_; }
  gate& server() noexcept { return server_; }

  /// The commits, oldest first.
  const std::string& id(std::size_t index) const { return ids_.at(index); }

  /// Writes a ref into the repository, without the gate.
  void set(const std::string& ref, const std::string& id) const {
    world_.in_mirror({"update-ref", ref, id});
  }

  /// The object id of a ref; empty if there is no such ref.
  std::string value(const std::string& ref) const {
    return world_.in_mirror({"for-each-ref", "--format=%(objectname)", ref});
  }

  /// Sends a push that the test made itself.
  push_report push(const std::vector<push_command>& commands,
                   std::string_view capabilities = "") {
    auto client = server_.client();
    return read_push_report(client.call(receive_pack_request(
        gate_world::token, receive_pack_body(commands, capabilities))));
  }

  /// The backups, `<id> <name without its last component>`, sorted.
  std::vector<std::string> saved() const {
    std::vector<std::string> result;
    auto text = world_.in_mirror(
        {"for-each-ref", "--format=%(objectname) %(refname)", "refs/terok/"});
    if (!text.empty())
      text += '\n';
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      const auto line = text.substr(at, end - at);
      result.push_back(line.substr(0, line.rfind('/')));
      at = end + 1;
    }
    std::sort(result.begin(), result.end());
    return result;
  }

  std::string marker() const {
    return read_file(world_.repository() / "terok-push-marker");
  }

private:
  const gate_world& prepared() {
    for (auto* text : {"one\n", "two\n", "three\n"}) {
      world_.commit("seed", "file", text);
      ids_.push_back(world_.must_git({"rev-parse", "HEAD"}, "seed"));
    }
    world_.must_git({"push", "-q", world_.repository().string(), "main"},
                    "seed");
    return world_;
  }

  gate_options with_hooks(gate_options options) {
    options.arguments.insert(options.arguments.end(),
                             {"--hooks-path", install_hooks(world_).string()});
    return options;
  }

  gate_world world_;
  std::vector<std::string> ids_;
  gate server_;
};

} // namespace clearance::test
